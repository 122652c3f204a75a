"""A tick: plan for what is new in the log, then record what has come due. Escalations come due here too.

The path of a tick:

1. The scheduler calls `tick` every few seconds. One statement reads where the log ends, up to where reminders are
   planned, by which lists of holidays, and the first instant planned. If there is nothing to do, that was all.
2. While the log goes on beyond the planner's position, or the days due are by another list than what is planned,
   `planner.catch_up` plans, updates and cancels reminders of the places affected, and enqueues notices of the events.
3. While a planned instant has passed, `fire_due` takes the next reminders. Each whose deadlines still need an answer
   gets a ReminderDue event and a message in the outbox; the others are cancelled.
4. In a job of its own the sender takes messages from the outbox, sends them, and records how that went.

In step 3 the claim, the event and the message are one transaction under the append's lock. So it makes no difference
how many processes tick: one that dies before the commit has done nothing, and one that dies after it has done all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, bindparam, func, literal_column, select, update

from application.legal_holidays import lists as holiday_lists
from application.reminders.deadline_states import deadline_states, snapshot_in_append, still_due, why_not_due
from application.reminders.lifecycle import RECORDER, advance, cancel
from application.reminders.outbox import OutboxMessage, enqueue
from application.reminders.planner import catch_up, has_other_holidays
from application.reminders.recorded import RecordedReminder, recorded_reminders
from application.reminders.subscription import find_subscription
from application.reminders.tables import planner_table, reminders_table, subscriptions_table
from application.service import Service
from domain.answers import Deadline
from domain.reminders import About, ReminderDue, instant
from eventlog.engine import reading, writing
from eventlog.log import Append
from eventlog.sql import CompiledQuery
from eventlog.tables import log_head
from projections.snapshot import Snapshot

BATCH = 100
"""Reminders fired in one transaction: appends wait for it, so it is short."""
LATE_AFTER = timedelta(minutes=5)
"""From this long after its instant on, a reminder is marked late."""
log = logging.getLogger("reminders")
ESCALATION_ID = "esc_"
"""How the id of a message begins that goes to a second subscription."""

# A literal, not a bind parameter, so that the database's planner can use the partial index.
_IS_PLANNED = reminders_table.c.state == literal_column("'planned'")
_LISTS = select(holiday_lists.table.c.version)
_WORK = CompiledQuery(
    select(
        select(log_head.c.position).where(log_head.c.id == 1).scalar_subquery(),
        select(planner_table.c.planned_to).where(planner_table.c.id == 1).scalar_subquery(),
        select(func.min(reminders_table.c.planned_for)).where(_IS_PLANNED).scalar_subquery(),
        *(
            _LISTS.where(holiday_lists.table.c.used_by == used).scalar_subquery()
            for used in ("read models", "reminders")
        ),
    )
)
_DUE = (
    select(reminders_table)
    .where(_IS_PLANNED, reminders_table.c.planned_for <= bindparam("now"))
    .order_by(reminders_table.c.planned_for, reminders_table.c.id)
    .limit(BATCH)
)
_TO_ESCALATE = (
    select(reminders_table, subscriptions_table.c.escalate_to)
    .join_from(reminders_table, subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
    .where(reminders_table.c.escalate_at <= bindparam("now"))
    .order_by(reminders_table.c.escalate_at, reminders_table.c.id)
    .limit(BATCH)
)


class Work(NamedTuple):
    """What there may be to do: the log's head, the position planned up to, and the first instant planned.

    And the lists of legal holidays by which days are due, and by which reminders are planned.
    """

    head: int
    planned_to: int
    next_due: str | None
    days_due_by: str | None
    planned_by: str | None


def tick(service: Service) -> int:
    """Plan for what is new and fire everything that is due, in order; returns how many reminders came due."""
    fired = 0
    while True:
        now = instant(service.now())
        work = read_work(service)
        if work.planned_to < work.head or has_other_holidays(service, work.days_due_by, work.planned_by):
            catch_up(service)
        elif work.next_due is None or work.next_due > now:
            return fired
        else:
            fired += fire_due(service)


def read_work(service: Service) -> Work:
    """The one statement of a tick that has nothing to do."""
    with reading(service.engine) as connection:  # none of the tables is a read model, so a rebuild may go on meanwhile
        return Work(*_WORK.run(connection).fetchone())


def record_tick(service: Service, late_s: int) -> None:
    """Record that the scheduler ticked now, and how late it was, for whoever monitors it."""
    with writing(service.engine) as connection:
        connection.execute(update(planner_table).values(last_tick=instant(service.now()), late_s=late_s))


def last_tick(connection: Connection) -> tuple[str | None, int | None]:
    """When the scheduler last ticked, and how many seconds late the first reminder was that it found due."""
    row = connection.execute(select(planner_table.c.last_tick, planner_table.c.late_s)).one()
    return row.last_tick, row.late_s


def fire_due(service: Service) -> int:
    """Claim the next reminders that are due; record each as due, or cancel it where it was overtaken."""
    now = service.now()
    fired = 0
    with service.log.appending(recorder=RECORDER, now=now) as append:
        rows = append.connection.execute(_DUE, {"now": instant(now)}).all()
        snapshot = snapshot_in_append(service, append)
        states: dict[str, dict[str, Deadline]] = {}  # by place; nothing that is appended here changes them
        recorded = recorded_reminders(append.connection, [row.id for row in rows])
        for row in rows:
            if row.id in recorded and recorded[row.id].due_at is not None:
                _set_right(append, row.id, recorded[row.id])
                continue
            if row.addressee not in states:
                states[row.addressee] = deadline_states(snapshot, row.addressee)
            fired += _fire(append, snapshot, row, states[row.addressee], now)
        # The events appended here need no planning. Where others before them do, the position stays.
        append.connection.execute(
            update(planner_table).where(planner_table.c.planned_to == append.head).values(planned_to=append.position)
        )
    return fired


def _set_right(append: Append, id_: str, recorded: RecordedReminder) -> None:
    """Give a row that says planned the state that the log has of it: what came due once does not come due again."""
    log.warning("reminder %s was set back to planned: the log says %s, and so does its row again", id_, recorded.state)
    values = {"state": recorded.state, "version": recorded.version, "fired_at": recorded.due_at}
    append.connection.execute(update(reminders_table).where(reminders_table.c.id == id_).values(**values))


def _fire(append: Append, snapshot: Snapshot, row: Row[Any], states: Mapping[str, Deadline], now: datetime) -> bool:
    """Record one reminder as due and enqueue its message; or cancel it, if nothing that it names is still due."""
    subscription = find_subscription(append.connection, row.subscription)
    if subscription is None or subscription.ended_at is not None:
        cancel(append, row.id, "the subscription has ended")
        return False
    named = msgspec.json.decode(row.deadlines)
    deadlines = still_due(states, named)
    if not deadlines:
        cancel(append, row.id, why_not_due(snapshot, states, row.addressee, named))
        return False
    late = now - datetime.fromisoformat(row.planned_for) > LATE_AFTER
    event = ReminderDue(
        reminder=row.id,
        subscription=subscription.id,
        deadlines=tuple(About(**about) for about in deadlines),
        offset=row.offset,
        planned_for=row.planned_for,
        late=late,
    )
    escalates = subscription.escalate_to is not None and subscription.escalate_after_s is not None
    changes = {
        "state": "due",
        "late": late,
        "fired_at": append.recorded_at,
        "deadlines": msgspec.json.encode(deadlines).decode(),
        "escalate_at": instant(now + timedelta(seconds=subscription.escalate_after_s or 0)) if escalates else None,
    }
    id_ = _message_id("msg_", row.id, advance(append, event, **changes))
    data = _message_data(row._asdict() | changes)
    message = OutboxMessage(id_, subscription.id, "reminder.due", append.recorded_at, data, row.id)
    enqueue(append.connection, now, [message])
    return True


def _message_id(prefix: str, reminder: str, version: int) -> str:
    return f"{prefix}{reminder.removeprefix('rem_')}{version}"


def _message_data(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: row[name] for name in ("id", "subscription", "deadlines", "offset", "planned_for", "late")}
    return fields | {"deadlines": msgspec.json.decode(row["deadlines"])}


def escalate_unacknowledged(service: Service) -> int:
    """Enqueue, for a second subscription, what nobody acknowledged in time; returns how many messages."""
    with reading(service.engine) as connection:
        rows = connection.execute(_TO_ESCALATE, {"now": instant(service.now())}).all()
    return sum(_escalate(service, row) for row in rows)


def _escalate(service: Service, row: Row[Any]) -> bool:
    """Escalate one reminder, unless its deadlines were answered meanwhile or the second subscription has ended."""
    with service.snapshot() as snapshot:
        is_due = bool(still_due(deadline_states(snapshot, row.addressee), msgspec.json.decode(row.deadlines)))
    now = service.now()
    with writing(service.engine) as connection:
        # Clearing `escalate_at` is the claim: of several processes one changes the row.
        is_same = reminders_table.c.escalate_at == row.escalate_at
        query = update(reminders_table).where(reminders_table.c.id == row.id, is_same).values(escalate_at=None)
        if not connection.execute(query).rowcount or not is_due:
            return False
        second = find_subscription(connection, row.escalate_to)
        if second is None or second.ended_at is not None:
            return False
        id_ = _message_id(ESCALATION_ID, row.id, row.version)
        data = _message_data(row._asdict()) | {"escalated": True}
        enqueue(connection, now, [OutboxMessage(id_, second.id, "reminder.due", instant(now), data, row.id)])
    return True
