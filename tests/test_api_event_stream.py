"""The stream of events from a real server: cut anywhere, killed, stopped, read slowly, and left open in numbers."""

from __future__ import annotations

import logging
import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from api.app import create_app
from api.resources import events
from application import followers as following
from application.followers import LogFollower
from application.service import Service
from conftest import WHOLE
from serving import started
from streaming import Block, begin, blocks, in_this_process, judged, read_cut, say, until

STREAM = "/api/v1/events/stream"


@pytest.fixture
def service(sqlite_url: str) -> Iterator[Service]:
    its = Service(sqlite_url)
    begin(its)
    yield its
    its.close()


@contextmanager
def always_recording(service: Service) -> Iterator[None]:
    """Another process than the server's goes on recording."""
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.wait(0.002):
            number += 1
            say(service, f"said-{number}", note="Well. " * (1 + number % 40))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def start(servers: ExitStack, url: str, folder: Path) -> str:
    """The address of a server that is killed, and not stopped, at the end."""
    server, address, _ = servers.enter_context(started(folder, DATABASE_URL=url, REMINDERS="off"))
    servers.callback(server.kill)
    return address


def connected(url: str) -> socket.socket:
    """A reader who asked, and takes nothing yet."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)
    connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


@pytest.mark.slow
def test_a_stream_cut_again_and_again_while_its_server_is_killed_has_every_event_once_in_order(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(1373)
    got: list[Block] = []
    servers = ExitStack()
    service = Service(database_url)
    begin(service)
    with always_recording(service):
        address = start(servers, database_url, tmp_path)
        for cut in range(50 if WHOLE else 12):
            if cut in (5, 20, 40):
                servers.close()
                address = start(servers, database_url, tmp_path)
            got += read_cut(address + STREAM, got[-1].id if got else None, chance.randrange(1, 30_000))
    head = service.log.head_position()
    service.close()
    with servers:
        with httpx2.Client().sse(address + STREAM, headers={"Last-Event-ID": str(got[-1].id)}) as events:
            for event in events if got[-1].id < head else ():
                got += blocks(f"id: {event.id}\nevent: {event.event}\ndata: {event.data}\n\n".encode())
                if got[-1].id == head:
                    break
        told = list(range(1, head + 1))
        assert [block.id for block in got] == told
        assert [int(block.event["id"]) for block in got] == told
        assert head > (100 if WHOLE else 20)


@pytest.mark.slow
def test_a_server_that_is_stopped_ends_its_streams_at_once(database_url: str, tmp_path: Path) -> None:
    service = Service(database_url)
    begin(service)
    with started(tmp_path, DATABASE_URL=database_url) as (server, address, _), ExitStack() as readers:
        client = readers.enter_context(httpx2.Client(timeout=10))
        streams = [readers.enter_context(client.sse(address + STREAM)) for _ in range(5)]
        iterators = [iter(stream) for stream in streams]
        assert [next(iterator).event for iterator in iterators] == ["JurisdictionAdded"] * 5
        say(service, "a-word")
        assert {next(iterator).id for iterator in iterators} == {"2"}
        server.send_signal(signal.SIGTERM)
        assert [list(iterator) for iterator in iterators] == [[]] * 5, "the answers end as answers do"
        server.wait(timeout=20)
        assert server.stdout is not None
        assert "Traceback" not in server.stdout.read()
    service.close()


def test_what_any_process_records_comes_as_it_is_recorded(service: Service) -> None:
    app = create_app(service)
    another = Service(service.engine.url.render_as_string(hide_password=False))
    with in_this_process(app) as url, httpx2.Client().sse(f"{url}?after=1") as stream:
        events = iter(stream)
        for number, its in enumerate((service, another, service), 2):
            say(its, f"said-{number}")
            event = next(events)
            assert (event.id, event.event) == (str(number), "StatementMade")
            assert judged(event.data.encode()).get_subject() == f"entries/said-{number}"
    another.close()


def test_a_last_event_id_is_taken_before_the_address(service: Service) -> None:
    say(service, "a-word")
    app = create_app(service)
    with (
        in_this_process(app) as url,
        httpx2.Client().sse(f"{url}?after=0", headers={"Last-Event-ID": "1"}) as stream,
    ):
        assert next(iter(stream)).id == "2"


def test_nothing_on_the_way_may_keep_it_or_change_it(service: Service) -> None:
    app = create_app(service)
    sent = {"Accept-Encoding": "gzip", "Accept": "text/event-stream"}
    with in_this_process(app) as url, httpx2.stream("GET", url, headers=sent) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert not {"etag", "content-encoding", "content-length", "last-modified"} & set(answer.headers)


def test_whoever_asks_for_the_head_of_it_alone_waits_for_nothing(service: Service) -> None:
    app = create_app(service)
    with in_this_process(app) as url:
        answer = httpx2.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"


def test_silence_is_filled_with_comments_that_have_no_id(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "HEARTBEAT_S", 0.05)
    got = b""
    with in_this_process(create_app(service)) as url, httpx2.stream("GET", f"{url}?after=1") as answer:
        for data in answer.iter_raw():
            got += data
            if got.count(b"\n\n") >= 5:
                break
    assert set(got.splitlines()) == {b":", b""}
    assert b"id" not in got


def test_one_look_serves_all_streams_and_none_of_them_holds_a_connection(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(service)
    live: LogFollower = app.state.live
    reads: list[int] = []
    monkeypatch.setattr(live, "_read", lambda after, _: reads.append(after))
    with in_this_process(app) as url, ExitStack() as readers:
        waiting = [readers.enter_context(connected(f"{url}?after=1")) for _ in range(60)]
        until(lambda: live.streams == 60)
        say(service, "a-word")
        for one in waiting:
            got = b""
            while b"id: 2\n" not in got:
                got += one.recv(4096)
        until(lambda: service.engine.pool.checkedout() == 0)  # type: ignore[attr-defined]  # a pool that counts
        readers.close()
        until(lambda: live.streams == 0)
    assert reads == [], "the follower had read it for all of them"


def test_a_reader_who_takes_nothing_costs_little_and_is_let_go(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "uvicorn.error")  # it says that an answer was not ended: so it was
    monkeypatch.setattr(events, "SEND_TIMEOUT_S", 0.2)
    say(service, *(f"said-{number}" for number in range(500)), note="Well. " * 3_300)
    app = create_app(service)
    live: LogFollower = app.state.live
    with in_this_process(app) as url, connected(f"{url}?after=0"):
        until(lambda: live.streams == 1)
        until(lambda: live.streams == 0)


def test_more_streams_than_a_process_takes_are_told_when_to_come_again(service: Service) -> None:
    app = create_app(service)
    app.state.live = live = LogFollower(service, most=2)
    with in_this_process(app) as url, ExitStack() as readers:
        for _ in range(2):
            readers.enter_context(connected(url))
        until(lambda: live.streams == 2)
        refused = httpx2.get(url)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["type"] == "urn:problem-type:too-many-streams"
        metrics = httpx2.get(url.replace("/api/v1/events/stream", "/metrics")).text
        assert "\ndispute_timeline_event_streams 2.0\n" in metrics
        readers.close()
        until(lambda: live.streams == 0)
        assert read_cut(url, None, 200) == [], "there is room again"


def test_a_database_that_is_away_is_asked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(service)
    live: LogFollower = app.state.live
    look = live._beyond
    failures = iter(range(2))

    def away(known: int) -> object:
        if next(failures, None) is not None:
            raise OSError("the database is away")
        return look(known)

    monkeypatch.setattr(live, "_beyond", away)
    with in_this_process(app) as url, httpx2.Client().sse(url) as stream:
        assert next(iter(stream)).id == "1"
    assert caplog.text.count("is looked at again") == 2
