"""Recording: a batch and a single act at a time, beside the raw driver writing the rows that each came to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from time import perf_counter

from bench.figures import Figure, Say, timed
from bench.floors import Raw, raw, rows_since, together
from bench.generate import Fields, Record

from application.recording import record
from application.service import Service

BATCH = 10_000
ROUNDS = 25


def load(service: Service, floor_url: str, made: Record, database: str, say: Say) -> tuple[Figure, Iterator[Fields]]:
    """Records the whole of a generated record in batches; the figure, and the acts that would come next."""
    figure = Figure("load", database, "entries")
    Service(floor_url).close()  # makes the tables
    floor = raw(floor_url)
    places = made.jurisdictions()
    while batch := list(islice(places, BATCH)):
        head = _head(service)
        record(service, [], batch, recorder="bench")
        _copied(service, head, floor)
    entries = made.entries()
    size = min(BATCH, max(made.size // 10, 1))
    for done in range(0, made.size, size):
        say(f"{database}: loading, {done:,} of {made.size:,} entries")
        batch = list(islice(entries, min(size, made.size - done)))
        head = _head(service)
        seconds = timed(partial(record, service, batch, recorder="bench"))
        figure.add(len(batch), seconds, _copied(service, head, floor))
    floor.close()
    return figure, entries


def append(service: Service, floor_url: str, entries: Iterator[Fields], database: str, count: int, say: Say) -> Figure:
    """Records acts one by one, each in a durable transaction of its own with its read models."""
    figure = Figure("append", database, "appends")
    floor = raw(floor_url)
    for number in range(ROUNDS + 1):
        say(f"{database}: single appends, round {number + 1} of {ROUNDS + 1}")
        items = list(islice(entries, count))
        head = _head(service)
        start = perf_counter()
        for item in items:
            record(service, [item], recorder="bench")
        seconds = perf_counter() - start
        each = list(rows_since(service, head))
        start = perf_counter()
        for rows in each:
            floor.write(rows)
        if number:  # the first warms both up
            figure.add(count, seconds, perf_counter() - start)
    floor.close()
    return figure


def _head(service: Service) -> int:
    with service.snapshot() as snapshot:
        return snapshot.head


def _copied(service: Service, head: int, floor: Raw) -> float:
    """How long the raw driver takes for what was recorded after a position."""
    rows = together(rows_since(service, head))
    return timed(lambda: floor.write(rows))
