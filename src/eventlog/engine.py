"""Engines for both databases, on which a transaction means the same: durable writes, one snapshot a read.

`reading` and `writing` open the only two kinds of transaction there are. Every wait in them has an end (see `limits`),
and what the database has against them is raised as DatabaseTrouble (see `trouble`). Settings come as arguments: nothing
is read from the environment here.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from eventlog.limits import CONNECTED_S, POOL_S, in_ms, limits, timeouts
from eventlog.sqlite_files import SqliteFiles
from eventlog.trouble import DatabaseTrouble, Trouble, telling_trouble, trouble_of

# Readers overlap freely; more connections than this only queue for the same two or three cores.
_POOL_SIZE = 16
_POOL_OVERFLOW = 48
_WAL = "wal"
"""Where the record of a pooled SQLite connection has the write-ahead log that it opened."""
_BUSY = "busy"
"""Where it has the seconds that the connection waits for the lock."""
_TCP = {"connect_timeout": CONNECTED_S, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}
_TCP_USER_TIMEOUT_MS = 10_000
# libpq takes several servers in one address, which SQLAlchemy does not: postgresql://user@one:5432,two:5432/name
_SEVERAL_HOSTS = re.compile(
    r"(?P<before>postgres(?:ql)?(?:\+\w+)?://(?:[^@/]*@)?)(?P<hosts>[^@/?]*,[^@/?]*)(?P<after>.*)"
)

_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:]*)(?::(?P<port>\d*))?")


_OPENED_ANEW = {
    "postgresql": frozenset({Trouble.READ_ONLY}),
    "sqlite": frozenset({Trouble.READ_ONLY, Trouble.DAMAGED}),
}
"""What a connection meets for as long as it is open, although the trouble itself may long be over."""


class _Sqlite(NamedTuple):
    """What is kept of an SQLite engine: its files, and the line in which its writers wait for each other."""

    files: SqliteFiles
    line: Lock


_SQLITE: WeakKeyDictionary[Engine, _Sqlite] = WeakKeyDictionary()
_REFUSED: WeakKeyDictionary[Engine, tuple[float, Trouble]] = WeakKeyDictionary()
"""When the last transaction that was to write found that the database takes no writes, unless one succeeded since."""


def create_engine_for(url: str | URL) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database (psycopg 3, whatever driver the address names).

    Raises ValueError for another kind of database, and for SQLite without a file, where each connection would
    have a log of its own.
    """
    url = parse_database_url(url) if isinstance(url, str) else url
    match url.get_backend_name():
        case "sqlite":
            if url.database in {None, "", ":memory:"}:
                message = "a log needs a file: sqlite:///PATH"
                raise ValueError(message)
            return _sqlite(url.set(drivername="sqlite"))
        case "postgresql" | "postgres":
            return _postgresql(url.set(drivername="postgresql+psycopg"))
        case name:
            message = f"sqlite and postgresql are supported, not {name}"
            raise ValueError(message)


def parse_database_url(written: str) -> URL:
    """The URL of a database; of several servers, as libpq writes them, the one is meant that takes writes."""
    several = _SEVERAL_HOSTS.fullmatch(written)
    if several is None:
        return make_url(written)
    hosts, ports = zip(*map(_host_and_port, several["hosts"].split(",")), strict=True)
    url = make_url(several["before"] + several["after"])
    return url.set(
        query={"target_session_attrs": "read-write", **url.query, "host": ",".join(hosts), "port": ",".join(ports)}
    )


def _host_and_port(written: str) -> tuple[str, str]:
    parts = _HOST_AND_PORT.fullmatch(written)
    if parts is None:
        raise ValueError(f"{written!r} is no host and port, as in postgresql://user@one:5432,two:5432/name")
    return unquote(parts["host"].strip("[]")), parts["port"] or ""


def _postgresql(url: URL) -> Engine:
    from eventlog.postgresql import connect, set_up  # noqa: PLC0415  # who has SQLite need not load the driver

    defaults = {**_TCP, "tcp_user_timeout": _TCP_USER_TIMEOUT_MS}
    engine = create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=POOL_S,
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
    )
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", set_up)
    return engine


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=_POOL_SIZE, max_overflow=_POOL_OVERFLOW, pool_timeout=POOL_S)
    files = SqliteFiles(str(url.database))

    def before_connecting(*_: object) -> None:
        files.check_before_connecting()

    def connected(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        _set_up_sqlite(connection)
        record.info[_WAL], record.info[_BUSY] = files.connected(), limits().lock_s

    event.listen(engine, "do_connect", before_connecting)
    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _begin_sqlite)
    _SQLITE[engine] = _Sqlite(files, Lock())
    return engine


def _set_up_sqlite(connection: sqlite3.Connection) -> None:
    # By default the driver begins transactions itself, and only before a write, so that reads before it see
    # another snapshot. Here it begins none: `_begin_sqlite` does, when SQLAlchemy says so.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {in_ms(limits().lock_s)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # The log beside the file is opened by the first that reads, and is there for as long as anyone has it open.
    connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()


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

    `lock` is a LOCK statement for PostgreSQL, sent with the BEGIN, before the snapshot is taken. Raises
    DatabaseTrouble.
    """
    with telling_trouble(reads=True), engine.connect() as connection, _forgetting_lost_connections(connection):
        # Past SQLAlchemy, whose own begin and rollback cost as much as a small query.
        if engine.dialect.name == "postgresql":
            with _postgresql_transaction(connection, "ISOLATION LEVEL REPEATABLE READ, READ ONLY", lock):
                yield connection
        else:
            _begin_on_sqlite(connection, "BEGIN", limits().lock_s)
            yield connection  # the pool rolls back what it is given back


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed on a clean exit, rolled back on an exception. Raises DatabaseTrouble.

    On SQLite it is the only writer from the start (BEGIN IMMEDIATE): one that reads first and writes later
    may be refused, however long it would wait.
    """
    with (
        _remembering_refusals(engine),
        _in_line(engine) as left_s,
        telling_trouble(),
        engine.connect() as connection,
        _forgetting_lost_connections(connection),
    ):
        if engine.dialect.name == "postgresql":
            with _postgresql_transaction(connection):
                yield connection
                driver_connection(connection).commit()
        else:
            _begin_on_sqlite(connection, "BEGIN IMMEDIATE", left_s)
            yield connection
            driver_connection(connection).commit()


def head_in_one_round_trip(engine: Engine, query: str) -> Any:  # noqa: ANN401  # a row of the driver's, or None
    """The first row of a query on PostgreSQL. Raises DatabaseTrouble.

    Without a transaction, which would add two round trips, and past SQLAlchemy, which would cost more than the query.
    """
    with telling_trouble(reads=True):
        connection = engine.raw_connection()
        driver: Any = connection.driver_connection
        driver.wait_at_most(limits())
        try:
            driver.autocommit = True
            row = driver.execute(query).fetchone()
            driver.autocommit = False
        except Exception:
            connection.invalidate()
            raise
        finally:
            connection.close()
        return row


@contextmanager
def _postgresql_transaction(connection: Connection, mode: str = "", lock: str = "") -> Iterator[None]:
    """A transaction with the context's limits, begun in one round trip; the driver's own BEGIN would be another."""
    driver, most = driver_connection(connection), limits()
    driver.wait_at_most(most)
    driver.autocommit = True
    try:
        driver.execute(f"BEGIN {mode}; {timeouts('SET LOCAL', most)}; {lock}", prepare=False)
        yield
    finally:
        if not driver.closed:
            driver.rollback()  # does nothing after a commit
            driver.autocommit = False


def _begin_on_sqlite(connection: Connection, begin: str, lock_s: float) -> None:
    driver, kept = driver_connection(connection), connection.connection.info
    _SQLITE[connection.engine].files.check(kept[_WAL])
    wait_s = round(lock_s, 1)
    if kept[_BUSY] != wait_s:
        driver.execute(f"PRAGMA busy_timeout = {in_ms(wait_s)}")
        kept[_BUSY] = wait_s
    driver.execute(begin)


@contextmanager
def _in_line(engine: Engine) -> Iterator[float]:
    """The threads of this process wait for each other before they ask SQLite; gives the seconds left to wait for it.

    SQLite has no queue: whoever finds it busy sleeps and asks again, ever less often. Of many threads that do so, the
    slower ones, and all of other processes, may not get a turn in half a minute.
    """
    most_s, begun = limits().lock_s, monotonic()
    if engine.dialect.name == "postgresql":  # which has a queue
        yield most_s
        return
    line = _SQLITE[engine].line
    if not line.acquire(timeout=most_s):
        raise DatabaseTrouble(Trouble.BUSY, f"another writer of this process took longer than {most_s:g} s")
    try:
        yield max(0.0, most_s - (monotonic() - begun))
    finally:
        line.release()


@contextmanager
def _remembering_refusals(engine: Engine) -> Iterator[None]:
    """Small writes may succeed on a full disk where larger ones do not, and a look at the disk does not show quotas."""
    try:
        yield
    except DatabaseTrouble as error:
        if error.trouble in (Trouble.FULL, Trouble.STORAGE):
            _REFUSED[engine] = monotonic(), error.trouble
        raise


def wrote(engine: Engine) -> None:
    """Notes that the database took what was to be written."""
    _REFUSED.pop(engine, None)


def write_refused(engine: Engine, within_s: float) -> str | None:
    """Why a write of the last so many seconds failed for want of space or a sound disk, if none succeeded since."""
    at, trouble = _REFUSED.get(engine, (0.0, None))
    return trouble.says if trouble is not None and monotonic() - at < within_s else None


def sqlite_files(engine: Engine) -> SqliteFiles | None:
    """The files of an SQLite database; None of another."""
    kept = _SQLITE.get(engine)
    return None if kept is None else kept.files


@contextmanager
def _forgetting_lost_connections(connection: Connection) -> Iterator[None]:
    # Statements run by the driver do not tell SQLAlchemy that the server went away. With this, one failed
    # transaction renews the pool; without it, each pooled connection would fail once. A server that has become a
    # standby keeps its connections, while the one that takes writes now may be another of the address. And a file of
    # SQLite's that could only be opened to be read, or of which damaged pages are kept in memory, stays so for as
    # long as it is open, whatever the keeper does to it (a read-only one even until all connections of the process
    # are closed at once, which never happens under load: then the service has to be started again).
    try:
        yield
    except Exception as error:
        driver_error = connection.dialect.loaded_dbapi.Error
        lost = isinstance(error, driver_error) and connection.dialect.is_disconnect(error, connection.connection, None)
        if lost or trouble_of(error) in _OPENED_ANEW[connection.dialect.name]:
            connection.invalidate(error)
            connection.engine.dispose()
        raise
