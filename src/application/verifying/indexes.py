"""Verifying the database beneath: its own check of itself, and that indexes find every row that their tables hold.

SQLite's `integrity_check` compares each index with its table. On PostgreSQL amcheck does where it is had; without it
each index answers for the whole of its table, and the answer is compared with that of a scan. The search index is no
index of either kind on SQLite, and of a kind that few can check on PostgreSQL: each version is looked for by its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from application.service import Service
from eventlog.engine import driver_connection
from projections.schema import LEXEMES, live_tables

_words, _versions = live_tables().words, live_tables().versions
_MOST_NAMED = 100
"""Faults of one kind that are named: a database with a hundred needs no longer list."""


def database_faults(service: Service) -> Iterator[str]:
    """What the database finds wrong with itself: its own words, a line each."""
    with service.reading() as connection:
        if service.engine.dialect.name == "sqlite":
            for (finding,) in connection.execute(text(f"PRAGMA integrity_check({_MOST_NAMED})")):
                if finding != "ok":
                    yield from (f"database: {line}" for line in str(finding).splitlines())
        elif _amcheck_is_had(connection):
            yield from _found_by_amcheck(connection)
        else:
            yield from _indexes_beside_scans(connection)


# PostgreSQL


def _amcheck_is_had(connection: Connection) -> bool:
    return connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'")).first() is not None


_BTREES = text("""
    SELECT i.relname, x.indexrelid, c.relname,
           pg_get_expr(x.indpred, x.indrelid),
           (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)
            FROM unnest(x.indkey) WITH ORDINALITY k(attnum, n)
            JOIN pg_attribute a ON (a.attrelid, a.attnum) = (x.indrelid, k.attnum))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_am m ON m.oid = i.relam
    WHERE m.amname = 'btree' AND x.indisvalid AND x.indexprs IS NULL
      AND c.relnamespace = CAST(current_schema() AS regnamespace)
    ORDER BY i.relname
""")
"""Every B-tree of the schema: its name and table, the condition of a partial one, and its columns."""


def _found_by_amcheck(connection: Connection) -> Iterator[str]:
    for index, oid, table, _, _ in connection.execute(_BTREES).all():
        connection.execute(text("SAVEPOINT checked"))
        try:
            connection.execute(text("SELECT bt_index_check(CAST(:index AS oid), true)"), {"index": oid})
        except connection.dialect.loaded_dbapi.Error as error:
            connection.execute(text("ROLLBACK TO checked"))
            yield f"index {index} of {table}: {str(error).splitlines()[0]}"


_BY_INDEX = ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort", "enable_hashagg")
_BY_SCAN = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan")


def _indexes_beside_scans(connection: Connection) -> Iterator[str]:
    """Each index that does not lead to the rows of its table, by how many it leads to and what is in them."""
    for index, _, table, condition, columns in connection.execute(_BTREES).all():
        where = "" if condition is None else f" WHERE {condition}"
        digest = f"""
            SELECT count(*), coalesce(sum(hashtextextended(CAST(row_ AS text), 0) % 1000000007), 0)
            FROM (SELECT ROW({columns}) AS row_ FROM "{table}"{where} ORDER BY {columns}) AS ordered
        """  # noqa: S608 - names of the catalogue, quoted by it
        with _without(connection, _BY_INDEX):
            plan = connection.execute(text(f"EXPLAIN {digest}")).scalars().all()
            led_to = tuple(connection.execute(text(digest)).one())
        if not any(f" {index} " in line for line in plan):
            continue  # an empty table, or another index in the same order answered: it has its own turn
        with _without(connection, _BY_SCAN):
            held = tuple(connection.execute(text(digest)).one())
        if led_to != held:
            yield f"index {index} of {table}: leads to {led_to[0]} rows, and the table holds {held[0]}"


class _without:  # noqa: N801 - used as a word of the sentence, as context managers are
    """Ways of reading that the planner may not take, for as long as the block runs."""

    def __init__(self, connection: Connection, ways: tuple[str, ...]) -> None:
        self._connection, self._ways = connection, ways

    def __enter__(self) -> None:
        self._set("off")

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:  # else the transaction takes no more statements
            self._set("on")

    def _set(self, to: str) -> None:
        for way in self._ways:
            self._connection.execute(text(f"SET LOCAL {way} = {to}"))


# The search index


def search_faults(service: Service) -> Iterator[str]:
    """The versions of entries that a search for their words does not find, or finds by words that they have not."""
    with service.reading() as connection:
        if service.engine.dialect.name == "sqlite":
            yield from _search_faults_on_sqlite(connection)
        else:
            yield from _search_faults_on_postgresql(connection)


def _search_faults_on_sqlite(connection: Connection) -> Iterator[str]:
    """By counting: how many words of which lengths the index has of each version, and how many the version has."""
    driver = driver_connection(connection)
    driver.execute(f"CREATE VIRTUAL TABLE temp.indexed_words USING fts5vocab(main, {_words.name}, instance)")
    try:
        query = """
            SELECT doc, count(*), sum(length(term)), sum(unicode(term)) FROM temp.indexed_words
            GROUP BY doc ORDER BY doc
        """
        indexed = _Rows(driver.cursor().execute(query))
        stored = driver.cursor().execute(f"SELECT rowid, summary, quotes, named FROM {_words.name} ORDER BY rowid")  # noqa: S608 - our own name
        for position, *texts in stored:
            for missing in indexed.before(position):
                yield f"{_words.name} row ({missing}): is in the search index, and is no row"
            words = [word for text_ in texts for word in text_.split()]
            wanted = (len(words), sum(map(len, words)), sum(ord(word[0]) for word in words))
            if indexed.at(position) != (wanted if words else None):
                yield f"{_words.name} row ({position}): the search index has other words than the row, or none"
        for missing in indexed.before(None):
            yield f"{_words.name} row ({missing}): is in the search index, and is no row"
    finally:
        driver.execute("DROP TABLE temp.indexed_words")


class _Rows:
    """Rows in order of their first value, read once."""

    def __init__(self, cursor: Iterator[Any]) -> None:
        self._cursor = cursor
        self._next = next(cursor, None)

    def before(self, key: int | None) -> Iterator[int]:
        """The keys of the rows before a key (None: all that are left), which are passed over."""
        while self._next is not None and (key is None or self._next[0] < key):
            yield self._next[0]
            self._next = next(self._cursor, None)

    def at(self, key: int) -> tuple[Any, ...] | None:
        if self._next is None or self._next[0] != key:
            return None
        row, self._next = self._next, next(self._cursor, None)
        return tuple(row[1:])


_LEXEMES_FOUND = re.sub("summary|quotes|named", r"found.\g<0>", LEXEMES)
_NOT_FOUND = text(f"""
    SELECT w.rowid FROM {_words.name} AS w
    CROSS JOIN LATERAL (
        SELECT lexeme FROM unnest({LEXEMES}) ORDER BY length(lexeme) DESC LIMIT 1
    ) AS longest
    WHERE longest.lexeme <> '' AND NOT EXISTS (
        SELECT 1 FROM {_words.name} AS found
        WHERE {_LEXEMES_FOUND}
              @@ CAST(quote_literal(longest.lexeme) AS tsquery) AND found.rowid + 0 = w.rowid
    )
    ORDER BY w.rowid LIMIT {_MOST_NAMED}
""")  # noqa: S608 - our own names
"""The rows that the search index does not find by the longest of their words: the one that fewest others have.

`+ 0` keeps the planner from the primary key, which would find them without it.
"""


def _search_faults_on_postgresql(connection: Connection) -> Iterator[str]:
    with _without(connection, ("enable_indexscan", "enable_indexonlyscan", "enable_mergejoin", "enable_hashjoin")):
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for (position,) in connection.execute(_NOT_FOUND).all():
            yield f"{_words.name} row ({position}): is not found by its words, which the search index lacks"
