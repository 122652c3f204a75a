"""Reminders: the events of their lives, and which a deadline earns, when.

A reminder is about one day due of one addressee, for one subscription, so many days before or after. What the log
keeps of it has opaque ids and no address: who asked for it, and where it went, is no part of the record.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from domain.dates import Day
from domain.values import Slug, Text, Value

DEFAULT_PLAN = (-14, -7, -3, -1, 0, 1)
"""Days from the day due: before, on, and the day after, if no answer is on record by then."""
DEFAULT_HOUR = "09:00"
OpaqueId = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+_[A-Za-z0-9]{8,64}$"), Field(examples=["sub_7Qp2vXcR9tLmK4sZ"])
]


class About(Value):
    """A deadline that a reminder names."""

    demand: Slug
    addressee: Slug
    due: Day
    words: Text | None = None


class OnReminder(Value):
    """What happens to a reminder."""

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    reminder: OpaqueId


class ReminderDue(OnReminder):
    """Its hour has come and its deadlines stand: it is to be sent."""

    TOPIC = "reminder-due"
    subscription: OpaqueId
    deadlines: Annotated[tuple[About, ...], Field(min_length=1)]
    offset: int
    planned_for: str
    late: bool = False


class ReminderDelivered(OnReminder):
    """A receiver took it."""

    TOPIC = "reminder-delivered"
    attempts: Annotated[int, Field(ge=1)]


class ReminderFailed(OnReminder):
    """It was tried for as long as it is, and no receiver took it."""

    TOPIC = "reminder-failed"
    attempts: Annotated[int, Field(ge=0)]
    reason: Text


class ReminderAcknowledged(OnReminder):
    """Somebody said that they saw it."""

    TOPIC = "reminder-acknowledged"
    by: Literal["api", "link"]


class ReminderCancelled(OnReminder):
    """It was overtaken before it was sent."""

    TOPIC = "reminder-cancelled"
    reason: Text


ReminderEvent = ReminderDue | ReminderDelivered | ReminderFailed | ReminderAcknowledged | ReminderCancelled


def reminder_id(subscription: str, addressee: str, due: str, offset: int) -> str:
    """The id of a reminder: the same for the same question, whoever asks, so that it cannot be planned twice."""
    key = "\n".join((subscription, addressee, due, str(offset)))
    return f"rem_{sha256(key.encode()).hexdigest()[:32]}"


def planned_for(due: str, offset: int, hour: str, time_zone: str) -> datetime:
    """The instant, in UTC, of a local hour so many days from the day due.

    An hour that a clock skips in spring is taken by the clock as it was before, so that it comes an hour later; one
    that comes twice in autumn is the first. Either way there is one instant.
    """
    day = date.fromisoformat(due) + timedelta(days=offset)
    local = datetime.combine(day, time.fromisoformat(hour), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC)


def instant(moment: datetime) -> str:
    """An instant as tables and answers write it: 27 characters, in UTC, so that texts sort as moments do."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
