"""A server in a process of its own, and the least that can ask it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.generate import STEADY


class Client:
    """One connection that is kept alive: the least that can ask and read an answer."""

    def __init__(self, port: int, place: str = STEADY) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.get(f"/api/v1/jurisdictions/{place}")
        self.head = int(self._answered(b"log-position"))

    def get(self, path: str) -> bytes:
        """The body of a 200; RuntimeError for any other answer."""
        return self._ask(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def put(self, path: str, body: bytes) -> None:
        """Hands over the bytes that the bare route is to answer with."""
        head = f"PUT {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\n"
        self._ask(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        got = self._socket.recv(262_144)
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._socket.recv(262_144)
        head = got[:end].lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{request[:200]!r}: {got[:500]!r}")
        self._head = head
        length = int(self._answered(b"content-length"))
        body = got[end + 4 :]
        while len(body) < length:
            body += self._socket.recv(262_144)
        return body

    def _answered(self, header: bytes) -> bytes:
        return self._head.partition(header + b": ")[2].partition(b"\r\n")[0]


@contextmanager
def serving(url: str) -> Iterator[int]:
    """The port of a server of the record at a database address, in a process of its own."""
    command = [sys.executable, "-m", "bench.server", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()
