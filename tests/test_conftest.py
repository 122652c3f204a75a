"""The databases that the tests are given are real, empty and each test's own."""

import sqlalchemy
from sqlalchemy import text


def test_a_database_is_empty_and_can_be_written(database_url: str) -> None:
    leave_a_mark(database_url)


def test_a_second_database_of_the_same_kind_is_as_empty(database_url: str) -> None:
    leave_a_mark(database_url)


def test_postgresql_is_a_recent_one(fresh_postgres: str) -> None:
    engine = sqlalchemy.create_engine(fresh_postgres)
    with engine.connect() as connection:
        assert int(connection.scalars(text("SHOW server_version_num")).one()) >= 180_000
    engine.dispose()


def leave_a_mark(url: str) -> None:
    engine = sqlalchemy.create_engine(url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mark (n INTEGER)"))
        connection.execute(text("INSERT INTO mark VALUES (1)"))
        assert connection.scalar(text("SELECT count(*) FROM mark")) == 1
    engine.dispose()
