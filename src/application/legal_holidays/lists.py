"""Which list of legal holidays was used for what is kept: the days due in the read models, and planned reminders.

A list comes with a library, so that a newer library can move a day due without any event in the log. What is kept
therefore rests on a log position and on a list, and is made anew where either has changed.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, delete, insert, select

from eventlog.sql import CompiledQuery

UsedBy = Literal["read models", "rebuild", "reminders"]
"""What was worked out by a list: the tables in use, those that a rebuild has begun, the reminders planned."""

table = Table(
    "holiday_lists",
    MetaData(),
    Column("used_by", Text, primary_key=True),
    Column("version", Text, nullable=False),
)
"""A row each. One that is missing: the list is not known, as of a database from before there was this table."""
_VERSION = CompiledQuery(select(table.c.version).where(table.c.used_by == bindparam("used")))


def list_used(connection: Connection, used_by: UsedBy) -> str | None:
    """The version of the list that was used; None where it is not known."""
    row = _VERSION.run(connection, used=used_by).fetchone()
    return None if row is None else str(row[0])


def remember_list(connection: Connection, used_by: UsedBy, version: str) -> None:
    connection.execute(delete(table).where(table.c.used_by == used_by))
    connection.execute(insert(table).values(used_by=used_by, version=version))
