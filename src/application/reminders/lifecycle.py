"""What happens to a reminder after it was planned: an event in the log and its row in the table, changed together."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import bindparam, func, select, update

from application.reminders.tables import reminders_table, subscriptions_table
from application.service import Service
from domain.errors import NotFound, Refused
from domain.reminders import ReminderAcknowledged, ReminderCancelled, ReminderEvent
from eventlog.log import Append
from eventlog.sql import CompiledQuery
from eventlog.tables import log
from projections.projector import MAPPER

_LAST_VERSION = CompiledQuery(select(func.max(log.c.version)).where(log.c.stream == bindparam("stream")))
RECORDER = "reminders"
"""The recorder of every event that this package appends."""


def advance(append: Append, event: ReminderEvent, **columns: object) -> int:
    """Append an event to its reminder's stream, and set columns of the reminder's row in the same transaction.

    Returns the version of the stream that the event made. It follows the log's own, and not the row's, so that a row
    that was tampered with stops nobody.
    """
    stream = f"reminder:{event.reminder}"
    version: int = (_LAST_VERSION.run(append.connection, stream=stream).fetchone()[0] or 0) + 1
    append.append([MAPPER.new(stream, version, event)])
    query = update(reminders_table).where(reminders_table.c.id == event.reminder)
    append.connection.execute(query.values(version=version, **columns))
    return version


def cancel(append: Append, reminder: str, reason: str) -> None:
    event = ReminderCancelled(reminder=reminder, reason=reason)
    advance(append, event, state="cancelled", why=reason, escalate_at=None)


def acknowledge(service: Service, reminder: str, by: Literal["api", "link"], *, owner: str | None = None) -> bool:
    """Record that a reminder was seen; False where that is recorded already.

    With an `owner`, reminders of other owners are hidden. Raises NotFound, or Refused for a reminder that was not sent.
    """
    with service.log.appending(recorder=RECORDER, now=service.now()) as append:
        query = (
            select(reminders_table)
            .join_from(reminders_table, subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
            .where(reminders_table.c.id == reminder)
        )
        if owner is not None:
            query = query.where(subscriptions_table.c.owner == owner)
        row = append.connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"no reminder {reminder!r} of yours is known")
        if row.state == "acknowledged":
            return False
        if row.state in ("planned", "cancelled"):
            raise Refused(f"{reminder} is {row.state}: only what was sent can be acknowledged")
        event = ReminderAcknowledged(reminder=reminder, by=by)
        acknowledged = {"state": "acknowledged", "acknowledged_at": append.recorded_at, "escalate_at": None}
        advance(append, event, **acknowledged)
    return True
