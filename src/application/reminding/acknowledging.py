"""Acknowledging: somebody says that they saw a reminder, so that nobody else is asked."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select, update

from application.reminding.tables import reminders, subscriptions
from application.service import Service
from domain.errors import NotFound, Refused
from domain.reminders import ReminderAcknowledged
from projections.mapping import MAPPER


def acknowledge(service: Service, reminder: str, by: Literal["api", "link"], *, owner: str | None = None) -> bool:
    """Records that a reminder was seen; False where that is on record already.

    Raises NotFound (where an owner is given: for anybody else's reminder too), or Refused for one that was not sent.
    """
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        query = (
            select(reminders)
            .join_from(reminders, subscriptions, reminders.c.subscription == subscriptions.c.id)
            .where(reminders.c.id == reminder)
        )
        if owner is not None:
            query = query.where(subscriptions.c.owner == owner)
        its = append.connection.execute(query).one_or_none()
        if its is None:
            raise NotFound(f"no reminder {reminder!r} of yours is known")
        if its.state == "acknowledged":
            return False
        if its.state in ("planned", "cancelled"):
            raise Refused(f"{reminder} is {its.state}: only what was sent can be acknowledged")
        event = ReminderAcknowledged(reminder=reminder, by=by)
        append.append([MAPPER.new(f"reminder:{reminder}", its.version + 1, event)])
        values = {"version": its.version + 1, "acknowledged_at": append.recorded_at, "escalate_at": None}
        append.connection.execute(
            update(reminders).where(reminders.c.id == reminder).values(state="acknowledged", **values)
        )
    return True
