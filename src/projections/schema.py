"""The read models' tables.

Every row carries the log position of the event that made it. Rows are only ever added; all that is ever updated is a
version's `until`, the position that superseded it. So one query answers for every position of the log, with another
number. The same tables under another prefix are what a rebuild fills beside those in use.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.compiler import DDLCompiler

from eventlog.sql import BulkInsert, CompiledQuery
from eventlog.tables import position_type, text_type
from projections.rows import Rows

SCHEMA_VERSION = 5
"""Raise it whenever a table or a fold here changes: what was built by another version is rebuilt."""

LEXEMES = "array_to_tsvector(string_to_array(summary || ' ' || quotes || ' ' || named, ' '))"
"""What PostgreSQL's text search looks through: the words as they are, since its own parser would change them."""
_FTS5 = """columnsize = 0, tokenize = "ascii tokenchars '_'" """
"""SQLite's options: this tokenizer splits at spaces alone, as it takes every character beyond ASCII for a letter."""

ORDER = ("earliest", "latest", "sequence", "entry", "position")
"""The columns by which a timeline is in order."""


def _texts(*names: str, nullable: bool = False) -> Iterator[Column[str]]:
    return (Column(name, text_type(), nullable=nullable) for name in names)


def _row_key() -> Iterator[Column[int]]:
    """The position of a version, and of the event that superseded it."""
    yield Column("position", position_type(), primary_key=True, autoincrement=False)
    yield Column("until", BigInteger, nullable=False)


class ReadModels:
    """The tables under one prefix ("" for those in use)."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.metadata = MetaData()
        self.versions = Table(
            f"{prefix}versions",
            self.metadata,
            *_row_key(),
            *_texts("entry", "earliest", "latest"),
            Column("sequence", Integer, nullable=False),
            *_texts("public_earliest", "public_latest", "kind", "party"),
            Column("retracted", Boolean, nullable=False),
            Column("law", Boolean, nullable=False),
            *_texts("body"),
        )
        self.timeline = Table(
            f"{prefix}timeline",
            self.metadata,
            *_texts("jurisdiction", "earliest", "latest"),
            Column("sequence", Integer, nullable=False),
            *_texts("entry"),
            Column("position", BigInteger, nullable=False),
            *_texts("review", nullable=True),
        )
        self.places = Table(
            f"{prefix}places",
            self.metadata,
            *_row_key(),
            *_texts("id", "kind", "state", "time_zone"),
            *_texts("speaks_for", "geoid", "ocd", nullable=True),
            *_texts("body"),
        )
        self.names = self._keyed("names", ("id", "kind"))
        self.links = self._keyed("links", ("target",), *_texts("entry"))
        self.marks = self._keyed("marks", ("mark",))
        self.due_days = self._keyed("due_days", ("due", "demand"))
        self.words = Table(
            f"{prefix}words",
            self.metadata,
            # The row key of a virtual table can have no other name.
            Column("rowid", position_type(), key="position", primary_key=True, autoincrement=False),
            *_texts("summary", "quotes", "named"),
            info={"fts5": True},
        )
        self.unreadable = Table(
            f"{prefix}unreadable",
            self.metadata,
            Column("position", position_type(), primary_key=True, autoincrement=False),
            *_texts("stream", "why"),
        )
        # Kept while the rows come in: few versions are in it, and to make it at the end would read every version.
        law = self.versions.c.law
        Index(f"{prefix}versions_law", self.versions.c.position, sqlite_where=law, postgresql_where=law)
        reviewed = self.timeline.c.review.is_not(None)
        self.indexes = (
            Index(f"{prefix}versions_by_entry", self.versions.c.entry, self.versions.c.position),
            Index(f"{prefix}versions_by_day", *(self.versions.c[name] for name in ORDER)),
            # Not the primary key, which cannot be made last: rows do not come in its order, so each would write a page.
            Index(
                f"{prefix}timeline_in_order",
                self.timeline.c.jurisdiction,
                *(self.timeline.c[name] for name in ORDER),
                unique=True,
            ),
            Index(
                f"{prefix}timeline_reviewed",
                self.timeline.c.jurisdiction,
                sqlite_where=reviewed,
                postgresql_where=reviewed,
            ),
            Index(f"{prefix}places_by_id", self.places.c.id, self.places.c.position),
            Index(f"{prefix}places_by_geoid", self.places.c.geoid),
            Index(f"{prefix}places_by_ocd", self.places.c.ocd),
            # SQLite's table of words is its own index.
            Index(f"{prefix}words_found", text(LEXEMES), postgresql_using="gin", _table=self.words).ddl_if(
                dialect="postgresql"
            ),
        )
        """Made by a rebuild after the rows are in, which is faster."""
        self.tables = (
            self.versions,
            self.timeline,
            self.places,
            self.names,
            self.links,
            self.marks,
            self.due_days,
            self.words,
            self.unreadable,
        )
        self.insert = {table.name.removeprefix(prefix): BulkInsert(table) for table in self.tables}
        self._close = {
            table: CompiledQuery(
                update(table).where(table.c.position == bindparam("superseded")).values(until=bindparam("by"))
            )
            for table in (self.versions, self.places)
        }

    def _keyed(self, name: str, key: Sequence[str], *more: Column[Any]) -> Table:
        """A table whose primary key are some texts and a position."""
        position = Column("position", BigInteger, nullable=False)
        constraint = PrimaryKeyConstraint(*key, "position")
        table = f"{self.prefix}{name}"
        return Table(table, self.metadata, *_texts(*key), position, *more, constraint, sqlite_with_rowid=False)

    def write(self, connection: Connection, rows: Rows) -> None:
        """Adds rows, and closes the versions that they supersede, in the connection's transaction."""
        for name, insert in self.insert.items():
            insert.rows(connection, getattr(rows, name))
        for before, position in rows.superseded_entries:
            self._close[self.versions].run(connection, superseded=before, by=position)
        for before, position in rows.superseded_places:
            self._close[self.places].run(connection, superseded=before, by=position)


def primary_key_of(table: Table) -> list[str]:
    """The columns that identify a row: the table's primary key, or the unique index that it has in place of one."""
    columns = table.primary_key.columns or next(index.columns for index in table.indexes if index.unique)
    return [column.key for column in columns]


@compiles(CreateTable, "sqlite")
def _create_table(element: CreateTable, compiler: DDLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what it passes on
    table = element.element
    if not table.info.get("fts5"):
        plain: str = compiler.visit_create_table(element, **kw)  # type: ignore[no-untyped-call]  # SQLAlchemy says none
        return plain
    columns = [column.name for column in table.columns if not column.primary_key]
    return f"CREATE VIRTUAL TABLE {table.name} USING fts5({', '.join(columns)}, {_FTS5})"


generations = Table(
    "read_models",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("building", Integer),
    Column("built_to", Integer),
)
"""One row: the version of the tables in use and how often they were built; during a rebuild, also the version that it
builds and the position that it has reached."""


def prefix_of(generation: int) -> str:
    """The prefix of a generation's tables until they replace those in use; their indexes keep it."""
    return f"g{generation}_"


JOIN_READERS = f"LOCK TABLE {generations.name} IN ACCESS SHARE MODE"
"""The first statement of every transaction that reads these tables on PostgreSQL.

PostgreSQL's snapshots do not cover table names: without this lock, tables that replace others between two queries of a
reader would be empty in its snapshot. LOCK TABLE takes no snapshot, so a reader that had to wait sees the new tables.
"""


def shut_out_readers(connection: Connection) -> None:
    """Waits for the present readers and keeps new ones out until the transaction ends; SQLite needs no such lock."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {generations.name} IN ACCESS EXCLUSIVE MODE")


@cache
def live_tables() -> ReadModels:
    return ReadModels()
