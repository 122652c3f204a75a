"""Verifying: the log and its database are whole, and everything else stored is what follows from the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

from sqlalchemy import Connection, Table, select

from application.rebuild import is_current, rebuild
from application.reminders.consistency import reminder_faults
from application.service import Progress, Service
from application.signing_key import key_faults
from application.verifying.events import event_faults
from application.verifying.indexes import database_faults, search_faults
from application.verifying.schema import schema_faults
from domain.errors import RecordError
from eventlog.audit import Advance, checkpoint_in, tree_faults
from eventlog.records import Recorded
from eventlog.tables import log
from eventlog.trouble import DatabaseTrouble
from eventlog.verify_proof import Checkpoint
from projections.rows import Rows
from projections.schema import live_tables, primary_key_of

_BATCH = 20_000


def verify(
    service: Service, progress: Progress = lambda _done, _total: None, *, against: str | None = None
) -> Iterator[str]:
    """Every fault found, a line each, naming the log position, or the table and row.

    First the database itself and its schema, then the log, also against a checkpoint kept elsewhere; then the read
    models, the search index and the reminders beside what the log makes of them. On a database that is broken any of
    these may fail in any way: that is a fault, too, and the others are looked at all the same. Invalid where `against`
    is no checkpoint.
    """
    kept = None if against is None else checkpoint_in(against)
    yield from _or_why_not("database", lambda: database_faults(service))
    yield from _or_why_not("schema", lambda: schema_faults(service))
    yield from _or_why_not("log", lambda: _log_faults(service, progress, kept))
    yield from _or_why_not("the words of entries", lambda: search_faults(service))
    yield from _or_why_not("log_key", lambda: _key_faults(service, kept))
    yield from _or_why_not("reminders", lambda: reminder_faults(service))


def faults_of(
    database_url: str, progress: Progress = lambda _done, _total: None, *, against: str | None = None
) -> Iterator[str]:
    """The faults of the database at an address; that it cannot even be opened is one. Invalid as `verify`."""
    if against is not None:
        checkpoint_in(against)
    try:
        service = Service(database_url)
        if not is_current(service):
            rebuild(service)
    except DatabaseTrouble as error:
        yield f"database: cannot be opened: {_why(error.__cause__ or error)}"
        return
    except RecordError:
        raise
    except Exception as error:  # noqa: BLE001 - what is broken can break in any way, and is named
        yield f"database: cannot be opened: {_why(error)}"
        return
    try:
        yield from verify(service, progress, against=against)
    finally:
        service.close()


def _or_why_not(what: str, check: Callable[[], Iterator[str]]) -> Iterator[str]:
    """What a check finds; where it fails itself, that, as what it met can be anything."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - as above
        yield f"{what}: could not be compared to the end: {_why(error)}"


def _log_faults(service: Service, progress: Progress, kept: Checkpoint | None) -> Iterator[str]:
    with service.reading() as connection:
        head = service.log.head(connection).position
        sound = True
        for fault in tree_faults(connection, lambda done: progress(done, 2 * head), kept):
            sound = False
            yield fault
        try:
            yield from broken_streams(connection)
            # Of a log that was changed, what was changed is named above, and no more said of what it now says.
            yield from _differing_rows(service, connection, lambda done: progress(head + done, 2 * head), judge=sound)
        except Exception as error:
            if sound:
                raise
            # What the log should not hold can break a replay in any way; it has been named above.
            yield f"the read models were not compared any further, because of what the log holds: {_why(error)}"


def _key_faults(service: Service, kept: Checkpoint | None) -> Iterator[str]:
    with service.reading() as connection:
        yield from key_faults(service, connection, kept)


def _why(error: BaseException) -> str:
    # Of SQLAlchemy's errors the driver's own words, without the statement and the link that it adds.
    return f"{getattr(error, 'orig', None) or error}".splitlines()[0] if f"{error}" else type(error).__name__


def _differing_rows(service: Service, connection: Connection, advance: Advance, *, judge: bool) -> Iterator[str]:
    """What differs from a replay; with `judge`, also the events that no command would record."""
    unreadable = set(connection.execute(select(live_tables().unreadable.c.position)).scalars())
    superseded = {position: by for position, by in _superseded(connection).items() if by not in unreadable}
    with ExitStack() as cursors:
        stored = [cursors.enter_context(closing(_Stored(connection, table))) for table in live_tables().tables]
        for events, rows, after in _replayed(service, connection):
            if judge:
                yield from event_faults(service, connection, events)
            for table_rows in stored:
                yield from table_rows.faults(getattr(rows, table_rows.table.name), superseded, after)
            advance(after)
        for table_rows in stored:
            yield from table_rows.faults([], superseded, None)


def _replayed(service: Service, connection: Connection) -> Iterator[tuple[list[Recorded], Rows, int]]:
    """The events of the log, batch by batch, what a replay makes of each, and the position that it ends at."""
    after, head = 0, service.log.head(connection).position
    while after < head:
        events = list(service.log.read(connection, after=after, limit=_BATCH))
        if not events:
            raise LookupError(f"no event follows position {after}")
        after = events[-1].position
        yield events, service.rows_of(connection, events), after


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
