"""Subscriptions made over the API, and receivers on loopback that keep what they get and answer as they are told."""

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
from application.reminders.outbox import OutboxSender
from application.reminders.tables import deliveries_table, outbox_table
from application.settings import Settings
from reminding_world import Reminding, reminding

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
class Got:
    """A request as a receiver got it."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(slots=True)
class Receiver:
    """Somebody's server: answers 204, unless told otherwise."""

    url: str
    got: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer | None = None

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.got]


def says(status: int, **headers: str) -> Answer:
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
            its.got.append(Got(self.path, headers, self.rfile.read(length)))
            answer = its.answers.pop(0) if its.answers else its.always or says(204)
            try:
                answer(self)
            except OSError:
                self.close_connection = True  # whoever asked did not wait

        def log_message(self, *_: object) -> None:  # it is quiet in tests
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    its = Receiver(f"http://127.0.0.1:{server.server_port}/hook?to=us")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield its
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(slots=True)
class Delivering:
    """What a test says over the API, and sees arrive."""

    its: Reminding
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
        self.its.demand(demand, due)
        assert self.its.tick(at) >= 1

    def send(self) -> None:
        sender = OutboxSender(self.its.service, self.settings)
        sender.send_due()
        sender.close()

    def later(self, **passed: float) -> None:
        """Some time goes by, and what is due then is sent."""
        self.its.clock.at += timedelta(**passed)
        self.send()

    def reminders(self, **filters: str) -> list[dict[str, Any]]:
        answer = self.ask("GET", "reminders", params=filters)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["reminders"]
        return found

    def attempts(self) -> list[tuple[str, str | None]]:
        with self.its.service.engine.connect() as connection:
            rows = connection.execute(
                select(deliveries_table).order_by(deliveries_table.c.at, deliveries_table.c.attempt)
            )
            return [(row.outcome, row.detail) for row in rows]

    def waiting(self) -> list[Any]:
        with self.its.service.engine.connect() as connection:
            return list(connection.execute(select(outbox_table).where(outbox_table.c.state == "pending")))

    def happened(self) -> list[str]:
        """What the log says of reminders, by name."""
        return [type(event).__name__ for event in self.its.events()]


@contextmanager
def delivering(url: str, settings: Settings = LOOPBACK) -> Iterator[Delivering]:
    with reminding(url) as its:
        key = keys.add_key(its.service, "Attorney")
        with TestClient(create_app(its.service, settings), base_url="https://timeline.test") as client:
            yield Delivering(its, client, {"Authorization": f"Bearer {key}"}, settings)


def verified(world: Delivering, got: Got, secret: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The body, if the Standard Webhooks library takes it for signed by the secret just now, by the world's clock."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(world.its.clock.at.timestamp(), tz or UTC)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Then)
    body: dict[str, Any] = Webhook(secret).verify(got.body, got.headers)
    return body
