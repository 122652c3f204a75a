"""Verifying the schema: tables, columns, indexes, triggers and functions are those that the migrations make.

What they make is not written down a second time: they are carried out beside the database in use, in a file of their
own on SQLite, in a schema that is rolled back again on PostgreSQL, and the two are compared object by object.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache

from sqlalchemy import Connection, Engine, text

from application.service import Service, migrate
from eventlog.engine import create_engine_for, reading

_GENERATION = re.compile(r"\bg[0-9]+_")
"""What the indexes of read models that were rebuilt keep of their names (`projections.schema.prefix_of`)."""
_BUILDING = re.compile(r"g[0-9]+_")
_BESIDE = "what_the_migrations_make"
Schema = Mapping[str, str]
"""The definition of each object, by what it is and its name."""


def schema_faults(service: Service) -> Iterator[str]:
    """Each object of the schema that is missing, is defined otherwise, or is not of this program."""
    if service.engine.dialect.name == "sqlite":
        wanted = _made_on_sqlite()
        with reading(service.engine) as connection:
            present = _of_sqlite(connection)
    else:
        wanted = _made_on_postgresql(service.engine)
        with reading(service.engine) as connection:
            present = _of_postgresql(connection, connection.execute(text("SELECT current_schema()")).scalar_one())
    for name in sorted(wanted.keys() | present.keys()):
        if name not in present:
            yield f"schema: {name} is missing"
        elif name not in wanted:
            yield f"schema: {name} is made by no migration"
        elif present[name] != wanted[name]:
            yield f"schema: {name} is {present[name]!r}, the migrations make it {wanted[name]!r}"


@cache
def _made_on_sqlite() -> Schema:
    with tempfile.TemporaryDirectory(prefix="timeline-schema-") as folder:
        engine = create_engine_for(f"sqlite:///{folder}/schema.db")
        try:
            migrate(engine)
            with reading(engine) as connection:
                return _of_sqlite(connection)
        finally:
            engine.dispose()


def _of_sqlite(connection: Connection) -> Schema:
    query = text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
    return {
        f"{type_} {_GENERATION.sub('', name)}": _plain(sql or "")
        for type_, name, table, sql in connection.execute(query)
        if not _BUILDING.match(table)  # read models that a rebuild has not finished
    }


def _plain(definition: str) -> str:
    """A definition without what a rebuild changes in it: quotation marks, prefixes and spaces."""
    unquoted = re.sub(r"(?<=TABLE )'(\w+)'", r"\1", definition.replace('"', ""))
    return re.sub(r"\s+", " ", _GENERATION.sub("", unquoted)).strip()


_TABLES = """
    SELECT 'column ' || c.relname || '.' || a.attname, c.relname,
           format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
           || coalesce(' collate ' || l.collname, '') || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = CAST(:schema AS regnamespace)
"""
_INDEXES = """
    SELECT 'index ' || i.relname, c.relname, pg_get_indexdef(x.indexrelid)
           || CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN '' ELSE ' (not valid)' END
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    WHERE c.relkind = 'r' AND c.relnamespace = CAST(:schema AS regnamespace)
"""
_CONSTRAINTS = """
    SELECT 'constraint ' || c.conname, t.relname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.contype <> 'n' AND c.connamespace = CAST(:schema AS regnamespace)
"""
_TRIGGERS = """
    SELECT 'trigger ' || g.tgname, c.relname, pg_get_triggerdef(g.oid)
           || CASE WHEN g.tgenabled IN ('O', 'A') THEN '' ELSE ' (disabled)' END
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND c.relnamespace = CAST(:schema AS regnamespace)
"""
_FUNCTIONS = """
    SELECT 'function ' || p.proname, p.proname, p.prosrc FROM pg_proc p JOIN pg_trigger g ON g.tgfoid = p.oid
    WHERE p.pronamespace = CAST(:schema AS regnamespace)
"""


_made_on: dict[tuple[int | str, ...], Schema] = {}
"""What the migrations make on PostgreSQL, by its version: each writes a definition in its own way."""


def _made_on_postgresql(engine: Engine) -> Schema:
    """Made once a process, in a transaction that is rolled back."""
    with engine.connect() as connection:
        version = connection.dialect.server_version_info or ()
        if version not in _made_on:
            connection.execute(text(f"CREATE SCHEMA {_BESIDE}"))
            connection.execute(text(f"SET LOCAL search_path TO {_BESIDE}"))
            migrate(engine, connection)
            _made_on[version] = _of_postgresql(connection, _BESIDE)
            connection.rollback()
    return _made_on[version]


def _of_postgresql(connection: Connection, schema: str) -> Schema:
    return {
        _GENERATION.sub("", name): _plain(definition).replace(f"{schema}.", "")
        for query in (_TABLES, _INDEXES, _CONSTRAINTS, _TRIGGERS, _FUNCTIONS)
        for name, table, definition in connection.execute(text(query), {"schema": schema})
        if not _BUILDING.match(table)
    }
