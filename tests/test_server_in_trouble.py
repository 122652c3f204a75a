"""A real server whose database is locked, away, frozen, full, read-only or deleted: 503 in time, and then as before."""

import json
import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
import sqlalchemy

from application import keys
from application.service import Service
from conftest import libpq
from serving import started

IN_TIME_S = 9.0
"""Some five seconds are meant; a shared machine may stall for as long again, and no wait without an end passes."""


class Said(NamedTuple):
    status: int
    retry_after: str | None
    media_type: str
    body: str
    took_s: float


class Server:
    """A server, and the database behind it."""

    def __init__(self, root: str, url: str, key: str, pid: int) -> None:
        self.root, self.url, self.key, self.pid = root, url, key, pid

    def ask(self, path: str, fields: Any = None, accept: str = "application/json") -> Said:
        headers = {"Accept": accept, "Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        body = None if fields is None else json.dumps(fields).encode()
        begun = monotonic()
        try:
            with urlopen(Request(self.root + path, body, headers), timeout=60) as answer:
                status, its_headers, text = answer.status, answer.headers, answer.read().decode()
        except HTTPError as error:
            status, its_headers, text = error.code, error.headers, error.read().decode()
        took_s = monotonic() - begun
        return Said(status, its_headers["Retry-After"], its_headers["Content-Type"], text, took_s)

    def post(self, number: int) -> Said:
        place = {"id": f"place-{number}-xx", "name": "A place", "kind": "city", "state": "LA"}
        return self.ask("/api/v1/jurisdictions", {**place, "time_zone": "America/Chicago"})


def in_time(said: Said) -> None:
    assert (said.status, bool(said.retry_after)) == (503, True), said
    assert said.took_s < IN_TIME_S, said


def in_time_or_too_many(all_said: list[Said]) -> None:
    """Of many requests of one address some are not even begun: a 429, which says as well when to come back."""
    assert {said.status for said in all_said} <= {429, 503}
    assert 503 in {said.status for said in all_said}
    for said in all_said:
        assert said.retry_after
        assert said.took_s < IN_TIME_S, said


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    running = []

    def start(url: str, **settings: str) -> Server:
        service = Service(url)
        key = keys.add_key(service, "A Newsroom")
        service.close()
        context = started(tmp_path, DATABASE_URL=url, REMINDERS="off", **settings)
        process, root, _ = context.__enter__()
        running.append(context)
        server = Server(root, url, key, process.pid)
        assert server.post(1).status == 201
        return server

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def on_sqlite(serve: Callable[..., Server], sqlite_url: str) -> Server:
    return serve(sqlite_url)


@pytest.fixture
def on_postgres(serve: Callable[..., Server], fresh_postgres: str) -> Server:
    return serve(fresh_postgres)


def file_of(server: Server) -> Path:
    return Path(str(sqlalchemy.make_url(server.url).database))


# Without a limit for each address, one address is as many: only the threads keep writers and readers apart.
@pytest.mark.parametrize("settings", [{}, {"RATE_LIMIT": "off"}], ids=["one address", "many addresses"])
def test_writers_wait_no_longer_than_they_may_and_keep_nobody_else_waiting(
    serve: Callable[..., Server], fresh_postgres: str, settings: dict[str, str]
) -> None:
    server = serve(fresh_postgres, **settings)
    with psycopg.connect(libpq(sqlalchemy.make_url(server.url))) as other, ThreadPoolExecutor(60) as crowd:
        other.execute("SELECT * FROM log_head FOR UPDATE")
        posts = [crowd.submit(server.post, number) for number in range(2, 62)]
        for path in ("/api/v1/jurisdictions", "/healthz", "/"):
            said = server.ask(path, accept="*/*")
            assert said.status == 200
            assert said.took_s < IN_TIME_S
            assert not all(post.done() for post in posts), "it was answered while writers wait"
        in_time(server.ask("/readyz"))
        in_time_or_too_many([post.result() for post in posts])
    assert server.post(2).status == 201
    assert server.ask("/readyz").status == 200


def test_a_database_that_is_away_is_said_in_json_and_on_pages_and_comes_back(on_postgres: Server) -> None:
    url = sqlalchemy.make_url(on_postgres.url)
    with psycopg.connect(libpq(url.set(database="postgres")), autocommit=True) as keeper:
        keeper.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false")
        keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        for path in ("/api/v1/timeline", "/healthz", "/readyz", "/metrics"):
            in_time(on_postgres.ask(path))
        in_time(on_postgres.post(2))
        page = on_postgres.ask("/", accept="text/html")
        in_time(page)
        assert page.media_type.startswith("text/html")
        assert "database cannot be reached" in page.body
        problem = json.loads(on_postgres.ask("/api/v1/timeline").body)
        assert problem["type"] == "urn:problem-type:database-trouble"
        assert "your request was not at fault" in problem["detail"]
        assert str(url.database) not in problem["detail"], "the server's own words are for the keeper"
        keeper.execute(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
    assert on_postgres.ask("/api/v1/timeline").status == 200
    assert on_postgres.post(2).status == 201


def test_a_standby_is_read_from_and_takes_no_writes(on_postgres: Server) -> None:
    url = sqlalchemy.make_url(on_postgres.url)
    with psycopg.connect(libpq(url.set(database="postgres")), autocommit=True) as keeper:
        keeper.execute(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
        keeper.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))
        on_postgres.ask("/api/v1/timeline")  # which finds out that its connection is lost
        assert on_postgres.ask("/api/v1/timeline").status == 200
        in_time(on_postgres.post(2))
        in_time(on_postgres.ask("/readyz"))
        keeper.execute(f"ALTER DATABASE {url.database} SET default_transaction_read_only = off")
    assert on_postgres.post(2).status == 201, "its connections to a server that takes no writes were given up"


def test_a_frozen_database_is_given_up_in_time(on_postgres: Server) -> None:
    url = sqlalchemy.make_url(on_postgres.url)
    with psycopg.connect(libpq(url.set(database="postgres")), autocommit=True) as keeper:
        rows = keeper.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (url.database,)).fetchall()
        for (pid,) in rows:
            os.kill(pid, signal.SIGSTOP)
        try:
            in_time(on_postgres.ask("/api/v1/jurisdictions/place-1-xx"))
        finally:
            for (pid,) in rows:
                os.kill(pid, signal.SIGCONT)
    assert on_postgres.post(2).status == 201


def test_a_file_that_another_process_has_locked_is_busy_in_time(on_sqlite: Server) -> None:
    other = sqlite3.connect(file_of(on_sqlite), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(30) as crowd:
        posts = [crowd.submit(on_sqlite.post, number) for number in range(2, 32)]
        assert on_sqlite.ask("/api/v1/jurisdictions").status == 200
        assert on_sqlite.ask("/healthz").status == 200
        in_time(on_sqlite.ask("/readyz"))
        in_time_or_too_many([post.result() for post in posts])
    other.execute("ROLLBACK")
    other.close()
    assert on_sqlite.post(2).status == 201


def test_nothing_is_acknowledged_that_goes_into_a_deleted_file(on_sqlite: Server, tmp_path: Path) -> None:
    path = file_of(on_sqlite)
    path.rename(tmp_path / "elsewhere")
    in_time(on_sqlite.post(2))
    ready = on_sqlite.ask("/readyz")
    in_time(ready)
    assert "no longer the one that was opened" in json.loads(ready.body)["why"][0]
    (tmp_path / "elsewhere").rename(path)
    assert on_sqlite.post(2).status == 201
    assert on_sqlite.ask("/readyz").status == 200


def test_a_full_disk_takes_no_writes_and_is_not_ready(on_sqlite: Server) -> None:
    unlimited = resource.prlimit(on_sqlite.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(on_sqlite.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
    in_time(on_sqlite.post(2))
    in_time(on_sqlite.ask("/readyz"))
    assert on_sqlite.ask("/api/v1/jurisdictions").status == 200
    resource.prlimit(on_sqlite.pid, resource.RLIMIT_FSIZE, unlimited)
    assert on_sqlite.post(2).status == 201
    assert on_sqlite.ask("/readyz").status == 200


def test_a_damaged_file_is_no_bug(on_sqlite: Server) -> None:
    path = file_of(on_sqlite)
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (len(before) - 4096))
    said = {on_sqlite.ask(path_).status for path_ in ("/api/v1/timeline", "/api/v1/jurisdictions", "/api/v1/log")}
    assert 500 not in said
    in_time(on_sqlite.post(3))
    with path.open("r+b") as file:
        file.write(before)
    on_sqlite.ask("/api/v1/timeline")  # which may still find damaged pages in memory
    assert on_sqlite.ask("/api/v1/timeline").status == 200
    assert on_sqlite.post(3).status == 201


def test_a_server_whose_schema_another_program_changed_is_not_ready(on_sqlite: Server) -> None:
    with sqlite3.connect(file_of(on_sqlite)) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    ready = on_sqlite.ask("/readyz")
    in_time(ready)
    assert "schema 9999" in json.loads(ready.body)["why"][0]
