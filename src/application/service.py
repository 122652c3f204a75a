"""The composition root: a database, its log, what reads keep in memory, and the clock."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path

import holidays
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, make_url

from application import clock
from domain.errors import NotFound
from domain.periods import Holidays
from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog, Recorded
from projections.cache import ReadCache
from projections.projector import changes_of
from projections.rows import Rows, rows_of
from projections.schema import JOIN_READERS
from projections.snapshot import AskedClocks, Snapshot

Progress = Callable[[int, int], None]
"""Called with how much of some work is done, and of how much."""
MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that nobody else uses: two processes that start at once migrate one after the other.
_MIGRATION_LOCK = 1373_2017


def migrate(engine: Engine, inside: Connection | None = None) -> None:
    """Brings the schema up to date; does nothing, and locks nothing, where it is.

    `inside`: a connection in whose open transaction the whole schema is made, in whatever its search path leads to.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    if inside is not None:
        config.attributes["connection"] = inside
        command.upgrade(config, "head")
        return
    wanted = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == wanted:
            return
    with engine.connect() as connection:
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _names_of(days: holidays.HolidayBase) -> Holidays:
    def holiday(day: date) -> str | None:
        name = days.get(day)
        return None if name is None else str(name)

    return holiday


federal_holiday = _names_of(holidays.country_holidays("US", observed=True))
"""The name of the federal holiday that a day is, or is observed as; None where it is none.

Made without a state, and of public ones only: with one, the library would add the state's own days.
"""


def state_holidays(state: str) -> Holidays | None:
    """The public holidays of a state, district or territory; None where the library knows none of that code.

    A federal holiday that a state does not keep is one all the same: the two are asked one after the other.
    """
    if state not in holidays.country_holidays("US").subdivisions:
        return None
    return _names_of(holidays.country_holidays("US", subdiv=state, observed=True))


# By default Python looks for cycles after every 700 objects made. What a batch of acts makes has none and lives as
# long as the batch, so that most of that time is lost: two fifths of a load's.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Service:
    """A database with its log, read cache and clock, for the API and the command line. Close it when done."""

    def __init__(self, database_url: str, *, now: Callable[[], datetime] = clock.now) -> None:
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        url = make_url(database_url)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine_for(database_url)
        migrate(self.engine)
        self.log = EventLog(self.engine, clock=now)
        self.cache = ReadCache(federal_holiday)
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
