"""Engines, transactions and the fast statements mean the same on both databases."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    select,
    text,
)
from sqlalchemy.sql.expression import bindparam

from eventlog.engine import create_engine_for, reading, writing
from eventlog.sql import BulkInsert, CompiledQuery
from eventlog.trouble import DatabaseTrouble

metadata = MetaData()
order = Table(  # a reserved word, and one column too: names are quoted
    "order",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("from", Text),
    Column("bytes", LargeBinary),
    Column("certain", Boolean),
)
insert_orders = BulkInsert(order)
dated = Table("dated", metadata, Column("day", Date))


class Failed(Exception):
    pass


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        metadata.create_all(connection)
    yield engine
    engine.dispose()


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(connection.execute(select(order)).all())


def test_a_reader_keeps_its_snapshot_while_others_write(engine: Engine) -> None:
    with reading(engine) as reader:
        assert reader.execute(select(order)).all() == []
        with writing(engine) as writer:
            insert_orders.rows(writer, [(1, "a", b"", True)])
        assert reader.execute(select(order)).all() == []
    assert count(engine) == 1


def test_what_a_reader_writes_is_not_kept(engine: Engine) -> None:
    try:
        with reading(engine) as connection:
            insert_orders.rows(connection, [(1, "a", b"", True)])
    except engine.dialect.loaded_dbapi.Error:
        assert engine.dialect.name == "postgresql"
    assert count(engine) == 0


def test_a_connection_is_handed_on_as_it_was_found(engine: Engine) -> None:
    with reading(engine) as connection:
        connection.execute(text("SELECT 1"))
    with writing(engine) as connection:
        insert_orders.rows(connection, [(1, "a", b"", True)])
    with engine.begin() as connection:
        connection.execute(order.update().values({"from": "b"}))
    assert count(engine) == 1


def test_a_writer_that_fails_leaves_nothing(engine: Engine) -> None:
    with suppress(Failed), writing(engine) as connection:
        insert_orders.rows(connection, [(1, "a", b"", True)])
        raise Failed
    assert count(engine) == 0


@pytest.mark.parametrize("many", [0, 1, 2, 99, 100, 101, 2_000])
def test_as_many_rows_come_out_as_went_in(engine: Engine, many: int) -> None:
    rows: list[tuple[Any, ...]] = [
        (
            n,
            None if n % 3 else 'tab\t, new\n, \\N, \\., "quoted", %s — ü',
            bytes([n % 256, 0, 92]),
            n % 2 == 0,
        )
        for n in range(many)
    ]
    with writing(engine) as connection:
        insert_orders.rows(connection, rows)
    find = CompiledQuery(select(order).where(order.c.id >= bindparam("first")).order_by(order.c.id).limit(5_000))
    with reading(engine) as connection:
        assert [tuple(row) for row in find.run(connection, first=0)] == rows
        assert find.run(connection, first=many).fetchall() == []


@pytest.mark.parametrize("many", [1, 2, 200])
def test_a_value_that_only_the_server_can_read_is_inserted_too(fresh_postgres: str, many: int) -> None:
    engine = create_engine_for(fresh_postgres)
    with writing(engine) as connection:
        metadata.create_all(connection)
        BulkInsert(dated).rows(connection, [("2017-04-21",)] * many)
        assert connection.execute(select(dated)).scalars().all() == [date(2017, 4, 21)] * many
    engine.dispose()


def test_sqlite_is_durable_checked_and_concurrent(sqlite_url: str) -> None:
    engine = create_engine_for(sqlite_url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 30_000,
    }


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_log_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        create_engine_for(url)


def test_another_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="not mysql"):
        create_engine_for("mysql://localhost/x")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_is_always_spoken_to_through_psycopg_3(scheme: str) -> None:
    assert create_engine_for(f"{scheme}://localhost/x").driver == "psycopg"


def test_a_lost_server_fails_one_transaction_and_not_each_pooled_connection(fresh_postgres: str) -> None:
    engine = create_engine_for(fresh_postgres)
    with reading(engine) as one, reading(engine) as two:
        for connection in (one, two):
            connection.execute(text("SELECT 1"))
    killing = create_engine_for(fresh_postgres)
    with killing.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )
    killing.dispose()
    select_one = CompiledQuery(select(text("1")))
    with pytest.raises(DatabaseTrouble, match="cannot be reached"), writing(engine) as connection:
        select_one.run(connection)
    for _ in range(3):
        with writing(engine) as connection:
            assert select_one.run(connection).fetchone() == (1,)
    engine.dispose()
