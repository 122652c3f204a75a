"""Sending: messages leave the outbox one at a time for each subscription, so that none waits for another's receiver.

A message is claimed by moving on, in one short transaction, when it may next be tried; it is sent outside of any; how
that went is noted after. So whatever dies and whenever, a message is sent again rather than never.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import ColumnClause, exists, literal_column, select, update

from application.envelopes import enveloped
from application.reminding import mail, webhooks
from application.reminding.addresses import Unreachable, destination
from application.reminding.attempts import Attempt, delivered, failed, given_up
from application.reminding.escalating import escalate
from application.reminding.letters import letter_of
from application.reminding.outcomes import note
from application.reminding.signing_secrets import in_use
from application.reminding.subscribing import CONFIRMATION, end
from application.reminding.subscriptions import Subscription, subscription_of
from application.reminding.tables import outbox, subscriptions
from application.service import Service
from application.settings import Settings
from domain.reminders import instant
from eventlog.engine import reading, writing

LEASE = timedelta(seconds=90)
"""Longer than an attempt takes: after it, whoever claimed a message is taken for dead."""
_THREADS, _SLOW_THREADS = 16, 8
# Written out, and not as a parameter: only then does every plan know that the index of what is pending is enough.
_PENDING: ColumnClause[str] = literal_column("'pending'")
log = logging.getLogger("reminders")


class Sender:
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
        escalate(self._service)
        with reading(self._service.engine) as connection:
            due = select(outbox.c.subscription).distinct().where(*self._waiting(instant(self._service.now())))
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
                note(self._service, row, self._attempt(row))
                goes_on = True
        except Exception:
            # Its lease runs out, and it is tried again.
            log.exception("a message of %s could not be sent or noted", subscription)
        if not (goes_on and self._start(subscription, goes_on=True)):
            with self._lock:
                self._busy.pop(subscription, None)

    def _waiting(self, now: str) -> tuple[Any, ...]:
        other = outbox.alias("on_its_way")
        on_its_way = exists().where(
            other.c.subscription == outbox.c.subscription, other.c.state == _PENDING, other.c.leased_until > now
        )
        return outbox.c.state == _PENDING, outbox.c.next_at <= now, ~on_its_way

    def _claim(self, subscription: str) -> dict[str, Any] | None:
        """The next message of a subscription that is due, for `LEASE` this sender's own; None where there is none."""
        now = self._service.now()
        until = instant(now + LEASE)
        with writing(self._service.engine) as connection:
            query = select(outbox).where(outbox.c.subscription == subscription, *self._waiting(instant(now)))
            row = connection.execute(query.order_by(outbox.c.next_at, outbox.c.id).limit(1)).one_or_none()
            if row is None:
                return None
            # Another sender that saw the same row waits here, and then finds it moved on.
            mine = update(outbox).where(
                outbox.c.id == row.id, outbox.c.state == "pending", outbox.c.next_at == row.next_at
            )
            if not connection.execute(mine.values(next_at=until, leased_until=until)).rowcount:
                return None
            return row._asdict()

    def _attempt(self, row: dict[str, Any]) -> Attempt:
        """One attempt to send a message, by the channel that its subscription now has."""
        with reading(self._service.engine) as connection:
            query = select(subscriptions).where(subscriptions.c.id == row["subscription"])
            to = subscription_of(connection.execute(query).one()._asdict())
        if to.ended_at is not None:
            return given_up("the subscription has ended")
        send: dict[str, Callable[[Subscription, dict[str, Any]], Attempt]] = {
            "webhook": self._by_webhook,
            "email": self._by_mail,
            "log": self._by_log,
        }
        attempt = send[to.channel](to, row)
        with self._lock:
            (self._failing.discard if attempt.ok else self._failing.add)(to.id)
        if attempt.is_gone:
            end(self._service, to.id, "the receiver answered 410")
        return attempt

    def _by_webhook(self, to: Subscription, row: dict[str, Any]) -> Attempt:
        try:
            where = destination(to.target or "", self._settings.webhook_networks)
        except Unreachable as error:
            return failed(f"its address {error}")
        now = self._service.now()
        with reading(self._service.engine) as connection:
            secrets = in_use(connection, to.id, now)
        body = enveloped(row["id"], row["body"], self._settings.source)
        return webhooks.send(where, body, webhooks.headers(row["id"], body, secrets, now), now, self._tls)

    def _by_mail(self, to: Subscription, row: dict[str, Any]) -> Attempt:
        message = msgspec.json.decode(row["body"])
        if message["type"] == CONFIRMATION:
            if message["data"]["address"] != to.target:
                return given_up("the address was changed")
        elif to.confirmed_at is None:
            return failed("the address is not confirmed")
        return mail.send(letter_of(self._service, self._settings, to, row), self._settings, self._tls)

    def _by_log(self, _to: Subscription, row: dict[str, Any]) -> Attempt:
        log.info("%s", row["body"])
        return delivered("written to the log")
