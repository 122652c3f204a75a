"""The composition root: a database, its log, what reads keep in memory, and the clock."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from application import clock
from application.database import migrate, prepare
from application.holiday_calendar import federal_holiday
from domain.errors import NotFound
from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog
from projections.memory import Memory
from projections.snapshot import Asked, Snapshot
from projections.tables import JOIN_READERS

# By default Python looks for cycles after every 700 objects made. What a batch of acts makes has none and lives as
# long as the batch, so that most of that time is lost: two fifths of a load's.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


class Service:
    """What the API and the command line work with. Close it when done."""

    def __init__(self, database_url: str, *, now: Callable[[], datetime] = clock.now) -> None:
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        prepare(database_url)
        self.engine = create_engine_for(database_url)
        migrate(self.engine)
        self.log = EventLog(self.engine)
        self.memory = Memory(federal_holiday)
        self.now = now

    def close(self) -> None:
        """Gives the database's connections back."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent snapshot of log and read models, also while others are rebuilt and take over."""
        with reading(self.engine, JOIN_READERS) as connection:
            yield connection

    @contextmanager
    def snapshot(self, asked: Asked | None = None) -> Iterator[Snapshot]:
        """One consistent look at the record on the clocks asked."""
        with self.reading() as connection:
            head = self.log.head(connection).position
            self.memory.refresh(connection, head)
            asked = asked or Asked()
            if asked.position is not None and asked.position > head:
                raise NotFound(f"the log ends at position {head}: nothing is recorded at {asked.position} yet")
            yield Snapshot(connection, self.memory, head, asked, self.now())
