"""A server in a process of its own, and the least that can ask it.

Every wait here has an end: a server that says nothing for `ANSWER_S` fails the measurement, and one that closed the
connection while it was idle (uvicorn does after 5 s) is connected to again.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from typing import NamedTuple

from bench.generate import STEADY

ANSWER_S = 120.0
"""Seconds after which an answer is given up."""
_START_S = 600.0
"""Seconds in which a server must say its port: it may have to rebuild a large record first."""
_STOP_S = 30.0
_CHUNK = 262_144


class Answer(NamedTuple):
    """A status code, the head in lower case, and the body."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header, whose name is given in lower case; empty where it is not there."""
        return self.head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


class Connection:
    """One connection that is kept alive: the least that can ask and read an answer."""

    def __init__(self, port: int, answer_s: float = ANSWER_S) -> None:
        self._port = port
        self._answer_s = answer_s
        self._socket = self._connect()

    def ask(self, path: str, method: str = "GET", headers: str = "", body: bytes = b"") -> Answer:
        """The answer to a request. `headers` are whole lines, each with its line end.

        TimeoutError where nothing comes, ConnectionError where the server closes before the answer is whole.
        """
        request = f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode() + body
        if self._is_closed():
            self._socket.close()
            self._socket = self._connect()
        self._socket.sendall(request)
        received = self._receive()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head = received[:end].lower()
        answer = Answer(int(head[9:12]), head, received[end + 4 :])
        length = int(answer.header(b"content-length") or 0)
        body = answer.body
        while len(body) < length:
            body += self._receive()
        return answer._replace(body=body)

    def close(self) -> None:
        """Closes it."""
        self._socket.close()

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), timeout=self._answer_s)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def _is_closed(self) -> bool:
        """Whether the server ended the connection: between two answers there is nothing else to read."""
        readable, _, _ = select([self._socket], [], [], 0)
        return bool(readable)

    def _receive(self) -> bytes:
        received = self._socket.recv(_CHUNK)
        if not received:
            raise ConnectionError("the server closed the connection before its answer was whole")
        return received


class Client(Connection):
    """A connection that knows the head of the record."""

    def __init__(self, port: int, place: str = STEADY) -> None:
        super().__init__(port)
        self.head = int(self._ok(self.ask(f"/api/v1/jurisdictions/{place}")).header(b"log-position"))

    def get(self, path: str) -> bytes:
        """The body of a 200; RuntimeError for any other answer."""
        return self._ok(self.ask(path)).body

    def put(self, path: str, body: bytes) -> None:
        """Hands over the bytes that the bare route is to answer with."""
        headers = f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n"
        self._ok(self.ask(path, "PUT", headers, body))

    @staticmethod
    def _ok(answer: Answer) -> Answer:
        if answer.status != 200:
            raise RuntimeError(f"{answer.head[:500]!r} {answer.body[:500]!r}")
        return answer


@contextmanager
def serving(url: str) -> Iterator[int]:
    """The port of a server of the record at a database address, in a process of its own."""
    command = [sys.executable, "-m", "bench.server", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        try:
            ready, _, _ = select([server.stdout], [], [], _START_S)
            if not ready:
                raise TimeoutError(f"the server did not start within {_START_S:.0f} s")
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()
            try:
                server.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                server.kill()
