"""The log's two tables, and the triggers by which the database itself keeps the log append-only.

`log` holds every event ever recorded, one row each. `log_head` is one row: the last position, its stamp, and the
right edge of the log's Merkle tree. Whoever appends locks it first, so there is one order of commit, and positions
follow it without a gap.

Each row of the log also keeps the hashes of the subtrees that its event completed: its leaf's, then those of 2, 4,
8 ... events that end with it, 32 bytes each, two on average. So the tree costs an append no statement of its own, is
protected as the events are, and each of its nodes has one place: the row of its last leaf.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData()


def text_type() -> TypeEngine[str]:
    # Compared byte by byte on both databases: ids and stamps sort alike, and no locale slows the index down.
    return Text().with_variant(Text(collation="C"), "postgresql")


def position_type() -> TypeEngine[int]:
    # Only INTEGER PRIMARY KEY is SQLite's own row key; a BIGINT there would cost a second index.
    return BigInteger().with_variant(Integer(), "sqlite")


log = Table(
    "log",
    metadata,
    Column("position", position_type(), primary_key=True, autoincrement=False),
    Column("stream", text_type(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", text_type(), nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("recorded_at", text_type(), nullable=False),
    Column("recorder", text_type(), nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version", name="log_stream_version"),
)

EVENT: Final = tuple(log.columns)[:-1]
"""The columns that make up an event, in the order of `Recorded`."""

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", position_type(), nullable=False),
    Column("recorded_at", text_type(), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="log_head_is_one_row"),
)

# SQLite has no TRUNCATE, but INSERT OR REPLACE deletes, and without firing a delete trigger unless the
# connection asked for recursive triggers. A program that opens the file by itself will not have asked, so the
# insert is guarded too: a row must be the next one, and its place in the stream must be free.
_SQLITE: Final = (
    """
    CREATE TRIGGER log_refuses_update BEFORE UPDATE ON log
    BEGIN SELECT RAISE(ABORT, 'the log only grows: UPDATE refused'); END
    """,
    """
    CREATE TRIGGER log_refuses_delete BEFORE DELETE ON log
    BEGIN SELECT RAISE(ABORT, 'the log only grows: DELETE refused'); END
    """,
    """
    CREATE TRIGGER log_refuses_replace BEFORE INSERT ON log
    WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM log)
        OR EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'the log only grows: not the next position, or the version is taken'); END
    """,
)

# One statement trigger covers all three, also where no row matches, and INSERT ... ON CONFLICT DO UPDATE as
# well.
_POSTGRESQL: Final = (
    """
    CREATE FUNCTION log_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING
            MESSAGE = 'the log only grows: ' || TG_OP || ' refused',
            ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE TRIGGER log_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION log_refuses_change()
    """,
)

_PROTECTION: Final = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
LOG_TRIGGERS: Final = {
    "sqlite": ("log_refuses_update", "log_refuses_delete", "log_refuses_replace"),
    "postgresql": ("log_refuses_change",),
}
"""The names of the triggers that protect `log`."""
GUARDS: Final = {
    "sqlite": tuple(f"TRIGGER IF EXISTS {name}" for name in LOG_TRIGGERS["sqlite"]),
    "postgresql": ("TRIGGER IF EXISTS log_refuses_change ON log", "FUNCTION IF EXISTS log_refuses_change()"),
}
"""The same, and what they call, as a DROP statement names them."""


def create_log(connection: Connection) -> None:
    """Create both tables, their protection and the head row, in the connection's transaction."""
    metadata.create_all(connection, tables=[log, log_head], checkfirst=False)
    protect_log(connection)
    connection.execute(insert(log_head).values(id=1, position=0, recorded_at="", frontier=b""))


def protect_log(connection: Connection) -> None:
    """Create the triggers that refuse UPDATE, DELETE, TRUNCATE and REPLACE on `log`."""
    for statement in _PROTECTION[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def drop_log(connection: Connection) -> None:
    """Drop everything `create_log` made: only for a migration's downgrade, and for tests."""
    metadata.drop_all(connection, tables=[log, log_head], checkfirst=False)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION log_refuses_change()")
