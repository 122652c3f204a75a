"""Verifying: every row of the read models is what a replay of the log makes of it, and the log itself is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from application.service import Service
from eventlog.engine import reading
from eventlog.log import Recorded
from eventlog.tables import log
from projections.change import changes
from projections.rows import rows_of
from projections.tables import live

Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""
Rows = dict[tuple[Any, ...], tuple[Any, ...]]
"""A table's rows by their primary key."""

BATCH = 20_000


def verify(service: Service, progress: Progress = lambda _done, _total: None, *, batch: int = BATCH) -> Iterator[str]:
    """Every fault found, a line each, naming the log position, or the table and row.

    What the replay makes of a batch is held beside the stored rows of the same positions, so memory stays bounded.
    """
    with reading(service.engine) as connection:
        head = service.log.head(connection).position
        yield from _broken_streams(connection)
        superseded = _superseded(connection)
        stored = [_Stored(connection, table) for table in live().tables]
        after, stamp = 0, ""
        while after < head:
            events = list(service.log.read(connection, after=after, limit=batch))
            for event in events:
                yield from _broken_order(event, after, stamp)
                after, stamp = event.position, event.recorded_at

            def stream(name: str) -> list[Recorded]:
                return service.log.stream(connection, name)

            rows = rows_of(changes(events, stream), service.memory.due)
            for its in stored:
                yield from its.faults(getattr(rows, its.table.name), superseded, after)
            progress(after, head)
        for its in stored:
            yield from its.faults([], superseded, None)


def _broken_order(event: Recorded, after: int, stamp: str) -> Iterator[str]:
    if event.position != after + 1:
        yield f"log position {after + 1}: missing, the next is {event.position}"
    if event.recorded_at < stamp:
        yield f"log position {event.position}: recorded at {event.recorded_at}, before the last one ({stamp})"


def _broken_streams(connection: Connection) -> Iterator[str]:
    earlier = log.alias("earlier")
    query = (
        select(log.c.position, log.c.stream, log.c.version)
        .outerjoin(earlier, (earlier.c.stream == log.c.stream) & (earlier.c.version == log.c.version - 1))
        .where(log.c.version != 1, earlier.c.position.is_(None))
    )
    for position, stream, version in connection.execute(query):
        yield f"log position {position}: version {version} of {stream!r}, whose version {version - 1} is missing"


def _superseded(connection: Connection) -> dict[int, int]:
    """The position that supersedes each version that is superseded."""
    earlier = log.alias("earlier")
    query = select(earlier.c.position, log.c.position).join(
        log, (earlier.c.stream == log.c.stream) & (earlier.c.version == log.c.version - 1)
    )
    return dict(connection.execute(query).tuples().all())


class _Stored:
    """One table's rows in order of position, read once, as the replay comes to them."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.table = table
        self._names = [column.name for column in table.columns]
        self._key = [self._names.index(column.name) for column in table.primary_key]
        self._position = self._names.index("position")
        query = select(table).order_by(table.c.position).execution_options(stream_results=True)
        self._rows = iter(connection.execute(query))
        self._next = next(self._rows, None)

    def faults(self, expected: list[tuple[Any, ...]], superseded: dict[int, int], up_to: int | None) -> Iterator[str]:
        """What differs between the rows expected and those stored up to a position (None: all that are left)."""
        wanted = self._by_key(self._closed(row, superseded) for row in expected)
        found = self._by_key(self._up_to(up_to))
        for key in sorted(wanted.keys() | found.keys(), key=repr):
            where = f"{self.table.name} row ({', '.join(map(str, key))})"
            if key not in found:
                yield f"{where}: missing"
            elif key not in wanted:
                yield f"{where}: follows from no event of the log"
            elif found[key] != wanted[key]:
                pairs = zip(self._names, found[key], wanted[key], strict=True)
                differing = (
                    f"{name} is {_short(stored)}, the log says {_short(replayed)}"
                    for name, stored, replayed in pairs
                    if stored != replayed
                )
                yield f"{where}: {'; '.join(differing)}"

    def _up_to(self, position: int | None) -> Iterator[tuple[Any, ...]]:
        while self._next is not None and (position is None or self._next[self._position] <= position):
            yield tuple(self._next)
            self._next = next(self._rows, None)

    def _by_key(self, rows: Iterator[tuple[Any, ...]]) -> Rows:
        return {tuple(row[place] for place in self._key): row for row in rows}

    def _closed(self, row: tuple[Any, ...], superseded: dict[int, int]) -> tuple[Any, ...]:
        """The row with the `until` that later events give it."""
        by = superseded.get(row[self._position])
        if by is None or "until" not in self._names:
            return row
        at = self._names.index("until")
        return (*row[:at], by, *row[at + 1 :])


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - one line of a terminal
