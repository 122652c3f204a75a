"""Sending: messages leave the outbox one at a time for each subscription, so that none waits for another's receiver.

A message is claimed by moving on, in one short transaction, when it may next be tried; it is sent outside of any; how
that went is noted after. So whatever dies and whenever, a message is sent again rather than never.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import ColumnClause, Connection, Row, bindparam, exists, insert, literal_column, select, update

from application.cloudevents import write_cloudevent
from application.reminders import mail, webhooks
from application.reminders.attempts import DeliveryResult, delivered, failed, given_up
from application.reminders.due import message_of
from application.reminders.mail import mail_text
from application.reminders.outlook import deadline_context, deadline_states
from application.reminders.secrets import secrets_in_use
from application.reminders.subscription import Subscription, subscription_from_row
from application.reminders.subscriptions import CONFIRMATION, end_subscription
from application.reminders.tables import deliveries_table, outbox_table, reminders_table, subscriptions_table
from application.reminders.webhooks import Unreachable, destination
from application.service import Service
from application.settings import Settings
from domain.reminders import ReminderDelivered, ReminderFailed, instant
from eventlog.engine import reading, writing
from projections.projector import MAPPER

RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long to wait after each attempt that failed: ten attempts in a little over three days, as Standard Webhooks
advises."""
ESCALATED = "esc_"
"""How the id of a message begins that goes to a second subscription."""


def record_delivery(service: Service, row: Mapping[str, Any], attempt: DeliveryResult) -> None:
    """Notes an attempt to send a message, and when the next is due; or how it ended, if that was the last."""
    number = row["attempts"] + 1
    if attempt.ok or attempt.ends is not None or number > len(RETRIES_S):
        _end_subscription(service, row, number, attempt)
        return
    wait_s = max(RETRIES_S[number - 1], attempt.retry_after_s or 0)
    next_at = instant(service.now() + timedelta(seconds=wait_s))
    with writing(service.engine) as connection:
        if _store_attempt(service, connection, row, number, attempt):
            query = update(outbox_table).where(outbox_table.c.id == row["id"])
            connection.execute(query.values(attempts=number, next_at=next_at, leased_until=None))


def _end_subscription(service: Service, row: Mapping[str, Any], number: int, attempt: DeliveryResult) -> None:
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        if not _store_attempt(service, append.connection, row, number, attempt):
            return
        state = "delivered" if attempt.ok else "failed"
        query = update(outbox_table).where(outbox_table.c.id == row["id"])
        append.connection.execute(query.values(state=state, attempts=number, leased_until=None))
        if row["reminder"] is None:
            return
        its = append.connection.execute(select(reminders_table).where(reminders_table.c.id == row["reminder"])).one()
        event = (
            ReminderDelivered(reminder=its.id, attempts=number)
            if attempt.ok
            else ReminderFailed(reminder=its.id, attempts=number, reason=attempt.ends or f"{number} attempts failed")
        )
        append.append([MAPPER.new(f"reminder:{its.id}", its.version + 1, event)])
        values: dict[str, Any] = {"version": its.version + 1}
        # What somebody acknowledged stays so; what one receiver took is delivered, though another did not.
        if its.state == "due" or (its.state == "failed" and attempt.ok):
            values["state"] = state
            values["why"] = None if attempt.ok else event.model_dump()["reason"]
        append.connection.execute(update(reminders_table).where(reminders_table.c.id == its.id).values(**values))


def _store_attempt(
    service: Service, connection: Connection, row: Mapping[str, Any], number: int, attempt: DeliveryResult
) -> bool:
    """Keeps the attempt; False where the message is no longer waiting: its lease had run out, and somebody sent it."""
    connection.execute(
        insert(deliveries_table).values(
            message=row["id"],
            attempt=number,
            at=instant(service.now()),
            outcome="delivered" if attempt.ok else "failed",
            detail=attempt.detail,
        )
    )
    query = select(outbox_table.c.state).where(outbox_table.c.id == row["id"]).with_for_update()
    return connection.execute(query).scalar() == "pending"


_ESCALATED_AT_ONCE = 100
_OVERDUE = (
    select(reminders_table, subscriptions_table.c.escalate_to)
    .join_from(reminders_table, subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
    .where(reminders_table.c.escalate_at <= bindparam("now"))
    .order_by(reminders_table.c.escalate_at, reminders_table.c.id)
    .limit(_ESCALATED_AT_ONCE)
)


def escalate_overdue(service: Service) -> int:
    """Puts into the outbox what has waited long enough for an acknowledgement; returns how many messages."""
    with reading(service.engine) as connection:
        rows = connection.execute(_OVERDUE, {"now": instant(service.now())}).all()
    return sum(_escalate_one(service, row) for row in rows)


def _escalate_one(service: Service, row: Row[tuple[object, ...]]) -> bool:
    stands = _still_stands(service, row)
    now = instant(service.now())
    with writing(service.engine) as connection:
        query = update(reminders_table).where(
            reminders_table.c.id == row.id, reminders_table.c.escalate_at == row.escalate_at
        )
        if not connection.execute(query.values(escalate_at=None)).rowcount or not stands:
            return False
        wanted = select(subscriptions_table.c.id).where(
            subscriptions_table.c.id == row.escalate_to, subscriptions_table.c.ended_at.is_(None)
        )
        if connection.execute(wanted).one_or_none() is None:
            return False
        message = msgspec.json.decode(message_of(row._asdict(), now))
        message["data"]["escalated"] = True
        connection.execute(
            insert(outbox_table).values(
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
        outlook = deadline_context(service, connection, service.log.head(connection).position, as_of=None)
        standing = {one.demand: one for one in deadline_states(outlook, row.addressee)}
    named = ((standing.get(one["demand"]), one["due"]) for one in msgspec.json.decode(row.deadlines))
    return any(one is not None and one.stands and one.due == due for one, due in named)


DELIVERY_LEASE = timedelta(seconds=90)
"""Longer than an attempt takes: after it, whoever claimed a message is taken for dead."""
_THREADS, _SLOW_THREADS = 16, 8
# Written out, and not as a parameter: only then does every plan know that the index of what is pending is enough.
_PENDING: ColumnClause[str] = literal_column("'pending'")
log = logging.getLogger("reminders")


class OutboxSender:
    """Sends what is due, in threads of its own. Close it when done."""

    def __init__(self, service: Service, settings: Settings, *, tls: ssl.SSLContext | None = None) -> None:
        self._service = service
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        # Receivers that failed last share a few threads, so that however many are dead, the others are served.
        self._pool = ThreadPoolExecutor(_THREADS, "sending")
        self._slow = ThreadPoolExecutor(_SLOW_THREADS, "sending-slow")
        self._lock = Lock()
        self._busy: dict[str, Future[None]] = {}
        self._failing: set[str] = set()
        self._closed = False

    def close(self) -> None:
        """Lets what is being sent end, and sends nothing more."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(cancel_futures=True)
        self._slow.shutdown(cancel_futures=True)

    def start_due(self) -> int:
        """Begins to send whatever is due and nobody is at; returns for how many subscriptions."""
        escalate_overdue(self._service)
        with reading(self._service.engine) as connection:
            due = select(outbox_table.c.subscription).distinct().where(*self._waiting(instant(self._service.now())))
            found = [row[0] for row in connection.execute(due)]
        return sum(self._start(subscription) for subscription in found)

    def send_due(self) -> None:
        """Sends whatever is due, and returns when all of it was tried."""
        while self.start_due():
            while futures := self._running():
                for future in futures:
                    future.exception()

    def _running(self) -> list[Future[None]]:
        with self._lock:
            return list(self._busy.values())

    def _start(self, subscription: str, *, goes_on: bool = False) -> bool:
        """Has a thread send one message of a subscription's; at the end of the queue, after everyone else's."""
        with self._lock:
            if self._closed or (subscription in self._busy and not goes_on):
                return False
            pool = self._slow if subscription in self._failing else self._pool
            self._busy[subscription] = pool.submit(self._work, subscription)
            return True

    def _work(self, subscription: str) -> None:
        goes_on = False
        try:
            row = self._claim(subscription)
            if row is not None:
                record_delivery(self._service, row, self._attempt(row))
                goes_on = True
        except Exception:
            # Its lease runs out, and it is tried again.
            log.exception("a message of %s could not be sent or noted", subscription)
        if not (goes_on and self._start(subscription, goes_on=True)):
            with self._lock:
                self._busy.pop(subscription, None)

    def _waiting(self, now: str) -> tuple[Any, ...]:
        other = outbox_table.alias("on_its_way")
        on_its_way = exists().where(
            other.c.subscription == outbox_table.c.subscription, other.c.state == _PENDING, other.c.leased_until > now
        )
        return outbox_table.c.state == _PENDING, outbox_table.c.next_at <= now, ~on_its_way

    def _claim(self, subscription: str) -> dict[str, Any] | None:
        """The next message of a subscription that is due, for `LEASE` this sender's own; None where there is none."""
        now = self._service.now()
        until = instant(now + DELIVERY_LEASE)
        with writing(self._service.engine) as connection:
            query = select(outbox_table).where(
                outbox_table.c.subscription == subscription, *self._waiting(instant(now))
            )
            row = connection.execute(query.order_by(outbox_table.c.next_at, outbox_table.c.id).limit(1)).one_or_none()
            if row is None:
                return None
            # Another sender that saw the same row waits here, and then finds it moved on.
            mine = update(outbox_table).where(
                outbox_table.c.id == row.id, outbox_table.c.state == "pending", outbox_table.c.next_at == row.next_at
            )
            if not connection.execute(mine.values(next_at=until, leased_until=until)).rowcount:
                return None
            return row._asdict()

    def _attempt(self, row: dict[str, Any]) -> DeliveryResult:
        """One attempt to send a message, by the channel that its subscription now has."""
        with reading(self._service.engine) as connection:
            query = select(subscriptions_table).where(subscriptions_table.c.id == row["subscription"])
            to = subscription_from_row(connection.execute(query).one()._asdict())
        if to.ended_at is not None:
            return given_up("the subscription has ended")
        send: dict[str, Callable[[Subscription, dict[str, Any]], DeliveryResult]] = {
            "webhook": self._by_webhook,
            "email": self._by_mail,
            "log": self._by_log,
        }
        attempt = send[to.channel](to, row)
        with self._lock:
            (self._failing.discard if attempt.ok else self._failing.add)(to.id)
        if attempt.is_gone:
            end_subscription(self._service, to.id, "the receiver answered 410")
        return attempt

    def _by_webhook(self, to: Subscription, row: dict[str, Any]) -> DeliveryResult:
        try:
            where = destination(to.target or "", self._settings.webhook_networks)
        except Unreachable as error:
            return failed(f"its address {error}")
        now = self._service.now()
        with reading(self._service.engine) as connection:
            secrets = secrets_in_use(connection, to.id, now)
        body = write_cloudevent(row["id"], row["body"], self._settings.source)
        return webhooks.send_webhook(
            where, body, webhooks.webhook_headers(row["id"], body, secrets, now), now, self._tls
        )

    def _by_mail(self, to: Subscription, row: dict[str, Any]) -> DeliveryResult:
        message = msgspec.json.decode(row["body"])
        if message["type"] == CONFIRMATION:
            if message["data"]["address"] != to.target:
                return given_up("the address was changed")
        elif to.confirmed_at is None:
            return failed("the address is not confirmed")
        return mail.send_mail(mail_text(self._service, self._settings, to, row), self._settings, self._tls)

    def _by_log(self, _to: Subscription, row: dict[str, Any]) -> DeliveryResult:
        log.info("%s", row["body"])
        return delivered("written to the log")
