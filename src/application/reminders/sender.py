"""The sender: takes messages from the outbox and sends them, in threads of its own.

Each subscription has one message on its way at a time, so their order is kept, and none waits for another's receiver.
"""

from __future__ import annotations

import logging
import ssl
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any

import msgspec

from application.cloudevents import write_cloudevent
from application.reminders import mail, webhooks
from application.reminders.attempts import DeliveryResult, delivered, failed, given_up
from application.reminders.due import escalate_unacknowledged
from application.reminders.outbox import claim, record_delivery, subscriptions_to_serve
from application.reminders.subscription import Subscription, find_subscription
from application.reminders.subscriptions import CONFIRMATION, end_subscription
from application.service import Service
from application.settings import Settings
from eventlog.engine import reading

_THREADS, _SLOW_THREADS = 16, 8
log = logging.getLogger("reminders")


class OutboxSender:
    """Sends what is due. Close it when done."""

    def __init__(self, service: Service, settings: Settings, *, tls: ssl.SSLContext | None = None) -> None:
        self._service = service
        self._settings = settings
        self._tls = tls or ssl.create_default_context()
        # Receivers whose last attempt failed share a few threads, so that the others are served however many hang.
        self._pool = ThreadPoolExecutor(_THREADS, "sending")
        self._slow_pool = ThreadPoolExecutor(_SLOW_THREADS, "sending-slow")
        self._lock = Lock()
        self._running: dict[str, Future[None]] = {}
        self._failing: set[str] = set()
        self._closed = False

    def close(self) -> None:
        """Wait for the messages that are being sent, and start no more."""
        with self._lock:
            self._closed = True
        self._pool.shutdown(cancel_futures=True)
        self._slow_pool.shutdown(cancel_futures=True)

    def start_due(self) -> int:
        """Start to send whatever is due; returns for how many subscriptions."""
        escalate_unacknowledged(self._service)
        return sum(self._start(subscription) for subscription in subscriptions_to_serve(self._service))

    def send_due(self) -> None:
        """Send whatever is due, and return when all of it was tried."""
        while self.start_due():
            while futures := self._futures():
                wait(futures)

    def _futures(self) -> list[Future[None]]:
        with self._lock:
            return list(self._running.values())

    def _start(self, subscription: str, *, continues: bool = False) -> bool:
        """Queue a thread to send one message of a subscription, behind the other subscriptions."""
        with self._lock:
            if self._closed or (subscription in self._running and not continues):
                return False
            pool = self._slow_pool if subscription in self._failing else self._pool
            self._running[subscription] = pool.submit(self._send_next, subscription)
            return True

    def _send_next(self, subscription: str) -> None:
        sent = False
        try:
            message = claim(self._service, subscription)
            if message is not None:
                record_delivery(self._service, message, self.attempt(message))
                sent = True
        except Exception:
            # The lease runs out, and the message is sent again.
            log.exception("a message of %s could not be sent or noted", subscription)
        if not (sent and self._start(subscription, continues=True)):
            with self._lock:
                self._running.pop(subscription, None)

    def attempt(self, message: dict[str, Any]) -> DeliveryResult:
        """Try once to send a message that was claimed, by the channel that its subscription now has."""
        with reading(self._service.engine) as connection:
            subscription = find_subscription(connection, message["subscription"])
        if subscription is None or subscription.ended_at is not None:
            return given_up("the subscription has ended")
        match subscription.channel:
            case "webhook":
                result = self._by_webhook(subscription, message)
            case "email":
                result = self._by_mail(subscription, message)
            case _:
                log.info("%s", message["body"])
                result = delivered("written to the log")
        with self._lock:
            (self._failing.discard if result.ok else self._failing.add)(subscription.id)
        if result.is_gone:
            end_subscription(self._service, subscription.id, "the receiver answered 410")
        return result

    def _by_webhook(self, subscription: Subscription, message: dict[str, Any]) -> DeliveryResult:
        try:
            destination = webhooks.destination(subscription.target or "", self._settings.webhook_networks)
        except webhooks.Unreachable as error:
            return failed(f"its address {error}")
        now = self._service.now()
        with reading(self._service.engine) as connection:
            secrets = webhooks.secrets_in_use(connection, subscription.id, now)
        body = write_cloudevent(message["id"], message["body"], self._settings.source)
        headers = webhooks.webhook_headers(message["id"], body, secrets, now)
        return webhooks.send_webhook(destination, body, headers, now, self._tls)

    def _by_mail(self, subscription: Subscription, message: dict[str, Any]) -> DeliveryResult:
        body = msgspec.json.decode(message["body"])
        if body["type"] == CONFIRMATION:
            if body["data"]["address"] != subscription.target:
                return given_up("the address was changed")
        elif subscription.confirmed_at is None:
            return failed("the address is not confirmed")
        text = mail.mail_text(self._service, self._settings, subscription, message)
        return mail.send_mail(text, self._settings, self._tls)
