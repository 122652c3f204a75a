"""Clients that take what they can from a real server: heads without an end, bodies for nobody, answers not taken."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.http import connections, limits
from api.http.connections import HEAD_S
from api.http.limits import LARGEST_HEAD
from application.keys import add_key
from application.service import Service
from application.settings import Settings
from command_line import SEEDS, run
from serving import served, started

PATIENCE_S = 30


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/timeline.db"
    run(url, "load", SEEDS / "jurisdictions.yaml")
    with served(folder, DATABASE_URL=url) as (address, _):
        yield address


def connected(root: str) -> socket.socket:
    host, _, port = root.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def all_of(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    received = b""
    while data := connection.recv(65_536):
        received += data
    return received


def answer_to(root: str, *sent: bytes) -> bytes:
    with connected(root) as connection:
        for part in sent:
            connection.sendall(part)
        return all_of(connection)


def taken_of(connection: socket.socket, most: int) -> int:
    """How many bytes could be sent until the other side would have no more."""
    sent = 0
    with suppress(ConnectionError):
        while sent < most:
            sent += connection.send(b"a" * 65_536)
    return sent


def health_is_told(root: str) -> None:
    begun = time.monotonic()
    answer = answer_to(root, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    assert time.monotonic() - begun < PATIENCE_S


def test_a_head_of_any_size_is_refused_before_it_is_whole(root: str) -> None:
    with connected(root) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        sent = taken_of(connection, 80_000_000)
    # What the system holds on the way is not the server's: some megabytes of eighty.
    assert sent < 40_000_000
    health_is_told(root)


def test_a_head_that_is_too_large_is_answered(root: str) -> None:
    answer = answer_to(root, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * (LARGEST_HEAD + 8_192))
    assert answer.startswith(b"HTTP/1.1 431"), answer[:200]


def test_repeated_header_fields_are_refused_unread(root: str) -> None:
    fields = b"Accept: text/html\r\n" * 1_000
    answer = answer_to(root, b"GET /api/v1/timeline HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431")
    assert json.loads(body)["type"] == "urn:problem-type:head-too-large"


def test_half_a_head_is_not_waited_for_for_ever_however_it_drips(root: str) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connected(root)) for _ in range(3)]
        for connection in silent:
            connection.sendall(b"GET /api/v1/timeline HTTP/1.1\r\nHost: x\r\n")
        dripping = stack.enter_context(connected(root))
        kept = stack.enter_context(connected(root))
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        until = time.monotonic() + HEAD_S + PATIENCE_S
        ended = False
        while not ended and time.monotonic() < until:
            time.sleep(0.5)
            try:
                dripping.sendall(b"\r\n")
                kept.sendall(b"\r\n")
            except OSError:
                ended = True
        assert ended
        for connection in silent:
            assert all_of(connection).startswith(b"HTTP/1.1 408")
    health_is_told(root)


def test_more_connections_than_there_may_be_make_room_by_ending_the_ones_that_ask_nothing(root: str) -> None:
    with ExitStack() as stack:
        for _ in range(1_000):
            connection = stack.enter_context(connected(root))
            connection.sendall(b"GET /api/v1/timeline HTTP/1.1\r\nHost: x\r\n")
        health_is_told(root)


def a_post(length: int, *fields: bytes) -> bytes:
    given = [b"Host: x", b"Content-Type: application/json", b"Content-Length: %d" % length, *fields]
    return b"\r\n".join([b"POST /api/v1/entries:batch HTTP/1.1", *given, b"", b""])


def test_a_body_under_a_wrong_key_is_not_read_before_it_is_refused(root: str) -> None:
    with connected(root) as connection:
        connection.sendall(a_post(30_000_000, b"Authorization: Bearer dt_wrong"))
        head = connection.recv(65_536)
    assert head.startswith(b"HTTP/1.1 401")
    assert b"connection: close" in head.lower()


@pytest.mark.parametrize("length", [3_000_000, 40_000_000])
def test_a_client_that_sends_all_of_a_body_for_nobody_can_read_why_not(root: str, length: int) -> None:
    """It reads only once it has sent all, as most clients do."""
    sent = a_post(length, b"Authorization: Bearer dt_wrong"), b" " * length
    assert answer_to(root, *sent).startswith(b"HTTP/1.1 401")


def test_a_body_that_stops_half_way_after_its_answer_ends_the_connection(root: str) -> None:
    with connected(root) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        assert all_of(connection).startswith(b"HTTP/1.1 200")


def test_a_small_body_that_nobody_needs_does_not_cost_the_connection(root: str) -> None:
    with connected(root) as connection:
        for _ in range(2):
            connection.sendall(a_post(4) + b"null")
            answer = b""
            while not answer.endswith(b"}"):
                answer += connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 401")


def test_one_address_may_follow_a_few_streams_and_leaves_the_rest_to_others(root: str) -> None:
    ask = b"GET /api/v1/events/stream HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        begun = []
        for _ in range(25):
            connection = stack.enter_context(connected(root))
            connection.sendall(ask)
            begun.append(connection.recv(12))
            time.sleep(0.02)  # a stream counts from its first look at the log
        assert begun.count(b"HTTP/1.1 200") == 20
        assert begun.count(b"HTTP/1.1 503") == 5
        health_is_told(root)


def test_health_is_told_while_one_address_asks_for_all_that_is_dear(root: str) -> None:
    def ask(day: int) -> bytes:
        path = f"/places/chicago-il/lanes.png?as_of=2018-01-{day % 28 + 1:02}&public_by=2019-02-{day % 27 + 1:02}"
        return answer_to(root, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())[:12]

    with ThreadPoolExecutor(30) as pool:
        answers = pool.map(ask, range(30))
        health_is_told(root)
        assert set(answers) <= {b"HTTP/1.1 200", b"HTTP/1.1 429"}


def test_nobody_is_believed_about_another_address_unless_proxies_are_named(tmp_path: Path) -> None:
    ask = (
        b"GET /api/v1/events?limit=1 HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.%d\r\nConnection: close\r\n\r\n"
    )
    url = f"sqlite:///{tmp_path}/timeline.db"
    for proxies, limited in (("", True), ("127.0.0.0/8", False)):
        with served(tmp_path, DATABASE_URL=url, RATE_LIMIT="2", TRUSTED_PROXIES=proxies) as (root, _):
            answers = [answer_to(root, ask % number)[:12] for number in range(4)]
        assert (b"HTTP/1.1 429" in answers) is limited, proxies


def test_a_refused_key_is_in_the_servers_log_without_the_key(tmp_path: Path) -> None:
    secret = "dt_a-secret-of-somebody"
    with started(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/timeline.db") as (server, root, _):
        ask = (
            f"GET /api/v1/reminders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\r\n"
        )
        for _ in range(3):
            assert answer_to(root, ask.encode()).startswith(b"HTTP/1.1 401")
        server.terminate()
        assert server.stdout is not None
        said = server.stdout.read()
    assert said.count("a key was refused: GET '/api/v1/reminders' from 127.0.0.1") == 1
    assert secret not in said


@pytest.fixture
def near(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server in this process, which is less patient."""
    monkeypatch.setattr(connections, "TAKEN_S", 0.3)
    service = Service(f"sqlite:///{tmp_path}/timeline.db")
    with listening(create_app(service)) as address:
        yield address
    service.close()


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(connections.server_config(app, Settings()))
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


def test_answers_that_nobody_takes_are_not_kept_for_ever(near: str) -> None:
    ask = b"GET /docs/files/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
    size = len(answer_to(near, ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    assert size > 1_000_000
    with connected(near) as connection:
        connection.sendall(ask * 20)
        time.sleep(3)  # takes nothing
        taken = 0
        with suppress(ConnectionError):
            while data := connection.recv(65_536):
                taken += len(data)
    assert taken < 19 * size


def test_an_answer_that_is_taken_slowly_is_taken_whole(near: str) -> None:
    ask = b"GET /docs/files/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(near) as connection:
        connection.sendall(ask)
        taken = b""
        while data := connection.recv(65_536):
            taken += data
            time.sleep(0.03)
    announced = int(taken.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert len(taken.partition(b"\r\n\r\n")[2]) == announced


def test_a_body_that_stops_under_a_key_is_answered_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_S", 0.3)
    service = Service(f"sqlite:///{tmp_path}/timeline.db")
    key = add_key(service, "A Newsroom").encode()
    with listening(create_app(service)) as near:
        answer = answer_to(near, a_post(1_000, b"Authorization: Bearer " + key), b"half of it")
    service.close()
    assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
    assert b"urn:problem-type:too-slow" in answer
