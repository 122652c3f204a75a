"""The database's trouble, as the real drivers raise it, is told from bugs and named by its kind."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from conftest import libpq
from eventlog.engine import create_engine_for, parse_database_url, reading, writing
from eventlog.limits import Limits, waiting_at_most
from eventlog.sql import CompiledQuery
from eventlog.trouble import DatabaseTrouble, Trouble, trouble_of

QUICK = Limits(lock_s=0.3, statement_s=0.6)
SELECT_ONE = CompiledQuery(sqlalchemy.select(text("1")))


def postgresql_error(sqlstate: str) -> psycopg.Error:
    return psycopg.errors.lookup(sqlstate)("said by the server")


@pytest.mark.parametrize(
    ("sqlstate", "trouble"),
    [
        ("08006", Trouble.AWAY),
        ("57P01", Trouble.AWAY),
        ("57P03", Trouble.AWAY),
        ("25006", Trouble.READ_ONLY),
        ("53300", Trouble.NO_CONNECTION),
        ("53100", Trouble.FULL),
        ("55P03", Trouble.BUSY),
        ("40P01", Trouble.BUSY),
        ("57014", Trouble.SLOW),
        ("58030", Trouble.STORAGE),
        ("XX001", Trouble.DAMAGED),
        ("28P01", Trouble.DENIED),
        ("23505", None),
        ("42601", None),
        ("42P01", None),
        ("22003", None),
    ],
)
def test_a_sqlstate_is_trouble_or_a_bug(sqlstate: str, trouble: Trouble | None) -> None:
    assert trouble_of(postgresql_error(sqlstate)) is trouble
    assert trouble_of(OperationalError("SELECT 1", {}, postgresql_error(sqlstate))) is trouble, "as SQLAlchemy wraps it"


def test_waiting_in_vain_for_a_connection_of_the_pool_is_trouble() -> None:
    assert trouble_of(PoolTimeout("QueuePool limit reached")) is Trouble.NO_CONNECTION


@pytest.mark.parametrize("error", [ValueError("x"), sqlite3.IntegrityError("x"), sqlite3.ProgrammingError("closed")])
def test_what_no_database_is_at_fault_for_is_none(error: Exception) -> None:
    assert trouble_of(error) is None


@pytest.mark.parametrize(
    ("written", "hosts", "ports"),
    [
        ("postgresql://u@h1:5432,h2:5433/db", "h1,h2", "5432,5433"),
        ("postgresql://u:p%40ss@h1,h2:5433/db", "h1,h2", ",5433"),
        ("postgres://h1:1,h2:2,h3:3/db?sslmode=require", "h1,h2,h3", "1,2,3"),
        ("postgresql+psycopg://u@[::1]:1,[::2]:2/db", "::1,::2", "1,2"),
        ("postgresql://%2Ftmp%2Fone:1,%2Ftmp%2Ftwo:2/db", "/tmp/one,/tmp/two", "1,2"),
    ],
)
def test_an_address_of_several_servers_is_read_as_libpq_reads_it(written: str, hosts: str, ports: str) -> None:
    engine = create_engine_for(written)
    asked = engine.dialect.create_connect_args(engine.url)[1]
    assert (asked["host"], asked["port"], asked["dbname"]) == (hosts, ports, "db")
    assert asked["target_session_attrs"] == "read-write", "of several, the one that takes writes"


def test_a_port_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="'h2:x' is no host and port"):
        parse_database_url("postgresql://u@h1:1,h2:x/db")


def test_what_an_address_of_several_servers_says_itself_counts() -> None:
    url = parse_database_url("postgresql://u:p%40ss@h1,h2/db?target_session_attrs=any&connect_timeout=9")
    assert (url.query["target_session_attrs"], url.query["connect_timeout"], url.password) == ("any", "9", "p@ss")


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    engine = create_engine_for(sqlite_url)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE noted (what TEXT)"))
    yield engine
    engine.dispose()


def note(engine: Engine, what: str = "x") -> None:
    with waiting_at_most(QUICK), writing(engine) as connection:
        connection.execute(text("INSERT INTO noted VALUES (:what)"), {"what": what})


def refused(engine: Engine) -> Trouble:
    """The trouble for which nothing can be written; it takes no longer than it may."""
    begun = monotonic()
    with pytest.raises(DatabaseTrouble) as raised:
        note(engine)
    assert monotonic() - begun < 10
    return raised.value.trouble


def path_of(engine: Engine) -> Path:
    return Path(str(engine.url.database))


def test_a_file_that_was_deleted_takes_no_writes_until_it_is_back(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = path_of(sqlite_engine)
    path.rename(tmp_path / "elsewhere")
    assert refused(sqlite_engine) is Trouble.GONE
    with pytest.raises(DatabaseTrouble, match="no longer the one"), reading(sqlite_engine):
        pass
    assert not path.exists(), "nor is an empty one made in its place"
    (tmp_path / "elsewhere").rename(path)
    note(sqlite_engine)


def test_a_file_that_was_replaced_takes_no_writes(sqlite_engine: Engine, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE noted (what TEXT)")
    other.close()
    (tmp_path / "other").replace(path_of(sqlite_engine))
    assert refused(sqlite_engine) is Trouble.GONE


def test_a_write_ahead_log_that_was_deleted_takes_no_writes_for_good(sqlite_engine: Engine) -> None:
    note(sqlite_engine)
    Path(f"{path_of(sqlite_engine)}-wal").unlink()
    assert refused(sqlite_engine) is Trouble.GONE
    assert refused(sqlite_engine) is Trouble.GONE


def test_a_file_that_another_has_locked_is_busy(sqlite_engine: Engine) -> None:
    other = sqlite3.connect(path_of(sqlite_engine), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert refused(sqlite_engine) is Trouble.BUSY
    other.execute("ROLLBACK")
    note(sqlite_engine)
    other.close()


def test_a_writer_waits_no_longer_for_the_others_of_its_process(sqlite_engine: Engine) -> None:
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(sqlite_engine):
            inside.set()
            leave.wait(30)

    holding = threading.Thread(target=hold)
    holding.start()
    assert inside.wait(30)
    assert refused(sqlite_engine) is Trouble.BUSY
    leave.set()
    holding.join()
    note(sqlite_engine)


def test_a_damaged_file_is_said_to_be(sqlite_engine: Engine) -> None:
    for _ in range(100):
        note(sqlite_engine, "x" * 1000)
    path = path_of(sqlite_engine)
    sqlite_engine.dispose()
    with path.open("r+b") as file:
        file.write(b"\x00" * path.stat().st_size)
    with pytest.raises(DatabaseTrouble) as raised, reading(create_engine_for(sqlite_engine.url)) as connection:
        connection.execute(text("SELECT * FROM noted")).all()
    assert raised.value.trouble is Trouble.DAMAGED


def test_a_full_disk_is_told_and_nothing_is_half_written(sqlite_url: str) -> None:
    """A limit on the size of files, in a process of its own, as a small quota would be."""
    code = f"""
import resource
from sqlalchemy import text
from eventlog.engine import create_engine_for, writing, write_refused
from eventlog.trouble import DatabaseTrouble
engine = create_engine_for({sqlite_url!r})
with writing(engine) as connection:
    connection.execute(text("CREATE TABLE noted (what TEXT)"))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO noted VALUES (:what)"), {{"what": "x" * 1_000_000}})
except DatabaseTrouble as error:
    print(error.trouble.name, write_refused(engine, 60))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    kind, _, why = said.stdout.partition(" ")
    assert kind in ("FULL", "STORAGE")
    assert why.strip() == Trouble[kind].says
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY, "only there"


@pytest.fixture
def postgres_engine(fresh_postgres: str) -> Iterator[Engine]:
    engine = create_engine_for(fresh_postgres)
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE noted (what TEXT)"))
    yield engine
    engine.dispose()


@contextmanager
def frozen(engine: Engine) -> Iterator[None]:
    """The server process of the only pooled connection, stopped as a machine that hangs would be."""
    with writing(engine) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_frozen_server_is_waited_for_no_longer_than_it_may(postgres_engine: Engine) -> None:
    with frozen(postgres_engine):
        assert refused(postgres_engine) is Trouble.FROZEN
        note(postgres_engine)
    note(postgres_engine)


def test_a_reader_waits_no_longer_for_a_frozen_server(postgres_engine: Engine) -> None:
    no_answer = pytest.raises(DatabaseTrouble, match="does not answer")
    with frozen(postgres_engine), waiting_at_most(QUICK), no_answer, reading(postgres_engine):
        pass


def test_a_table_that_another_has_locked_is_busy(postgres_engine: Engine) -> None:
    with psycopg.connect(libpq(postgres_engine.url)) as other:
        other.execute("LOCK TABLE noted IN ACCESS EXCLUSIVE MODE")
        assert refused(postgres_engine) is Trouble.BUSY
        joining = reading(postgres_engine, "LOCK TABLE noted IN ACCESS SHARE MODE")
        with waiting_at_most(QUICK), pytest.raises(DatabaseTrouble, match="busy"), joining:
            pass
    note(postgres_engine)


def test_a_statement_that_takes_too_long_is_ended(postgres_engine: Engine) -> None:
    too_long = pytest.raises(DatabaseTrouble, match="took too long")
    with waiting_at_most(QUICK), too_long, reading(postgres_engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))


def test_long_work_keeps_its_own_limits(postgres_engine: Engine) -> None:
    with waiting_at_most(QUICK), reading(postgres_engine):
        pass
    with reading(postgres_engine) as connection:
        shown = connection.execute(text("SELECT current_setting('statement_timeout')")).scalar_one()
    assert shown == "1h"
    with postgres_engine.begin() as connection:
        assert connection.execute(text("SELECT current_setting('lock_timeout')")).scalar_one() == "30s"


def test_a_server_that_takes_no_writes_is_told_and_its_connections_are_given_up(postgres_engine: Engine) -> None:
    with psycopg.connect(libpq(postgres_engine.url), autocommit=True) as keeper:
        name = postgres_engine.url.database
        keeper.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgres_engine.dispose()
        assert refused(postgres_engine) is Trouble.READ_ONLY
        keeper.execute("SET default_transaction_read_only = off")
        keeper.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    note(postgres_engine)


def test_a_server_that_lets_nobody_in_is_away_and_says_why(postgres_engine: Engine) -> None:
    gone = create_engine_for(postgres_engine.url.set(database="nowhere"))
    with pytest.raises(DatabaseTrouble) as raised, reading(gone):
        pass
    assert raised.value.trouble is Trouble.AWAY
    assert "nowhere" in raised.value.cause


def test_a_limit_on_connections_is_named(postgres_engine: Engine) -> None:
    with psycopg.connect(libpq(postgres_engine.url), autocommit=True) as keeper:
        keeper.execute("CREATE ROLE visitor LOGIN CONNECTION LIMIT 1")
        url = postgres_engine.url.set(username="visitor")
        try:
            with psycopg.connect(libpq(url)), pytest.raises(DatabaseTrouble) as raised, reading(create_engine_for(url)):
                pass
        finally:
            keeper.execute("DROP ROLE visitor")
    assert raised.value.trouble is Trouble.NO_CONNECTION
