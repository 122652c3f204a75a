"""Where the log ends, asked as cheaply as can be: all that an answer of "nothing new" costs the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from application.service import Service
from eventlog.engine import reading

_HEAD = "SELECT position FROM log ORDER BY position DESC LIMIT 1"


def head_of(service: Service) -> int:
    """The last log position; of any process that writes, not of this one alone."""
    if service.engine.dialect.name == "postgresql":
        return _in_one_round_trip(service.engine)
    with reading(service.engine) as connection:
        return service.log.head(connection).position


def _in_one_round_trip(engine: Engine) -> int:
    """Without a transaction, which would add two, and past SQLAlchemy, which would cost more than the query."""
    connection = engine.raw_connection()
    driver: Any = connection.driver_connection
    try:
        driver.autocommit = True
        row = driver.execute(_HEAD).fetchone()
        driver.autocommit = False
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()
        raise
    finally:
        connection.close()
    return 0 if row is None else int(row[0])
