"""Rebuilding: the log is replayed into new read models beside those in use, which then take over.

A replay has no effect outside the read models: nothing is sent, planned or recorded by it.
"""

from __future__ import annotations

from time import sleep

from sqlalchemy import Connection, select, update

from application.legal_holidays.lists import list_used, remember_list
from application.service import Progress, Service
from eventlog.engine import reading, writing
from projections.schema import SCHEMA_VERSION, ReadModels, generations, live_tables, prefix_of, shut_out_readers

REBUILD_BATCH = 20_000
GAP_S = 0.05
"""Between two transactions of a rebuild on SQLite: seconds for a million events, and appends get their turn."""


def rebuild(service: Service, progress: Progress = lambda _done, _total: None, *, batch: int = REBUILD_BATCH) -> int:
    """Replays the whole log into new tables and puts them in place of the old; returns how many events that were.

    Readers see the old tables until the new ones take over, in one transaction. Each batch is committed with the
    position that it ends at: a rebuild that was killed goes on where it was, and two that run at once share the work.
    """
    with writing(service.engine) as connection:
        generation = _begin(connection, service.holidays.version)
    fresh = ReadModels(prefix_of(generation))
    while True:
        with writing(service.engine) as connection:
            built_to = _claim(connection, generation)
            if built_to is None:
                return service.log.head(connection).position
            head = service.log.head(connection).position
            built_to = _replay(service, connection, fresh, built_to, batch)
        progress(built_to, head)
        if head - built_to <= batch // 10:
            break
        _let_writers_in(service)
    for index in fresh.indexes:
        with writing(service.engine) as connection:
            if _claim(connection, generation) is not None:
                index.create(connection, checkfirst=True)
        _let_writers_in(service)
    with service.log.appending(recorder="rebuild", now=service.now()) as append:
        # Nobody appends now: what came in since is replayed, and the new tables take over.
        built_to = _claim(append.connection, generation)
        while built_to is not None and built_to < append.head:
            built_to = _replay(service, append.connection, fresh, built_to, batch)
        if built_to is not None:
            shut_out_readers(append.connection)
            _take_over(append.connection, fresh, generation)
            remember_list(append.connection, "read models", service.holidays.version)
    progress(append.head, append.head)
    return append.head


def _let_writers_in(service: Service) -> None:
    """Pauses on SQLite, which has one writer and no queue: those who wait retry only every tenth of a second or so."""
    if service.engine.dialect.name == "sqlite":
        sleep(GAP_S)


def is_current(service: Service) -> bool:
    """Whether the tables in use were built by the present version of the projections and list of legal holidays."""
    with reading(service.engine) as connection:
        version = connection.execute(select(generations.c.version)).scalar()
        return version == SCHEMA_VERSION and list_used(connection, "read models") == service.holidays.version


def _begin(connection: Connection, holidays: str) -> int:
    """The number of the generation to build: an unfinished one of this version and list is gone on with."""
    row = connection.execute(select(generations).with_for_update()).one()
    generation: int = row.generation + 1
    if row.building != SCHEMA_VERSION or list_used(connection, "rebuild") != holidays:
        fresh = ReadModels(prefix_of(generation))
        fresh.metadata.drop_all(connection)
        fresh.metadata.create_all(connection, checkfirst=False)
        for index in fresh.indexes:
            index.drop(connection)
        connection.execute(update(generations).values(building=SCHEMA_VERSION, built_to=0))
        remember_list(connection, "rebuild", holidays)
    return generation


def _claim(connection: Connection, generation: int) -> int | None:
    """Where to go on from, held until the transaction ends; None where another process has finished this generation."""
    row = connection.execute(select(generations).with_for_update()).one()
    return row.built_to if row.building == SCHEMA_VERSION and row.generation + 1 == generation else None


def _replay(service: Service, connection: Connection, into: ReadModels, after: int, batch: int) -> int:
    """Replays the next batch of events; returns the position it came to."""
    events = list(service.log.read(connection, after=after, limit=batch))
    into.write(connection, service.rows_of(connection, events))
    built_to = events[-1].position if events else after
    connection.execute(update(generations).values(built_to=built_to))
    return built_to


def _take_over(connection: Connection, fresh: ReadModels, generation: int) -> None:
    live_tables().metadata.drop_all(connection)
    for table, name in zip(fresh.tables, live_tables().insert, strict=True):
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {name}")
    connection.execute(
        update(generations).values(version=SCHEMA_VERSION, generation=generation, building=None, built_to=None)
    )
