"""Reading over HTTP, beside a bare route of the same server that answers with the same bytes."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count, cycle, islice, repeat
from time import perf_counter

from bench import caching
from bench.figures import Figure, Say
from bench.generate import STEADY, Record

ROUNDS = 11
REQUESTS = 100
_WARM_UP = 2
_SEED = 1373
_FIRST, _LAST = date(2016, 6, 1).toordinal(), date(2026, 6, 1).toordinal()
API = "/api/v1/jurisdictions"


class Client:
    """One connection that is kept alive: the least that can ask and read an answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.get(f"{API}/{STEADY}")
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


def measure(url: str, database: str, made: Record, say: Say) -> list[Figure]:
    """The figures of a timeline page and of a status, asked again and again and never twice."""
    rng = random.Random(_SEED)
    pages = [f"{API}/{place}/timeline" for place in rng.sample(made.busy(), 50) + rng.sample(made.quiet(), 50)]
    status = f"{API}/{STEADY}/status"
    with serving(url) as port:
        client = Client(port)
        head = client.head
        first_asked = (f"{status}?recorded_by={head - number}" for number in count())
        mixed = (f"{status}?{_clocks(rng, head)}" for _ in count())
        return [
            _measured("timeline", database, client, cycle(pages), say),
            _measured("status", database, client, repeat(status), say),
            _measured("status, first asked", database, client, first_asked, say),
            _measured("status on mixed clocks", database, client, mixed, say),
            *caching.measure(port, database, made, say),
        ]


@contextmanager
def serving(url: str) -> Iterator[int]:
    """A server of the record at a database address, for a while; its port."""
    command = [sys.executable, "-m", "bench.server", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stdin
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def _clocks(rng: random.Random, head: int) -> str:
    """One clock or several, on days and positions anywhere in the record."""
    clocks = {
        "as_of": date.fromordinal(rng.randrange(_FIRST, _LAST)).isoformat(),
        "public_by": date.fromordinal(rng.randrange(_FIRST, _LAST)).isoformat(),
        "recorded_by": str(rng.randrange(head // 2, head)),
    }
    chosen = rng.sample(sorted(clocks), rng.randint(1, len(clocks)))
    return "&".join(f"{name}={clocks[name]}" for name in chosen)


def _measured(name: str, database: str, client: Client, questions: Iterator[str], say: Say) -> Figure:
    figure = Figure(name, database, "answers")
    for number in range(ROUNDS + _WARM_UP):
        say(f"{database}: {name}, round {number + 1} of {ROUNDS + _WARM_UP}")
        paths = list(islice(questions, REQUESTS))
        start = perf_counter()
        answers = [client.get(path) for path in paths]
        seconds = perf_counter() - start
        for one, answer in enumerate(answers):
            client.put(f"/bare/{one}", answer)
        start = perf_counter()
        for one in range(REQUESTS):
            client.get(f"/bare/{one}")
        if number >= _WARM_UP:
            figure.add(REQUESTS, seconds, perf_counter() - start)
    return figure
