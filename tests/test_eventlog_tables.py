"""The database itself refuses whatever would change the log, whoever asks."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError

from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog, NewEvent, Recorded
from eventlog.tables import create_log

ROW = "'a', 1, 'noted/1', '{}', '2017-04-21T12:00:00.000000Z', 'eve', 'hash'"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        create_log(connection)
    yield engine
    engine.dispose()


def two_events(engine: Engine) -> list[Recorded]:
    with EventLog(engine).appending(recorder="ana", now=datetime(2017, 4, 21, 12, tzinfo=UTC)) as append:
        return append.append([NewEvent("a", 1, "noted/1", b"{}"), NewEvent("b", 1, "noted/1", b"{}")])


def whole(engine: Engine) -> list[Recorded]:
    with reading(engine) as connection:
        return list(EventLog(engine).read(connection))


REFUSED = {
    "both": [
        "UPDATE log SET recorder = 'eve'",
        "UPDATE log SET recorder = 'eve' WHERE position = 2",
        "DELETE FROM log",
        "DELETE FROM log WHERE position = 2",
        f"INSERT INTO log VALUES (3, {ROW}) ON CONFLICT (stream, version) DO UPDATE SET recorder = 'eve'",
        f"INSERT INTO log VALUES (1, {ROW}) ON CONFLICT (position) DO UPDATE SET recorder = 'eve'",
        f"INSERT INTO log VALUES (3, {ROW})",
        f"INSERT INTO log VALUES (2, {ROW.replace('a', 'c', 1)})",
    ],
    "sqlite": [
        f"INSERT OR REPLACE INTO log VALUES (1, {ROW})",
        f"INSERT OR REPLACE INTO log VALUES (3, {ROW})",
        f"REPLACE INTO log VALUES (2, {ROW.replace('a', 'c', 1)})",
        f"REPLACE INTO log VALUES (NULL, {ROW})",
        f"INSERT INTO log VALUES (9, {ROW.replace('a', 'c', 1)})",
        f"INSERT INTO log VALUES (0, {ROW.replace('a', 'c', 1)})",
        f"INSERT INTO log VALUES (NULL, {ROW.replace('a', 'c', 1)})",
        "UPDATE OR REPLACE log SET position = 1 WHERE position = 2",
    ],
    "postgresql": [
        "TRUNCATE log",
        "TRUNCATE log, log_head CASCADE",
        "DELETE FROM log WHERE position = 99",
        "MERGE INTO log USING (SELECT 1 AS n) AS one ON position = n WHEN MATCHED THEN DELETE",
    ],
}


def test_no_statement_changes_what_is_recorded(engine: Engine) -> None:
    recorded = two_events(engine)
    for statement in REFUSED["both"] + REFUSED[engine.dialect.name]:
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
        assert whole(engine) == recorded, statement


def test_the_refusal_says_why(engine: Engine) -> None:
    two_events(engine)
    with pytest.raises(DBAPIError, match="the log only grows: DELETE refused"), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM log")


def test_a_program_that_opens_the_file_without_our_settings_is_refused_too(sqlite_url: str) -> None:
    engine = create_engine_for(sqlite_url)
    with engine.begin() as connection:
        create_log(connection)
    recorded = two_events(engine)
    other = sqlite3.connect(str(make_url(sqlite_url).database))
    assert other.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    for statement in REFUSED["both"] + REFUSED["sqlite"]:
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)
    other.rollback()
    other.close()
    assert whole(engine) == recorded
    engine.dispose()


def test_the_head_is_one_row(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO log_head VALUES (2, 0, '', '')")
