"""`AsBytes(column)`: a text as the UTF-8 that the database holds, for what is passed on without being looked into."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class AsBytes(ColumnElement[bytes]):
    """Use in the columns of a `Statement`: the driver gives bytes, decoded by nobody and encoded by nobody again."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[str]) -> None:
        self.column = column


@compiles(AsBytes, "sqlite")
def _sqlite(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"CAST({compiler.process(element.column, **kw)} AS BLOB)"


@compiles(AsBytes, "postgresql")
def _postgresql(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"convert_to({compiler.process(element.column, **kw)}, 'UTF8')"
