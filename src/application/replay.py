"""Rebuilding: the log is replayed into new read models beside those in use, which then take over.

A replay has no effect outside the read models: nothing is sent, planned or recorded by it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from application.service import Service
from eventlog.engine import writing
from eventlog.log import Recorded
from projections.change import changes
from projections.rows import rows_of
from projections.tables import VERSION, ReadModels, generations, live

Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""

BATCH = 20_000


def rebuild(service: Service, progress: Progress = lambda _done, _total: None, *, batch: int = BATCH) -> int:
    """Replays the whole log into new tables and puts them in place of the old; returns how many events that were.

    Readers see the old tables until the new ones take over, in one transaction. Batches are committed with the
    position they end at, so a rebuild that was killed goes on where it was.
    """
    with writing(service.engine) as connection:
        after, generation = _begin(connection)
    fresh = ReadModels(_prefix(generation))
    while True:
        with writing(service.engine) as connection:
            head = service.log.head(connection).position
            after = _replay(service, connection, fresh, after, batch)
            connection.execute(update(generations).values(built_to=after))
        progress(after, head)
        if head - after < batch // 10:
            break
    with writing(service.engine) as connection:
        for index in fresh.indexes:
            index.create(connection, checkfirst=True)
    with service.log.appending(recorder="rebuild", now=service.now()) as append:
        # Nobody appends now: what came in since is replayed, and the new tables take over.
        while after < append.head:
            after = _replay(service, append.connection, fresh, after, batch)
        _take_over(append.connection, fresh, generation)
    progress(after, after)
    return after


def _prefix(generation: int) -> str:
    return f"g{generation}_"


def _begin(connection: Connection) -> tuple[int, int]:
    """Where to go on from, and the number of the generation: an unfinished one of this version, or a new one."""
    row = connection.execute(select(generations)).one()
    generation = row.generation + 1
    if row.building == VERSION:
        return row.built_to, generation
    fresh = ReadModels(_prefix(generation))
    fresh.metadata.drop_all(connection)
    fresh.metadata.create_all(connection, checkfirst=False)
    for index in fresh.indexes:
        index.drop(connection)
    connection.execute(update(generations).values(building=VERSION, built_to=0))
    return 0, generation


def _replay(service: Service, connection: Connection, into: ReadModels, after: int, batch: int) -> int:
    """Replays the next batch of events; returns the position it came to."""
    events = list(service.log.read(connection, after=after, limit=batch))
    into.write(connection, rows_of(changes(events, _streams(service, connection)), service.memory.due))
    return events[-1].position if events else after


def _streams(service: Service, connection: Connection) -> Callable[[str], list[Recorded]]:
    return lambda name: service.log.stream(connection, name)


def _take_over(connection: Connection, fresh: ReadModels, generation: int) -> None:
    live().metadata.drop_all(connection)
    for table, name in zip(fresh.tables, live().insert, strict=True):
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {name}")
    connection.execute(update(generations).values(version=VERSION, generation=generation, building=None, built_to=None))
