"""Engines for both databases, on which a transaction means the same: durable writes, one snapshot a read.

`reading` and `writing` open the only two kinds of transaction there are. Settings come as arguments: nothing
is read from the environment here.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

_SQLITE_BUSY_TIMEOUT_S = 30.0
# Readers overlap freely; more connections than this only queue for the same two or three cores.
_POOL_SIZE = 16
_POOL_OVERFLOW = 48
_LINES: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


def create_engine_for(url: str | URL) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database (psycopg 3, whatever driver the address names).

    Raises ValueError for another kind of database, and for SQLite without a file, where each connection would
    have a log of its own.
    """
    url = make_url(url)
    match url.get_backend_name():
        case "sqlite":
            if url.database in {None, "", ":memory:"}:
                message = "a log needs a file: sqlite:///PATH"
                raise ValueError(message)
            return _sqlite(url.set(drivername="sqlite"))
        case "postgresql" | "postgres":
            return create_engine(
                url.set(drivername="postgresql+psycopg"),
                pool_size=_POOL_SIZE,
                max_overflow=_POOL_OVERFLOW,
            )
        case name:
            message = f"sqlite and postgresql are supported, not {name}"
            raise ValueError(message)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        connect_args={"timeout": _SQLITE_BUSY_TIMEOUT_S},
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # By default the driver begins transactions itself, and only before a write, so that reads before it see
    # another snapshot. Here it begins none: `_begin_sqlite` does, when SQLAlchemy says so.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # Through the driver: an event fired at every transaction must not cost a statement of SQLAlchemy's.
    driver = driver_connection(connection)
    if not driver.in_transaction:  # `reading` and `writing` have begun
        driver.execute(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def driver_connection(connection: Connection) -> Any:  # noqa: ANN401  # sqlite3's or psycopg's: no type in common
    """The sqlite3 or psycopg connection beneath: it runs a statement at a fraction of SQLAlchemy's cost."""
    return connection.connection.driver_connection


@contextmanager
def reading(engine: Engine, lock: str = "") -> Iterator[Connection]:
    """One consistent snapshot across as many statements as the block runs. Nothing it does is kept.

    `lock` is a LOCK statement for PostgreSQL, sent with the BEGIN, before the snapshot is taken.
    """
    with engine.connect() as connection, _forgetting_lost_connections(connection):
        # Past SQLAlchemy, whose own begin and rollback cost as much as a small query.
        driver = driver_connection(connection)
        if engine.dialect.name == "postgresql":
            # The driver would send BEGIN by itself, and every statement here is a round trip.
            driver.autocommit = True
            try:
                driver.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {lock}", prepare=False)
                yield connection
            finally:
                if not driver.closed:
                    driver.rollback()
                    driver.autocommit = False
        else:
            driver.execute("BEGIN")
            yield connection  # the pool rolls back what it is given back


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed on a clean exit, rolled back on an exception.

    On SQLite it is the only writer from the start (BEGIN IMMEDIATE): one that reads first and writes later
    may be refused, however long it would wait.
    """
    with _in_line(engine), engine.connect() as connection, _forgetting_lost_connections(connection):
        driver = driver_connection(connection)
        if engine.dialect.name == "sqlite":
            driver.execute("BEGIN IMMEDIATE")  # past SQLAlchemy, as in `reading`
        yield connection
        driver.commit()


@contextmanager
def _in_line(engine: Engine) -> Iterator[None]:
    """Where SQLite is to have one writer, the threads of this process wait for each other before they ask it.

    SQLite has no queue: whoever finds it busy sleeps and asks again, ever less often. Of many threads that do so, the
    slower ones, and all of other processes, may not get a turn in half a minute.
    """
    line = _LINES.setdefault(engine, Lock()) if engine.dialect.name == "sqlite" else None
    mine = line is not None and line.acquire(timeout=_SQLITE_BUSY_TIMEOUT_S)  # then let SQLite itself say no
    try:
        yield
    finally:
        if line is not None and mine:
            line.release()


@contextmanager
def _forgetting_lost_connections(connection: Connection) -> Iterator[None]:
    # Statements run by the driver do not tell SQLAlchemy that the server went away. With this, one failed
    # transaction renews the pool; without it, each pooled connection would fail once.
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, connection.connection, None):
            connection.invalidate(error)
            connection.engine.dispose()
        raise
