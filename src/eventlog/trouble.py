"""The database's trouble: one table from what the drivers raise to what is said and when to come back.

It is nobody's fault who asked, and it passes: the server is away, another holds the lock, the disk is full. What is not
in the table, such as a malformed statement or a broken constraint, is a bug here and stays what it was raised as.

Sources of the table: PostgreSQL 17, appendix A (SQLSTATE); https://sqlite.org/rescode.html.
"""

import logging
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from math import inf
from time import monotonic
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import RecordError

log = logging.getLogger("database")


class Trouble(Enum):
    """A kind of trouble: what is said of it, and after how many seconds to come back."""

    AWAY = ("the database cannot be reached", 5)
    FROZEN = ("the database does not answer", 5)
    BUSY = ("the database is busy: another holds its lock", 1)
    SLOW = ("the database took too long", 5)
    NO_CONNECTION = ("the database takes no more connections", 5)
    READ_ONLY = ("the database takes no writes: it is a standby, or is read-only", 5)
    FULL = ("the database has no space left", 30)
    STORAGE = ("the storage of the database fails", 30)
    GONE = ("the file of the database is no longer the one that was opened", 60)
    DAMAGED = ("the database is damaged: `dispute-timeline verify` names what is", 60)
    DENIED = ("the database does not let this service in", 30)

    @property
    def says(self) -> str:
        text: str = self.value[0]
        return text

    @property
    def retry_after_s(self) -> int:
        seconds: int = self.value[1]
        return seconds


class DatabaseTrouble(RecordError):
    """The database is in trouble: the same request may be sent again."""

    def __init__(self, trouble: Trouble, cause: object = "") -> None:
        """`cause`: the driver's own words, for the keeper and not for the public."""
        super().__init__(trouble.says)
        self.trouble = trouble
        self.cause = " ".join(str(cause).split()) or trouble.says


# The longer beginning counts. Class 08 is the connection, 53 resources, 57 an operator's doing, 58 and XX the system.
_POSTGRESQL = {
    "08": Trouble.AWAY,
    "25006": Trouble.READ_ONLY,
    "25P03": Trouble.SLOW,  # idle in a transaction for too long
    "28": Trouble.DENIED,
    "3D000": Trouble.AWAY,  # no such database: dropped, or not restored yet
    "40001": Trouble.BUSY,
    "40P01": Trouble.BUSY,
    "42501": Trouble.DENIED,
    "53": Trouble.FULL,
    "53300": Trouble.NO_CONNECTION,
    "55006": Trouble.BUSY,
    "55P03": Trouble.BUSY,
    "57": Trouble.AWAY,
    "57014": Trouble.SLOW,
    "58": Trouble.STORAGE,
    "XX": Trouble.DAMAGED,
}
# What a server says before a connection has a SQLSTATE, since libpq gives only its words. The words are in the
# language of the server; where it is not English it is still away.
_REFUSALS = (
    ("too many clients", Trouble.NO_CONNECTION),
    ("too many connections", Trouble.NO_CONNECTION),
    ("remaining connection slots", Trouble.NO_CONNECTION),
    ("authentication failed", Trouble.DENIED),
    ("no pg_hba.conf entry", Trouble.DENIED),
    ("session is read-only", Trouble.READ_ONLY),
)
_SQLITE = {
    sqlite3.SQLITE_PERM: Trouble.DENIED,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_NOMEM: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_READONLY_DBMOVED: Trouble.GONE,
    sqlite3.SQLITE_INTERRUPT: Trouble.SLOW,
    sqlite3.SQLITE_IOERR: Trouble.STORAGE,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CANTOPEN: Trouble.AWAY,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}
_PRIMARY_CODE = 0xFF  # an extended code of SQLite's has its primary one in the lowest byte


def trouble_of(error: BaseException) -> Trouble | None:
    """What trouble of the database an exception tells of; None where it tells of none, and so of a bug."""
    if isinstance(known := getattr(error, "trouble", None), Trouble):  # a DatabaseTrouble, or a server that is frozen
        return known
    if isinstance(error, PoolTimeout):
        return Trouble.NO_CONNECTION
    if isinstance(error, DBAPIError) and error.orig is not None:
        return trouble_of(error.orig)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    # Where the driver was never loaded, nothing is its error.
    psycopg = sys.modules.get("psycopg")
    if psycopg is not None and isinstance(error, psycopg.Error):
        return _of_postgresql(error, operational=isinstance(error, psycopg.OperationalError))
    return None


def _of_sqlite(error: sqlite3.Error) -> Trouble | None:
    # The driver itself raises errors without a code, such as for a closed connection.
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _SQLITE.get(code, _SQLITE.get(code & _PRIMARY_CODE))


def _of_postgresql(error: Any, *, operational: bool) -> Trouble | None:  # noqa: ANN401  # psycopg's, which may not be loaded
    """`operational`: whether it is an OperationalError, as all is that the driver meets itself and gives no code."""
    if error.sqlstate is not None:
        beginnings = (error.sqlstate[:length] for length in (5, 2))
        return next((_POSTGRESQL[begin] for begin in beginnings if begin in _POSTGRESQL), None)
    if not operational:
        return None
    words = str(error)
    return next((trouble for refusal, trouble in _REFUSALS if refusal in words), Trouble.AWAY)


_WARN_EVERY_S = 10.0
_warned: dict[Trouble, float] = {}


def _warn(trouble: Trouble, words: object) -> None:
    """Once in a while: every request meets the same trouble."""
    now = monotonic()
    if now - _warned.get(trouble, -inf) >= _WARN_EVERY_S:
        _warned[trouble] = now
        log.warning("%s: %s", trouble.says, words)


@contextmanager
def telling_trouble(*, reads: bool = False) -> Iterator[None]:
    """Raises DatabaseTrouble in place of whatever a driver or the pool raises of the kinds in the table.

    What only `reads` cannot meet a database that takes no writes: a statement that does is a bug.
    """
    try:
        yield
    except DatabaseTrouble:
        raise
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None or (reads and trouble is Trouble.READ_ONLY):
            raise
        words: Any = getattr(error, "orig", None) or error
        _warn(trouble, words)
        raise DatabaseTrouble(trouble, words) from error
