"""`column = any of a list`, with one text whatever the list's length: an array on PostgreSQL, JSON on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class AnyOf(ColumnElement[bool]):
    """Use as a condition of a `Statement`; give the parameter as `listed(connection, values)`."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(name)


@compiles(AnyOf, "sqlite")
def _sqlite(element: AnyOf, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # made of compiled parts, no text of anyone's


@compiles(AnyOf, "postgresql")
def _postgresql(element: AnyOf, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} = ANY({values})"


def listed(connection: Connection, values: Iterable[str | int]) -> str | list[str | int]:
    """Values as the connection's database takes them for an `AnyOf`."""
    values = list(values)
    return json.dumps(values) if connection.dialect.name == "sqlite" else values
