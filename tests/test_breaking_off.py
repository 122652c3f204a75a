"""A streamed list that fails midway does not look whole, whatever the client goes by."""

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from api.resources.timeline import TimelineList
from projections.paging import Page
from small_record import fill, service_on

WAIT_S = 30
BROKEN = "The list broke off here: it is not whole."


class BrokenDiskError(Exception):
    """What a database may say, for the test."""


@pytest.fixture
def port(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server whose lists are read ten items at a time, and of which each third piece cannot be read."""
    service = service_on(sqlite_url)
    fill(service, 40)
    whole, pieces = TimelineList.page, count(1)

    def page(self: TimelineList, *arguments: Any) -> Page[Any, bytes]:
        if next(pieces) % 3 == 0:
            raise BrokenDiskError
        return whole(self, *arguments)

    monkeypatch.setattr(TimelineList, "piece", 10)
    monkeypatch.setattr(TimelineList, "page", page)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(service), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(WAIT_S)
    service.close()


def raw(port: int, suffix: str, *headers: str) -> tuple[bytes, bytes]:
    """The head of an answer and everything that came after it until the server closed the connection."""
    lines = [f"GET /api/v1/timeline.{suffix} HTTP/1.1", "Host: localhost", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as connection:
        connection.sendall("\r\n".join(lines).encode())
        received = b""
        while more := connection.recv(65_536):
            received += more
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def content(body: bytes) -> bytes:
    """What the chunks hold that came."""
    held = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        held, body = held + body[:length], body[length + 2 :]
    return held


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "table.json"])
def test_the_connection_ends_without_the_last_chunk(port: int, suffix: str) -> None:
    head, body = raw(port, suffix)
    assert head.startswith(b"HTTP/1.1 200"), head
    assert b"transfer-encoding: chunked" in head.lower()
    assert not body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_a_client_that_takes_what_came_reads_in_the_last_line_that_it_is_not_whole(port: int, suffix: str) -> None:
    _, body = raw(port, suffix)
    assert BROKEN in content(body).decode().splitlines()[-1]


def test_a_table_in_json_that_breaks_off_is_no_json(port: int) -> None:
    _, body = raw(port, "table.json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(content(body))


def test_a_list_in_gzip_that_breaks_off_is_no_gzip(port: int) -> None:
    _, body = raw(port, "csv", "Accept-Encoding: gzip")
    with pytest.raises(EOFError):
        gzip.decompress(content(body))
    assert BROKEN in zlib.decompressobj(31).decompress(content(body)).decode()
