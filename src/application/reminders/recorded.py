"""What the log says of reminders: the state in which the events of each leave it, whatever its row says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from domain.reminders import (
    ReminderAcknowledged,
    ReminderCancelled,
    ReminderDelivered,
    ReminderDue,
    ReminderEvent,
    ReminderFailed,
)
from eventlog.log import Recorded
from eventlog.mapper import Unreadable
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.tables import EVENT, log
from projections.projector import MAPPER

_ORDER = (log.c.stream, log.c.version)
# Every stream of a reminder: the character after a colon is a semicolon.
_OF_ALL = CompiledQuery(
    select(*EVENT).where(log.c.stream >= bindparam("first"), log.c.stream < bindparam("beyond")).order_by(*_ORDER)
)
_OF_SOME = CompiledQuery(select(*EVENT).where(InList(log.c.stream, "streams")).order_by(*_ORDER))


@dataclass(slots=True)
class RecordedReminder:
    """What the events of a reminder's stream leave it as."""

    state: str = "planned"
    version: int = 0
    due_at: str | None = None
    """When it was recorded as due."""
    doubled_at: int | None = None
    """The position of a second event that says that it is due."""
    last_position: int = 0

    def take(self, recorded: Recorded, event: ReminderEvent) -> None:
        match event:
            case ReminderDue():
                if self.due_at is not None:
                    self.doubled_at = recorded.position
                self.state, self.due_at = "due", recorded.recorded_at
            case ReminderCancelled():
                self.state = "cancelled"
            case ReminderAcknowledged():
                self.state = "acknowledged"
            case ReminderDelivered():
                # Of one that was acknowledged, or failed for a second receiver, the first result stands.
                self.state = "delivered" if self.state in ("due", "failed") else self.state
            case ReminderFailed():
                self.state = "failed" if self.state == "due" else self.state

    @property
    def states(self) -> tuple[str, ...]:
        """The states that its row may have: one that was cancelled may have been planned again since."""
        return ("cancelled", "planned") if self.state == "cancelled" else (self.state,)


def recorded_reminders(connection: Connection, ids: Collection[str] | None = None) -> dict[str, RecordedReminder]:
    """What the log says of each reminder of which it has events, or of some, by its id."""
    if ids is None:
        rows = _OF_ALL.run(connection, first="reminder:", beyond="reminder;")
    else:
        rows = _OF_SOME.run(connection, streams=list_param(connection, [f"reminder:{id_}" for id_ in ids]))
    reminders: dict[str, RecordedReminder] = {}
    for recorded in map(Recorded._make, rows):
        reminder = reminders.setdefault(recorded.stream.partition(":")[2], RecordedReminder())
        reminder.version, reminder.last_position = recorded.version, recorded.position
        try:
            event = MAPPER.event(recorded)
        except Unreadable:
            continue  # it only counts: `verify` names it with the other events that cannot be read
        if isinstance(event, ReminderEvent):
            reminder.take(recorded, event)
    return reminders
