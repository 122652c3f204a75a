"""The API behind the real server: what a client's bytes on the wire come to."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

import api_world
from api.app import create_app
from api_world import World, act, place


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


@pytest.fixture
def port(world: World) -> Iterator[int]:
    """A port on which the world is served."""
    config = uvicorn.Config(create_app(world.service), port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def exchange(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body that come back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(body) < int(headers["content-length"]):
            body += connection.recv(65_536)
        return int(lines[0].split()[1]), headers, body


def a_post(world: World, *headers: str) -> bytes:
    lines = ["POST /api/v1/entries HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    lines += [f"{name}: {value}" for name, value in world.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_chunked_body_of_three_megabytes_is_too_large(world: World, port: int) -> None:
    chunk = b"%x\r\n%b\r\n" % (100_000, b" " * 100_000)
    status, headers, body = exchange(port, a_post(world, "Transfer-Encoding: chunked") + chunk * 30 + b"0\r\n\r\n")
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body)["title"] == "The body is too large"


def test_a_body_of_three_megabytes_is_refused_by_its_length(world: World, port: int) -> None:
    status, headers, _ = exchange(port, a_post(world, "Content-Length: 3000000"))
    assert (status, headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/v1/entries/%ff", "/api/v1/entries/%00", "/api/v1/entries/..%2f..%2fetc"])
def test_an_address_of_any_bytes_is_not_found(port: int, path: str) -> None:
    status, headers, _ = exchange(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (status, headers["content-type"]) == (404, "application/problem+json")


def test_many_writers_at_once_lose_and_double_nothing(world: World, port: int) -> None:
    def write(writer: int) -> None:
        for number in range(10):
            fields = act("statement", "2017-04-21", ["springfield"], id=f"of-{writer}-{number}")
            body = json.dumps(fields).encode()
            status, _, _ = exchange(port, a_post(world, f"Content-Length: {len(body)}") + body)
            assert status == 201

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    entries = world.get("timeline", limit=1000)["entries"]
    assert len(entries) == 40
    assert sorted(entry["log"]["position"] for entry in entries) == list(range(2, 42))
