"""Subscriptions made over the API, and receivers on loopback that keep what they get and answer as a test asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any, Self

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from standardwebhooks import Webhook

from api.app import create_app
from application import keys
from application.reminders.sender import OutboxSender
from application.reminders.tables import deliveries_table, outbox_table
from application.settings import Settings
from reminders_world import RemindersWorld, reminders_world

LOOPBACK = Settings(
    webhook_networks=(ip_network("127.0.0.0/8"),),
    mail_from="Timeline <reminders@timeline.test>",
    public_url="https://timeline.test",
    mail_url="https://timeline.test",
)
DUE = "2026-03-20"
SEVEN_DAYS_BEFORE = "2026-03-13T16:00:30+00:00"
"""Just after nine in the morning in Alameda, where the clocks went forward that week."""


@dataclass(slots=True)
class ReceivedRequest:
    """A request as a receiver got it."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(slots=True)
class Receiver:
    """The server of a webhook: answers 204 unless a test gives other answers."""

    url: str
    got: list[ReceivedRequest] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer | None = None

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.got]


def answers_with(status: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    return answer


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.got.append(ReceivedRequest(self.path, headers, self.rfile.read(length)))
            answer = server.answers.pop(0) if server.answers else server.always or answers_with(204)
            try:
                answer(self)
            except OSError:
                self.close_connection = True  # whoever asked did not wait

        def log_message(self, *_: object) -> None:  # it is quiet in tests
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    server = Receiver(f"http://127.0.0.1:{http_server.server_port}/hook?to=us")
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()


@dataclass(slots=True)
class DeliveryWorld:
    """What a test asks over the API, and sees arrive."""

    timeline: RemindersWorld
    client: TestClient
    headers: dict[str, str]
    settings: Settings

    def ask(self, method: str, address: str, fields: object = None, **more: object) -> httpx2.Response:
        sent: dict[str, Any] = {"headers": self.headers, **more} | ({} if fields is None else {"json": fields})
        answer: httpx2.Response = self.client.request(method, f"/api/v1/{address}", **sent)
        return answer

    def subscribe(self, **fields: object) -> dict[str, Any]:
        answer = self.ask("POST", "subscriptions", {"jurisdictions": ["alameda"], "plan": [-7], **fields})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def come_due(self, demand: str = "a-letter", *, due: str = DUE, at: str = SEVEN_DAYS_BEFORE) -> None:
        """A demand is recorded, and its reminder's hour comes."""
        self.timeline.demand(demand, due)
        assert self.timeline.tick(at) >= 1

    def send(self) -> None:
        sender = OutboxSender(self.timeline.service, self.settings)
        sender.send_due()
        sender.close()

    def later(self, **passed: float) -> None:
        """Some time goes by, and what is due then is sent."""
        self.timeline.clock.at += timedelta(**passed)
        self.send()

    def reminders(self, **filters: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", "reminders", params=filters)
        assert answer.status_code == 200, answer.text
        reminders: list[dict[str, Any]] = answer.json()["reminders"]
        return reminders

    def attempts(self) -> list[tuple[str, str | None]]:
        with self.timeline.service.engine.connect() as connection:
            rows = connection.execute(
                select(deliveries_table).order_by(deliveries_table.c.at, deliveries_table.c.attempt)
            )
            return [(row.outcome, row.detail) for row in rows]

    def waiting(self) -> list[Any]:
        with self.timeline.service.engine.connect() as connection:
            return list(connection.execute(select(outbox_table).where(outbox_table.c.state == "pending")))

    def event_names(self) -> list[str]:
        """The names of the events of reminders in the log, in order."""
        return [type(event).__name__ for event in self.timeline.events()]


@contextmanager
def delivery_world(url: str, settings: Settings = LOOPBACK) -> Iterator[DeliveryWorld]:
    with reminders_world(url) as timeline:
        key = keys.add_key(timeline.service, "Attorney")
        with TestClient(create_app(timeline.service, settings), base_url="https://timeline.test") as client:
            yield DeliveryWorld(timeline, client, {"Authorization": f"Bearer {key}"}, settings)


def verified(
    world: DeliveryWorld, got: ReceivedRequest, secret: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The body, if the Standard Webhooks library takes it for signed by the secret just now, by the world's clock."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(world.timeline.clock.at.timestamp(), tz or UTC)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Then)
    body: dict[str, Any] = Webhook(secret).verify(got.body, got.headers)
    return body
