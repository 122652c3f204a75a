"""Answers of "nothing new", beside a bare route of the same server that does nothing but say so."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from bench.client import Connection
from bench.figures import Figure, Say
from bench.generate import STEADY, Record

ROUNDS = 15
REQUESTS = 400
_WARM_UP = 2
_API = "/api/v1/jurisdictions"


class Reader(Connection):
    """One connection that is kept alive, and asks for what it has already."""

    def tag_of(self, path: str) -> str:
        """The ETag of an answer."""
        return self.ask(path).header(b"etag").decode("latin-1")

    def unchanged(self, path: str, tag: str) -> None:
        """Asks for it again; RuntimeError where it is sent again."""
        answer = self.ask(path, headers=f"If-None-Match: {tag}\r\n")
        if answer.status != 304:
            raise RuntimeError(f"{path}: {answer.head[:500]!r}")


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
