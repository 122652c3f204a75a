"""Verifying reminders: each row is as the events of the log leave it, and everything that is to come is planned.

What was planned and has not come due has no event yet. It follows from the deadlines and the subscriptions, so it is
worked out again, for the position up to which the planner has read the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from application.reminders.deadline_states import END_OF_TIME, deadline_states, find_place
from application.reminders.planner import places_with_deadlines, wanted_reminders
from application.reminders.subscription import active_subscriptions
from application.reminders.tables import planner_table, reminders_table
from application.service import Service
from domain.reminders import (
    ReminderAcknowledged,
    ReminderCancelled,
    ReminderDelivered,
    ReminderDue,
    ReminderEvent,
    ReminderFailed,
    instant,
)
from eventlog.log import Recorded
from eventlog.mapper import Unreadable
from eventlog.proofs import named_keys
from eventlog.tables import EVENT, log
from projections.projector import MAPPER
from projections.snapshot import AskedClocks, Snapshot

_STREAMS = (log.c.stream >= "reminder:", log.c.stream < "reminder;")
"""Every stream of a reminder: the character after a colon is a semicolon."""


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
        self.version, self.last_position = recorded.version, recorded.position
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


def reminder_faults(service: Service) -> Iterator[str]:
    """Each reminder whose row is not what the log and the deadlines make of it, by the table and the row."""
    with service.reading() as connection:
        recorded = _recorded(connection)
        imported = max(named_keys(connection).values(), default=0)
        rows = connection.execute(select(reminders_table).order_by(reminders_table.c.id)).all()
        for row in rows:
            events = recorded.pop(row.id, None) or RecordedReminder()
            where = f"reminders row ({row.id})"
            if row.state not in events.states:
                yield f"{where}: state is {row.state!r}, the log says {events.state!r}"
            if row.version != events.version:
                yield f"{where}: version is {row.version}, the log has {events.version} events of it"
            if row.state != "planned" and row.fired_at != events.due_at:
                yield f"{where}: fired_at is {row.fired_at!r}, the log says {events.due_at!r}"
            if events.doubled_at is not None:
                yield f"log position {events.doubled_at}: records a second time that the reminder {row.id} is due"
        for id_, events in recorded.items():
            if events.last_position > imported:  # what came with an imported log was another database's
                yield f"reminders row ({id_}): missing; the log says {events.state!r}"
        yield from _unplanned(service, connection, {row.id: row.planned_for for row in rows})


def recorded_reminder(events: list[Recorded]) -> RecordedReminder:
    """What the events of one reminder's stream leave it as; one that cannot be read only counts."""
    reminder = RecordedReminder()
    for event in events:
        _take(reminder, event)
    return reminder


def _recorded(connection: Connection) -> dict[str, RecordedReminder]:
    """What the log says of each reminder, by its id."""
    reminders: dict[str, RecordedReminder] = {}
    query = select(*EVENT).where(*_STREAMS).order_by(log.c.stream, log.c.version)
    for row in connection.execute(query):
        event = Recorded._make(row)
        _take(reminders.setdefault(event.stream.partition(":")[2], RecordedReminder()), event)
    return reminders


def _take(reminder: RecordedReminder, recorded: Recorded) -> None:
    try:
        event = MAPPER.event(recorded)
    except Unreadable:
        reminder.version, reminder.last_position = recorded.version, recorded.position  # named with the other events
        return
    if isinstance(event, ReminderEvent):
        reminder.take(recorded, event)


def _unplanned(service: Service, connection: Connection, rows: dict[str, str]) -> Iterator[str]:
    """The reminders still to come that deadlines and subscriptions call for, and that are not planned so."""
    head, now = service.log.head(connection).position, service.now()
    planned_to: int = connection.execute(select(planner_table.c.planned_to)).scalar_one()
    if planned_to > head:
        yield f"planner: says that it has planned up to position {planned_to}, and the log ends at {head}"
        return
    if not planned_to:
        return
    service.cache.refresh(connection, head)
    snapshot = Snapshot(connection, service.cache, head, AskedClocks(END_OF_TIME, position=planned_to), now)
    subscriptions = [each for each in active_subscriptions(connection) if "reminder" in each.kinds]
    for name in sorted(places_with_deadlines(snapshot, subscriptions, instant(now))):
        place = find_place(snapshot, name)
        covering = [] if place is None else [each for each in subscriptions if each.covers(place)]
        if place is None or not covering:
            continue
        for wanted in wanted_reminders(covering, place, deadline_states(snapshot, name).values()):
            # One whose hour has passed may never have been planned: its hour came before what calls for it.
            if wanted["planned_for"] > instant(now) and wanted["id"] not in rows:
                due = f"of {name}, due {wanted['due']}, {wanted['offset']:+d} days"
                yield f"reminders row ({wanted['id']}): missing; {due}, for {wanted['subscription']}"
