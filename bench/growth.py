"""A page of a timeline: of a record, beside the same page of one a tenth as long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count, islice
from time import perf_counter

from bench.client import Client, serving
from bench.databases import KINDS
from bench.figures import Figure, Say
from bench.generate import STEADY, Record
from bench.reads import API

from application.recording import record
from application.service import Service

TIMES = 10
ROUNDS = 15
REQUESTS = 50
_WARM_UP = 2
_BATCH = 10_000


def measure(url: str, database: str, made: Record, say: Say) -> Figure:
    """The figure of pages that were never asked before, so that each is read and none remembered."""
    figure = Figure("timeline, record tenfold", database, "answers")
    few = Record(made.size // TIMES)
    with ExitStack() as stack:
        shorter, _ = stack.enter_context(KINDS[database]())
        say(f"{database}: loading {few.size:,} entries, a tenth")
        _fill(shorter, few)
        readers = [_Reader(stack.enter_context(serving(one))) for one in (url, shorter)]
        for number in range(1, ROUNDS + _WARM_UP + 1):
            say(f"{database}: {figure.name}, round {number} of {ROUNDS + _WARM_UP}")
            ours, floor = (reader.timed() for reader in readers)
            if number > _WARM_UP:
                figure.add(REQUESTS, ours, floor)
    return figure


def _fill(url: str, made: Record) -> None:
    service = Service(url)
    try:
        record(service, [], list(made.jurisdictions()), recorder="bench")
        entries = islice(made.entries(), made.size)
        while batch := list(islice(entries, _BATCH)):
            record(service, batch, recorder="bench")
    finally:
        service.close()


class _Reader:
    """Asks a server for pages of 50 entries, as the record stood at one position after another."""

    def __init__(self, port: int) -> None:
        self._client = Client(port)
        self._pages = self._never_twice()

    def _never_twice(self) -> Iterator[str]:
        for back in count():
            for timeline in (f"{API}/{STEADY}/timeline", "/api/v1/timeline"):
                yield f"{timeline}?recorded_by={self._client.head - back}"

    def timed(self) -> float:
        """How long it takes to ask for pages, one after another, in seconds."""
        paths = list(islice(self._pages, REQUESTS))
        start = perf_counter()
        for path in paths:
            self._client.get(path)
        return perf_counter() - start
