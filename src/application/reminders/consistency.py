"""Verifying reminders: each row is as the events of the log leave it, and everything that is to come is planned.

What was planned and has not come due has no event yet. It follows from the deadlines and the subscriptions, so it is
worked out again, for the position up to which the planner has read the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from application.reminders.deadline_states import END_OF_TIME, deadline_states, find_place
from application.reminders.planner import places_with_deadlines, wanted_reminders
from application.reminders.recorded import RecordedReminder, recorded_reminders
from application.reminders.subscription import active_subscriptions
from application.reminders.tables import planner_table, reminders_table
from application.service import Service
from domain.reminders import instant
from eventlog.proofs import named_keys
from projections.snapshot import AskedClocks, Snapshot


def reminder_faults(service: Service) -> Iterator[str]:
    """Each reminder whose row is not what the log and the deadlines make of it, by the table and the row."""
    with service.reading() as connection:
        recorded = recorded_reminders(connection)
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
