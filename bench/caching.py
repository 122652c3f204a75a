"""Answers of "nothing new", beside a bare route of the same server that does nothing but say so."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from time import perf_counter

from bench.figures import Figure, Say
from bench.generate import STEADY, Record

ROUNDS = 15
REQUESTS = 400
_WARM_UP = 2
_API = "/api/v1/jurisdictions"


class Reader:
    """One connection that is kept alive, and remembers the tag of each answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def tag_of(self, path: str) -> str:
        """The ETag of an answer."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._socket.recv(262_144)
        head = got[:end].decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].split("\r\n", 1)[0])
        while len(got) < end + 4 + length:
            got += self._socket.recv(262_144)
        return head.partition("\r\netag: ")[2].split("\r\n", 1)[0]

    def unchanged(self, path: str, tag: str) -> None:
        """Asks for it again; RuntimeError where it is sent again."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\nIf-None-Match: {tag}\r\n\r\n".encode())
        got = self._socket.recv(65_536)
        while b"\r\n\r\n" not in got:
            got += self._socket.recv(65_536)
        if not got.startswith(b"HTTP/1.1 304"):
            raise RuntimeError(f"{path}: {got[:500]!r}")


def measure(port: int, database: str, made: Record, say: Say) -> list[Figure]:
    """The figures of a 304 for a timeline page, a status, and a pinned page, which asks the database nothing."""
    pages = [f"{_API}/{place}/timeline" for place in made.busy()[:20]]
    pinned = [f"{page}?recorded_by={made.size}" for page in pages]
    reader = Reader(port)
    return [
        _measured(name, database, reader, paths, say)
        for name, paths in (
            ("304 of a timeline", pages),
            ("304 of a status", [f"{_API}/{STEADY}/status"]),
            ("304 of a pinned timeline", pinned),
        )
    ]


def _measured(name: str, database: str, reader: Reader, paths: Sequence[str], say: Say) -> Figure:
    figure = Figure(name, database, "answers")
    tags = [(path, reader.tag_of(path)) for path in paths]
    for number in range(ROUNDS + _WARM_UP):
        say(f"{database}: {name}, round {number + 1} of {ROUNDS + _WARM_UP}")
        start = perf_counter()
        for one in range(REQUESTS):
            reader.unchanged(*tags[one % len(tags)])
        half = perf_counter()
        for _ in range(REQUESTS):
            reader.unchanged("/bare-304", tags[0][1])
        if number >= _WARM_UP:
            figure.add(REQUESTS, half - start, perf_counter() - half)
    return figure
