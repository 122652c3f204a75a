"""The composition root: a database, its log, what reads keep in memory, and the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from application import clock
from application.legal_holidays.calendar import federal_holidays
from application.versions import note_program, present_schema, require_known, upgrade, wanted_schema
from domain.errors import NotFound
from domain.periods import LegalHolidays
from eventlog.engine import create_engine_for, parse_database_url, reading
from eventlog.log import EventLog, Recorded
from eventlog.trouble import telling_trouble
from projections.cache import ReadCache
from projections.projector import changes_of
from projections.rows import Rows, rows_of
from projections.schema import JOIN_READERS
from projections.snapshot import AskedClocks, Snapshot

Progress = Callable[[int, int], None]
"""Called with how much of some work is done, and of how much."""
# Any number that nobody else uses: two processes that start at once migrate one after the other.
_MIGRATION_LOCK = 1373_2017


def migrate(engine: Engine, inside: Connection | None = None) -> None:
    """Brings the schema up to date; does nothing, and locks nothing, where it is.

    `inside`: a connection in whose open transaction the whole schema is made, in whatever its search path leads to.
    Raises LaterProgramNeeded where it is a later program's, and DatabaseTrouble.
    """
    if inside is not None:
        upgrade(inside)
        return
    wanted = wanted_schema()
    with telling_trouble(), engine.connect() as connection:
        require_known(connection)
        if present_schema(connection) == wanted:
            return
    with telling_trouble(), engine.connect() as connection:
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            upgrade(connection)
            note_program(connection)


def _make_private(file: Path) -> None:
    """Makes a database's file for its owner alone, where there is none yet: it holds addresses and secrets.

    SQLite gives the files that it puts beside it the same permissions. One that is there keeps those that it has.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class Service:
    """A database with its log, read cache and clock, for the API and the command line. Close it when done."""

    def __init__(
        self,
        database_url: str,
        *,
        now: Callable[[], datetime] = clock.now,
        holidays: LegalHolidays = federal_holidays,
        most_leap: timedelta = clock.MOST_LEAP,
    ) -> None:
        """`holidays`: by which periods run on; `most_leap`: how far ahead of the last stamp the clock is believed."""
        url = parse_database_url(database_url)
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
            _make_private(Path(url.database))
        self.engine = create_engine_for(url)
        try:
            migrate(self.engine)
        except BaseException:
            self.engine.dispose()
            raise
        self.log = EventLog(self.engine, clock=now, most_leap=most_leap)
        self.cache = ReadCache(holidays)
        self.holidays = holidays
        self.now = now

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot of log and read models, also while others are rebuilt and take over."""
        with reading(self.engine, JOIN_READERS) as connection:
            yield connection

    def rows_of(self, connection: Connection, events: Iterable[Recorded]) -> Rows:
        """The rows that events make in the read models."""
        return rows_of(changes_of(events, partial(self.log.stream, connection)), self.cache.due)

    @contextmanager
    def snapshot(self, asked: AskedClocks | None = None) -> Iterator[Snapshot]:
        """One consistent snapshot of the record, on the clocks asked for."""
        with self.reading() as connection:
            head = self.log.head(connection).position
            self.cache.refresh(connection, head)
            asked = asked or AskedClocks()
            if asked.position is not None and asked.position > head:
                raise NotFound(f"the log ends at position {head}: nothing is recorded at {asked.position} yet")
            yield Snapshot(connection, self.cache, head, asked, self.now())
