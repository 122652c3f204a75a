"""Verifying: every row of the read models is what a replay of the log makes of it, and the log itself is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

from sqlalchemy import Connection, Table, select

from application.service import Progress, Service
from eventlog.audit import Advance, checkpoint_in, tree_faults
from eventlog.tables import log
from projections.rows import Rows
from projections.schema import live_tables, primary_key_of

_BATCH = 20_000


def verify(
    service: Service, progress: Progress = lambda _done, _total: None, *, against: str | None = None
) -> Iterator[str]:
    """Every fault found, a line each, naming the log position, or the table and row.

    First the log itself, also against a checkpoint kept elsewhere, then the read models beside a replay of it. What the
    replay makes of a batch is held beside the stored rows of the same positions, so memory stays bounded.
    """
    kept = None if against is None else checkpoint_in(against)
    with service.reading() as connection:
        head = service.log.head(connection).position
        sound = True
        for fault in tree_faults(connection, lambda done: progress(done, 2 * head), kept):
            sound = False
            yield fault
        try:
            yield from broken_streams(connection)
            yield from _differing_rows(service, connection, lambda done: progress(head + done, 2 * head))
        except Exception as error:
            if sound:
                raise
            # What the log should not hold can break a replay in any way; it has been named above.
            yield f"the read models were not compared any further, because of what the log holds: {_short(error)}"


def _differing_rows(service: Service, connection: Connection, advance: Advance) -> Iterator[str]:
    superseded = _superseded(connection)
    with ExitStack() as cursors:
        stored = [cursors.enter_context(closing(_Stored(connection, table))) for table in live_tables().tables]
        for rows, after in _replayed(service, connection):
            for table_rows in stored:
                yield from table_rows.faults(getattr(rows, table_rows.table.name), superseded, after)
            advance(after)
        for table_rows in stored:
            yield from table_rows.faults([], superseded, None)


def _replayed(service: Service, connection: Connection) -> Iterator[tuple[Rows, int]]:
    """What a replay makes of the log, batch by batch, and the position that each ends at."""
    after, head = 0, service.log.head(connection).position
    while after < head:
        events = list(service.log.read(connection, after=after, limit=_BATCH))
        if not events:
            raise LookupError(f"no event follows position {after}")
        after = events[-1].position
        yield service.rows_of(connection, events), after


def broken_streams(connection: Connection) -> Iterator[str]:
    """The positions whose stream has no event of the version before."""
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
    return dict(map(tuple, connection.execute(query)))


class _Stored:
    """One table's rows in order of position, read once, as the replay comes to them."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.table = table
        self._names = [column.key for column in table.columns]
        self._key = [self._names.index(name) for name in primary_key_of(table)]
        self._position = self._names.index("position")
        query = select(table).order_by(table.c.position).execution_options(stream_results=True)
        self._rows = connection.execute(query)
        self._next = self._rows.fetchone()

    def close(self) -> None:
        self._rows.close()

    def faults(self, expected: list[tuple[Any, ...]], superseded: dict[int, int], up_to: int | None) -> Iterator[str]:
        """What differs between the rows expected and those stored up to a position (None: all that are left)."""
        wanted = self._by_key(self._closed(row, superseded) for row in expected)
        present = self._by_key(self._up_to(up_to))
        for key in sorted(wanted.keys() | present.keys(), key=repr):
            where = f"{self.table.name} row ({', '.join(map(str, key))})"
            if key not in present:
                yield f"{where}: missing"
            elif key not in wanted:
                yield f"{where}: follows from no event of the log"
            elif present[key] != wanted[key]:
                pairs = zip(self._names, present[key], wanted[key], strict=True)
                differing = (
                    f"{name} is {_short(stored)}, the log says {_short(replayed)}"
                    for name, stored, replayed in pairs
                    if stored != replayed
                )
                yield f"{where}: {'; '.join(differing)}"

    def _up_to(self, position: int | None) -> Iterator[tuple[Any, ...]]:
        while self._next is not None and (position is None or self._next[self._position] <= position):
            yield tuple(self._next)
            self._next = self._rows.fetchone()

    def _by_key(self, rows: Iterator[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
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
