"""Reminders: the events that happen to them, and the days and hours at which a deadline calls for them.

A reminder is about one day due of one addressee, for one subscription, so many days before or after. What the log
keeps of it has opaque ids and no address: who asked for it, and where it went, is no part of the record.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from domain.answers import Deadline
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
    """The hour has come and a deadline still stands: the reminder is to be sent."""

    TOPIC = "reminder-due"
    subscription: OpaqueId
    deadlines: Annotated[tuple[About, ...], Field(min_length=1)]
    offset: int
    planned_for: str
    late: bool = False


class ReminderDelivered(OnReminder):
    """A receiver accepted it."""

    TOPIC = "reminder-delivered"
    attempts: Annotated[int, Field(ge=1)]


class ReminderFailed(OnReminder):
    """Delivery failed after the last attempt."""

    TOPIC = "reminder-failed"
    attempts: Annotated[int, Field(ge=0)]
    reason: Text


class ReminderAcknowledged(OnReminder):
    """Somebody confirmed having seen it."""

    TOPIC = "reminder-acknowledged"
    by: Literal["api", "link"]


class ReminderCancelled(OnReminder):
    """No deadline called for it any more before it was sent."""

    TOPIC = "reminder-cancelled"
    reason: Text


ReminderEvent = ReminderDue | ReminderDelivered | ReminderFailed | ReminderAcknowledged | ReminderCancelled


def reminder_id(subscription: str, addressee: str, due: str, offset: int) -> str:
    """The id of a reminder: the same for the same question, whoever asks, so that it cannot be planned twice."""
    key = "\n".join((subscription, addressee, due, str(offset)))
    return f"rem_{sha256(key.encode()).hexdigest()[:32]}"


def earliest_claimed_day(deadline: Deadline, latest_day_of: Callable[[str], str]) -> str:
    """The day that reminders run on: the earliest that a source gives, so that whoever trusts that source is warned.

    An extension settles the day. A day by which nothing had been asked yet is somebody's mistake, so it must come
    after the last day on which the demand may have been made: `latest_day_of` the entry, asked only where a claim is
    earlier than the day due.
    """
    due = deadline["due"]
    days = [_claimed_day(claim["value"]) for claim in deadline["claims"]]
    earlier = [day for day in days if day is not None and day < due]
    if not earlier or deadline["extended_by"] is not None:
        return due
    demanded = latest_day_of(deadline["demand"])
    return min((day for day in earlier if day > demanded), default=due)


def _claimed_day(value: Any) -> str | None:  # noqa: ANN401 - a claim holds any JSON value
    """The day that a claim about `respond_by` gives; None where it gives none."""
    written = value.get("date") if isinstance(value, dict) else value
    try:
        return date.fromisoformat(written).isoformat() if isinstance(written, str) else None
    except ValueError:
        return None


def planned_for(due: str, offset: int, hour: str, time_zone: str) -> datetime:
    """The instant, in UTC, of a local hour so many days from the day due.

    An hour that clocks skip in spring is read on the clock as it was before, so it comes an hour later; of an hour that
    comes twice in autumn, it is the first. Either way there is one instant.
    """
    day = date.fromisoformat(due) + timedelta(days=offset)
    local = datetime.combine(day, time.fromisoformat(hour), tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC)


def instant(moment: datetime) -> str:
    """An instant as tables and answers write it: 27 characters, in UTC, so that texts sort as moments do."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
