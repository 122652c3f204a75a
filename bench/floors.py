"""The floors: the raw driver writing and reading the same rows, with nothing in between.

The floor's database has the same tables, indexes, triggers and durability, since the same migration made it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import psycopg
from sqlalchemy import Column, make_url
from sqlalchemy.dialects.postgresql import dialect

from application.service import Service
from eventlog.engine import driver_connection, reading
from eventlog.records import Recorded
from eventlog.tables import log, log_head
from projections.projector import changes_of
from projections.rows import rows_of
from projections.schema import live_tables

Rows = dict[str, list[tuple[Any, ...]]]
"""What one transaction adds to each table, and the head as it leaves it."""

_TABLES = {table.name: table for table in (log, *live_tables().tables)}
_HEAD = [column.name for column in log_head.columns]
_MOVE_HEAD = "UPDATE log_head SET " + ", ".join(f"{name} = {{mark}}" for name in _HEAD[1:]) + " WHERE {mark} = id"
_FETCH = 2_000
_COPY_FROM = 100


def rows_since(service: Service, position: int, most: int = 2**40) -> Iterator[Rows]:
    """The rows that each event recorded after a position came to, at most so many events."""
    with reading(service.engine) as connection:
        driver = driver_connection(connection)
        head = driver.execute(f"SELECT {', '.join(_HEAD[1:])}, id FROM log_head").fetchone()
        events = f"SELECT * FROM log WHERE position > {position} AND position <= {position + most} ORDER BY position"
        for row in driver.execute(events).fetchall():
            event = Recorded._make(row[: len(Recorded._fields)])
            made = rows_of(changes_of([event], _no_stream), service.cache.due)
            rows = {table.name: getattr(made, table.name) for table in live_tables().tables}
            yield {"log": [row]} | rows | {"log_head": [head]}


def _no_stream(name: str) -> list[Recorded]:
    raise LookupError(f"{name}: everything in a generated record is the first of its stream")


def together(parts: Iterable[Rows]) -> Rows:
    """The rows of several transactions as those of one."""
    rows: Rows = {name: [] for name in _TABLES}
    head: list[tuple[Any, ...]] = []
    for part in parts:
        for name, its in rows.items():
            its.extend(part[name])
        head = part["log_head"]
    return rows | {"log_head": head}


class Raw(Protocol):
    """A raw driver's connection to the floor's database."""

    def write(self, rows: Rows) -> None:
        """Writes the rows and moves the head, in one durable transaction."""

    def run(self, statement: str) -> None:
        """Runs a statement in a transaction of its own."""

    def events(self) -> Iterator[tuple[str, Any]]:
        """Topic and state of every event of the log in order, from whole rows."""

    def close(self) -> None:
        """Closes the connection."""


def raw(url: str) -> Raw:
    """The raw driver for a database."""
    return _Sqlite(url) if url.startswith("sqlite") else _Postgresql(url)


def _inserts(mark: str) -> dict[str, str]:
    return {
        name: f"INSERT INTO {name} ({', '.join(column.name for column in table.columns)}) "
        f"VALUES ({', '.join([mark] * len(table.columns))})"
        for name, table in _TABLES.items()
    } | {"log_head": _MOVE_HEAD.format(mark=mark)}


class _Sqlite:
    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._statements = _inserts("?")

    def write(self, rows: Rows) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for name, its in rows.items():
            if len(its) == 1:
                execute(self._statements[name], its[0])
            elif its:
                self._connection.executemany(self._statements[name], its)
        execute("COMMIT")

    def run(self, statement: str) -> None:
        self._connection.execute(statement)

    def events(self) -> Iterator[tuple[str, Any]]:
        for row in self._connection.execute("SELECT * FROM log ORDER BY position"):
            yield row[3], row[4]

    def close(self) -> None:
        self._connection.close()


def _postgresql_type(column: Column[Any]) -> str:
    kind = column.type.compile(dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy says no types of it
    return kind.partition(" COLLATE ")[0].lower()


class _Postgresql:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url)
        self._statements = _inserts("%s")

    def write(self, rows: Rows) -> None:
        with self._connection.cursor() as cursor:
            for name, its in rows.items():
                if len(its) >= _COPY_FROM:
                    self._copy(cursor, name, its)
                elif len(its) == 1:
                    cursor.execute(self._statements[name], its[0])
                elif its:
                    cursor.executemany(self._statements[name], its)
        self._connection.commit()

    def run(self, statement: str) -> None:
        self._connection.execute(statement)
        self._connection.commit()

    def _copy(self, cursor: psycopg.Cursor[Any], name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([_postgresql_type(column) for column in _TABLES[name].columns])
            for row in rows:
                copy.write_row(row)

    def events(self) -> Iterator[tuple[str, Any]]:
        with self._connection.cursor(name="log", binary=True) as cursor:
            cursor.itersize = _FETCH
            cursor.execute("SELECT * FROM log ORDER BY position")
            for row in cursor:
                yield row[3], row[4]
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()
