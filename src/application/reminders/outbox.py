"""The outbox: messages are stored with the change that they announce, and claimed, sent and recorded afterwards.

A message is enqueued in the transaction of its cause, so neither is kept without the other. A sender claims it in a
short transaction that moves `next_at` past a lease, sends it outside of any transaction, and records the result. A
sender that dies in between loses its lease, and the message is sent again: at least once, and never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnClause, Connection, exists, insert, literal_column, select, update

from application.reminders.attempts import DeliveryResult
from application.reminders.lifecycle import RECORDER, advance
from application.reminders.tables import deliveries_table, outbox_table, reminders_table
from application.service import Service
from domain.reminders import ReminderDelivered, ReminderFailed, instant
from eventlog.engine import reading, writing

RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long to wait after each attempt that failed: ten attempts in a little over three days, as Standard Webhooks
advises."""
DELIVERY_LEASE = timedelta(seconds=90)
"""Longer than an attempt takes, so a sender that still holds a message after it is taken for dead."""
# A literal, not a bind parameter, so that the database's planner can use the partial index.
_PENDING: ColumnClause[str] = literal_column("'pending'")


class OutboxMessage(NamedTuple):
    """A message for one subscription. The `id` is the same at every attempt, so that a receiver can drop repeats."""

    id: str
    subscription: str
    type: str
    timestamp: str
    data: Mapping[str, Any]
    reminder: str | None = None


def enqueue(connection: Connection, now: datetime, messages: Iterable[OutboxMessage]) -> None:
    """Put messages into the outbox, to be sent at once, in the caller's transaction."""
    rows = [
        {
            "id": message.id,
            "subscription": message.subscription,
            "reminder": message.reminder,
            "body": msgspec.json.encode(
                {"type": message.type, "timestamp": message.timestamp, "data": message.data}
            ).decode(),
            "state": "pending",
            "attempts": 0,
            "next_at": instant(now),
            "created_at": instant(now),
        }
        for message in messages
    ]
    if rows:
        connection.execute(insert(outbox_table), rows)


def subscriptions_to_serve(service: Service) -> list[str]:
    query = select(outbox_table.c.subscription).distinct().where(*_ready(instant(service.now())))
    with reading(service.engine) as connection:
        return [row[0] for row in connection.execute(query)]


def claim(service: Service, subscription: str) -> dict[str, Any] | None:
    """Lease the next message of a subscription for `DELIVERY_LEASE`; None where none is to be sent now."""
    now = service.now()
    lease_end = instant(now + DELIVERY_LEASE)
    with writing(service.engine) as connection:
        query = select(outbox_table).where(outbox_table.c.subscription == subscription, *_ready(instant(now)))
        row = connection.execute(query.order_by(outbox_table.c.next_at, outbox_table.c.id).limit(1)).one_or_none()
        if row is None:
            return None
        # Another sender that selected the same row waits for its lock here, and then matches no row: `next_at` moved.
        lease = update(outbox_table).where(
            outbox_table.c.id == row.id, outbox_table.c.state == "pending", outbox_table.c.next_at == row.next_at
        )
        if not connection.execute(lease.values(next_at=lease_end, leased_until=lease_end)).rowcount:
            return None
        return row._asdict()


def _ready(now: str) -> tuple[Any, ...]:
    """Due, and no other message of the same subscription is being sent: one at a time keeps them in order."""
    in_flight = outbox_table.alias("on_its_way")
    is_in_flight = exists().where(
        in_flight.c.subscription == outbox_table.c.subscription,
        in_flight.c.state == _PENDING,
        in_flight.c.leased_until > now,
    )
    return outbox_table.c.state == _PENDING, outbox_table.c.next_at <= now, ~is_in_flight


def record_delivery(service: Service, message: Mapping[str, Any], result: DeliveryResult) -> None:
    """Record an attempt to send a message, and either when to try again or, after the last attempt, how it ended."""
    attempts = message["attempts"] + 1
    if result.ok or result.ends is not None or attempts > len(RETRIES_S):
        _finish(service, message, attempts, result)
        return
    wait_s = max(RETRIES_S[attempts - 1], result.retry_after_s or 0)
    next_at = instant(service.now() + timedelta(seconds=wait_s))
    with writing(service.engine) as connection:
        if _record_attempt(service, connection, message, attempts, result):
            query = update(outbox_table).where(outbox_table.c.id == message["id"])
            connection.execute(query.values(attempts=attempts, next_at=next_at, leased_until=None))


def _finish(service: Service, message: Mapping[str, Any], attempts: int, result: DeliveryResult) -> None:
    """Record the last attempt, and the outcome on the stream of the reminder, if the message is of one."""
    state = "delivered" if result.ok else "failed"
    with service.log.appending(recorder=RECORDER, now=service.now()) as append:
        if not _record_attempt(service, append.connection, message, attempts, result):
            return
        query = update(outbox_table).where(outbox_table.c.id == message["id"])
        append.connection.execute(query.values(state=state, attempts=attempts, leased_until=None))
        if message["reminder"] is None:
            return
        selected = select(reminders_table).where(reminders_table.c.id == message["reminder"])
        reminder = append.connection.execute(selected).one()
        reason = None if result.ok else result.ends or f"{attempts} attempts failed"
        event = (
            ReminderDelivered(reminder=reminder.id, attempts=attempts)
            if reason is None
            else ReminderFailed(reminder=reminder.id, attempts=attempts, reason=reason)
        )
        # An acknowledged reminder stays acknowledged. After an escalation there are two receivers: one is enough.
        is_first = reminder.state == "due" or (reminder.state == "failed" and result.ok)
        advance(append, event, **({"state": state, "why": reason} if is_first else {}))


def _record_attempt(
    service: Service, connection: Connection, message: Mapping[str, Any], attempts: int, result: DeliveryResult
) -> bool:
    """Record an attempt; False if the message is no longer pending: the lease ran out, and another sender ended it."""
    connection.execute(
        insert(deliveries_table).values(
            message=message["id"],
            attempt=attempts,
            at=instant(service.now()),
            outcome="delivered" if result.ok else "failed",
            detail=result.detail,
        )
    )
    query = select(outbox_table.c.state).where(outbox_table.c.id == message["id"]).with_for_update()
    return connection.execute(query).scalar() == "pending"
