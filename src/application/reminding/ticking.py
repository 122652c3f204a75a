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

from application.reminding.planning import cancel, catch_up, why_not_any
from application.reminding.standing import Deadline, Outlook, deadlines_of, outlook_of
from application.reminding.subscriptions import Subscription, subscription_of
from application.reminding.tables import outbox, planner, reminders
from application.reminding.tables import subscriptions as _subscriptions
from application.service import Service
from domain.reminders import About, ReminderDue, instant
from eventlog.engine import reading
from eventlog.log import Append
from eventlog.statements import Statement
from eventlog.tables import log_head
from projections.mapping import MAPPER

AT_ONCE = 100
"""Reminders fired in one transaction: appends wait for it, so it is short."""
LATE_AFTER = timedelta(minutes=5)
"""From this long after its instant on, a reminder is marked late."""

# Written out, and not as a parameter: only then does every plan know that the index of what is planned is enough.
_PLANNED = reminders.c.state == literal_column("'planned'")
# The one statement of a tick that has nothing to do.
NEXT = Statement(
    select(
        select(log_head.c.position).where(log_head.c.id == 1).scalar_subquery(),
        select(planner.c.planned_to).where(planner.c.id == 1).scalar_subquery(),
        select(func.min(reminders.c.planned_for)).where(_PLANNED).scalar_subquery(),
    )
)
_DUE = Statement(
    select(reminders)
    .where(_PLANNED, reminders.c.planned_for <= bindparam("now"))
    .order_by(reminders.c.planned_for, reminders.c.id)
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
        connection.execute(update(planner).values(last_tick=instant(service.now()), late_s=late_s))


def _fire(service: Service) -> int:
    """Claims the next reminders that are due and records each as due, or as cancelled where it was overtaken."""
    now = service.now()
    fired = 0
    with service.log.appending(recorder="reminders", now=now) as append:
        names = [column.name for column in reminders.columns]
        rows = [dict(zip(names, row, strict=True)) for row in _DUE.run(append.connection, now=instant(now))]
        outlook = outlook_of(service, append.connection, append.head, as_of=None)
        standing: dict[str, dict[str, Deadline]] = {}  # nothing that is appended here moves a deadline
        for row in rows:
            place = row["addressee"]
            if place not in standing:
                standing[place] = {deadline.demand: deadline for deadline in deadlines_of(outlook, place)}
            fired += _decide(append, outlook, row, standing[place], now)
        # What was appended here is known to be planned for, unless somebody else's is still to be looked at.
        append.connection.execute(
            update(planner).where(planner.c.planned_to == append.head).values(planned_to=append.position)
        )
    return fired


def _decide(
    append: Append, outlook: Outlook, row: dict[str, Any], standing: Mapping[str, Deadline], now: datetime
) -> bool:
    """Records one reminder as due and puts it into the outbox, if any of its deadlines still stands."""
    subscription = _subscription(append, row["subscription"])
    named = msgspec.json.decode(row["deadlines"])
    left = [one for one in named if _still(standing.get(one["demand"]), one["due"])]
    if subscription is None or not left:
        why = why_not_any(outlook, standing, row["addressee"], named)
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
    append.connection.execute(update(reminders).where(reminders.c.id == row["id"]).values(**values))
    append.connection.execute(
        insert(outbox).values(
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


def _still(deadline: Deadline | None, due: str) -> bool:
    return deadline is not None and deadline.stands and deadline.due == due


def _subscription(append: Append, id_: str) -> Subscription | None:
    table = _subscriptions
    query = select(table).where(table.c.id == id_, table.c.ended_at.is_(None))
    row = append.connection.execute(query).one_or_none()
    return None if row is None else subscription_of(row._asdict())
