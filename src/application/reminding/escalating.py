"""Escalation: a reminder that nobody acknowledged in time goes on to a second subscription, once."""

from __future__ import annotations

import msgspec
from sqlalchemy import Row, bindparam, insert, select, update

from application.reminding.outcomes import ESCALATED
from application.reminding.standing import deadlines_of, outlook_of
from application.reminding.tables import outbox, reminders, subscriptions
from application.reminding.ticking import message_of
from application.service import Service
from domain.reminders import instant
from eventlog.engine import reading, writing

_AT_ONCE = 100
_OVERDUE = (
    select(reminders, subscriptions.c.escalate_to)
    .join_from(reminders, subscriptions, reminders.c.subscription == subscriptions.c.id)
    .where(reminders.c.escalate_at <= bindparam("now"))
    .order_by(reminders.c.escalate_at, reminders.c.id)
    .limit(_AT_ONCE)
)


def escalate(service: Service) -> int:
    """Puts into the outbox what has waited long enough for an acknowledgement; returns how many messages."""
    with reading(service.engine) as connection:
        rows = connection.execute(_OVERDUE, {"now": instant(service.now())}).all()
    return sum(_send_on(service, row) for row in rows)


def _send_on(service: Service, row: Row[tuple[object, ...]]) -> bool:
    stands = _still_stands(service, row)
    now = instant(service.now())
    with writing(service.engine) as connection:
        query = update(reminders).where(reminders.c.id == row.id, reminders.c.escalate_at == row.escalate_at)
        if not connection.execute(query.values(escalate_at=None)).rowcount or not stands:
            return False
        wanted = select(subscriptions.c.id).where(
            subscriptions.c.id == row.escalate_to, subscriptions.c.ended_at.is_(None)
        )
        if connection.execute(wanted).one_or_none() is None:
            return False
        message = msgspec.json.decode(message_of(row._asdict(), now))
        message["data"]["escalated"] = True
        connection.execute(
            insert(outbox).values(
                id=f"{ESCALATED}{row.id.removeprefix('rem_')}{row.version}",
                subscription=row.escalate_to,
                reminder=row.id,
                body=msgspec.json.encode(message).decode(),
                state="pending",
                attempts=0,
                next_at=now,
                created_at=now,
            )
        )
    return True


def _still_stands(service: Service, row: Row[tuple[object, ...]]) -> bool:
    """Whether any of its deadlines is still open: nobody is troubled about what was answered meanwhile."""
    with service.reading() as connection:
        outlook = outlook_of(service, connection, service.log.head(connection).position, as_of=None)
        standing = {one.demand: one for one in deadlines_of(outlook, row.addressee)}
    named = ((standing.get(one["demand"]), one["due"]) for one in msgspec.json.decode(row.deadlines))
    return any(one is not None and one.stands and one.due == due for one, due in named)
