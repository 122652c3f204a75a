"""A service behind its API: on each kind of database, empty or with the real record, on a day that stands still."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import sqlalchemy
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from application import keys
from application.bulk.files import load
from application.service import Service
from conftest import libpq, sqlite_template
from eventlog.tables import log
from projections.schema import live_tables

SEEDS = Path(__file__).parent.parent / "seeds"
NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
TODAY = "2026-11-24"
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_numbers = itertools.count(1)


class World:
    """The API as a client sees it, and what lies behind it."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service = service
        self.client = client
        self.headers = {"Authorization": f"Bearer {keys.add_key(service, 'A Newsroom')}"}

    def get(self, address: str, **parameters: Any) -> Any:
        """The JSON at an address under /api/v1; `from_` is written `from`."""
        answer = self.ask(address, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        return answer.json()

    def ask(self, address: str, **parameters: Any) -> httpx2.Response:
        given = {name.rstrip("_"): value for name, value in parameters.items() if value is not None}
        answer: httpx2.Response = self.client.get(f"/api/v1/{address}", params=given or None)
        return answer

    def post(self, what: str, fields: Any) -> httpx2.Response:
        answer: httpx2.Response = self.client.post(f"/api/v1/{what}", json=fields, headers=self.headers)
        return answer

    def send(self, body: bytes, what: str = "entries", **headers: str) -> httpx2.Response:
        """Any bytes as a body."""
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        answer: httpx2.Response = self.client.post(f"/api/v1/{what}", content=body, headers=sent)
        return answer

    def everything(self) -> dict[str, list[Any]]:
        """Every row of the log and of the read models."""
        with self.service.engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table)).all()))
                for table in (log, *live_tables().tables)
            }


def pages(world: World, address: str, plural: str, **parameters: Any) -> list[Any]:
    """All items of a list, page by page."""
    items: list[Any] = []
    cursor = None
    while True:
        page = world.get(address, cursor=cursor, **parameters)
        items += page[plural]
        cursor = page["next"]
        if cursor is None:
            return items


@contextmanager
def world_on(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[World]:
    """A world on a new database, for as long as a module, a class or a test wants it."""
    number = next(_numbers)
    if kind == "sqlite":
        (folder / f"api_{number}.db").write_bytes(sqlite_template())
        with _world(f"sqlite:///{folder}/api_{number}.db") as world:
            yield world
        return
    server = sqlalchemy.make_url(request.getfixturevalue("postgres_url"))
    name = f"api_{number}"
    with psycopg.connect(libpq(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('postgres_template')}")
        with _world(server.set(database=name).render_as_string(hide_password=False)) as world:
            yield world
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _world(url: str) -> Iterator[World]:
    ticks = itertools.count()
    service = Service(url, now=lambda: NOW + timedelta(milliseconds=next(ticks)))
    try:
        with TestClient(create_app(service), raise_server_exceptions=False) as client:
            yield World(service, client)
    finally:
        service.close()


def with_the_record(world: World) -> World:
    """The same, with the real record loaded."""
    load(world.service, [SEEDS], recorder="seeds")
    return world


def read(path: Path) -> list[dict[str, Any]]:
    """The items of one of the record's files."""
    items: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return items


def recorded_entries() -> dict[str, dict[str, Any]]:
    """The entries of the real record's files, by id, as they are written there."""
    return {entry["id"]: entry for path in sorted((SEEDS / "entries").glob("*.yaml")) for entry in read(path)}


def place(id_: str, **more: Any) -> dict[str, Any]:
    """A city of California, unless told otherwise."""
    return {
        "id": id_,
        "name": id_.title(),
        "kind": "city",
        "state": "CA",
        "time_zone": "America/Los_Angeles",
        **more,
    }


def act(kind: str, occurred: str, jurisdictions: list[str], **more: Any) -> dict[str, Any]:
    """An entry with as little as there may be in one."""
    return {
        "kind": kind,
        "occurred": occurred,
        "actor": {"party": "federal"},
        "jurisdictions": jurisdictions,
        "summary": f"A {kind} of {occurred}.",
        "sources": [{"id": "s1", "title": "A paper", "rank": "primary"}],
        **more,
    }
