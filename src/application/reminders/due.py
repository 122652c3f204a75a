"""Ticks: what has come due is claimed from the database and recorded, once, however many processes tick.

The claim, the event and the message to be sent are one transaction under the append's lock. A process that dies in it
has done nothing; one that dies after it has nothing left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, insert, literal_column, select, update

from application.reminders.outlook import DeadlineContext, DeadlineState, deadline_context, deadline_states
from application.reminders.planner import cancel, catch_up, why_not_planned
from application.reminders.subscription import Subscription, subscription_from_row
from application.reminders.tables import outbox_table, planner_table, reminders_table
from application.reminders.tables import subscriptions_table as _subscriptions
from application.service import Service
from domain.reminders import About, ReminderDue, instant
from eventlog.engine import reading
from eventlog.log import Append
from eventlog.sql import CompiledQuery
from eventlog.tables import log_head
from projections.projector import MAPPER

AT_ONCE = 100
"""Reminders fired in one transaction: appends wait for it, so it is short."""
LATE_AFTER = timedelta(minutes=5)
"""From this long after its instant on, a reminder is marked late."""

# Written out, and not as a parameter: only then does every plan know that the index of what is planned is enough.
_PLANNED = reminders_table.c.state == literal_column("'planned'")
# The one statement of a tick that has nothing to do.
NEXT = CompiledQuery(
    select(
        select(log_head.c.position).where(log_head.c.id == 1).scalar_subquery(),
        select(planner_table.c.planned_to).where(planner_table.c.id == 1).scalar_subquery(),
        select(func.min(reminders_table.c.planned_for)).where(_PLANNED).scalar_subquery(),
    )
)
_DUE = CompiledQuery(
    select(reminders_table)
    .where(_PLANNED, reminders_table.c.planned_for <= bindparam("now"))
    .order_by(reminders_table.c.planned_for, reminders_table.c.id)
    .limit(AT_ONCE)
)


def tick(service: Service) -> int:
    """Plans for what is new and fires everything that is due, in order; returns how many reminders it fired."""
    fired = 0
    while True:
        now = instant(service.now())
        with reading(service.engine) as connection:  # none of the tables is a read model: nothing to join
            head, planned_to, first = NEXT.run(connection).fetchone()
        if planned_to < head:
            catch_up(service)
        elif first is None or first > now:
            return fired
        else:
            fired += _fire(service)


def note_tick(service: Service, late_s: int) -> None:
    """Notes when the ticker last ran, for whoever watches it."""
    with service.engine.begin() as connection:
        connection.execute(update(planner_table).values(last_tick=instant(service.now()), late_s=late_s))


def _fire(service: Service) -> int:
    """Claims the next reminders that are due and records each as due, or as cancelled where it was overtaken."""
    now = service.now()
    fired = 0
    with service.log.appending(recorder="reminders", now=now) as append:
        names = [column.name for column in reminders_table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in _DUE.run(append.connection, now=instant(now))]
        outlook = deadline_context(service, append.connection, append.head, as_of=None)
        standing: dict[str, dict[str, DeadlineState]] = {}  # nothing that is appended here moves a deadline
        for row in rows:
            place = row["addressee"]
            if place not in standing:
                standing[place] = {deadline.demand: deadline for deadline in deadline_states(outlook, place)}
            fired += _decide(append, outlook, row, standing[place], now)
        # What was appended here is known to be planned for, unless somebody else's is still to be looked at.
        append.connection.execute(
            update(planner_table).where(planner_table.c.planned_to == append.head).values(planned_to=append.position)
        )
    return fired


def _decide(
    append: Append, outlook: DeadlineContext, row: dict[str, Any], standing: Mapping[str, DeadlineState], now: datetime
) -> bool:
    """Records one reminder as due and puts it into the outbox, if any of its deadlines still stands."""
    subscription = _subscription(append, row["subscription"])
    named = msgspec.json.decode(row["deadlines"])
    left = [one for one in named if _still_open(standing.get(one["demand"]), one["due"])]
    if subscription is None or not left:
        why = why_not_planned(outlook, standing, row["addressee"], named)
        reason = why if subscription is not None else "the subscription has ended"
        cancel(append, row["id"], row["version"], reason)
        return False
    late = now - datetime.fromisoformat(row["planned_for"]) > LATE_AFTER
    version = row["version"] + 1
    due = ReminderDue(
        reminder=row["id"],
        subscription=subscription.id,
        deadlines=tuple(About(**one) for one in left),
        offset=row["offset"],
        planned_for=row["planned_for"],
        late=late,
    )
    append.append([MAPPER.new(f"reminder:{row['id']}", version, due)])
    escalates = subscription.escalate_to is not None and subscription.escalate_after_s is not None
    values = {
        "state": "due",
        "version": version,
        "late": late,
        "fired_at": append.recorded_at,
        "deadlines": msgspec.json.encode(left).decode(),
        "escalate_at": instant(now + timedelta(seconds=subscription.escalate_after_s or 0)) if escalates else None,
    }
    append.connection.execute(update(reminders_table).where(reminders_table.c.id == row["id"]).values(**values))
    append.connection.execute(
        insert(outbox_table).values(
            id=f"msg_{row['id'].removeprefix('rem_')}{version}",
            subscription=subscription.id,
            reminder=row["id"],
            body=message_of({**row, **values}, append.recorded_at),
            state="pending",
            attempts=0,
            next_at=instant(now),
            created_at=instant(now),
        )
    )
    return True


def message_of(row: dict[str, Any], at: str) -> str:
    """The body of a reminder's message: what a webhook gets, and what a mail is written from."""
    data = {
        "id": row["id"],
        "subscription": row["subscription"],
        "deadlines": msgspec.json.decode(row["deadlines"]),
        "offset": row["offset"],
        "planned_for": row["planned_for"],
        "late": row["late"],
    }
    return msgspec.json.encode({"type": "reminder.due", "timestamp": at, "data": data}).decode()


def _still_open(deadline: DeadlineState | None, due: str) -> bool:
    return deadline is not None and deadline.stands and deadline.due == due


def _subscription(append: Append, id_: str) -> Subscription | None:
    table = _subscriptions
    query = select(table).where(table.c.id == id_, table.c.ended_at.is_(None))
    row = append.connection.execute(query).one_or_none()
    return None if row is None else subscription_from_row(row._asdict())
