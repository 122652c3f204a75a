"""Core statements compiled once per dialect and run by the driver: every append's hot path.

SQL is still written once, in SQLAlchemy, for both databases; what it adds to each execution (a context, type
processing, a result object) is left out. So values are what the driver takes and gives: int, float, str,
bytes, bool, None.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Connection, Dialect, Table, bindparam, insert
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from eventlog.engine import driver_connection

# From this many rows on, PostgreSQL's COPY is faster than the driver's executemany.
_COPY_FROM = 100
# Binary COPY is half as fast again as COPY of text, but takes each value for what it is: only for types where
# Python has one form for it. A date given as text, say, only the server can read.
_BINARY_COPY = {"BIGINT", "INTEGER", "SMALLINT", "TEXT", "BYTEA", "BOOLEAN", "DOUBLE PRECISION"}


class CompiledQuery:
    """A Core statement with named parameters, run as `CompiledQuery(...).run(connection, name=value)`.

    Parameters that expand (`IN`) have no one text and are not supported.
    """

    def __init__(self, construct: ClauseElement) -> None:
        self._construct = construct
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def run(self, connection: Connection, **values: Any) -> Any:  # noqa: ANN401  # a cursor of either driver
        """Run it in the connection's transaction and return the driver's cursor, to fetch from or iterate."""
        sql, constants = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        driver = driver_connection(connection)
        if connection.dialect.name == "postgresql":
            # As text, every byte of a state would come over as two, to be parsed: half the speed of a whole
            # read.
            return driver.execute(sql, constants | values, binary=True)
        return driver.execute(sql, constants | values)

    def _compile(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        style = {"sqlite": "named", "postgresql": "pyformat"}[dialect.name]
        compiled = self._construct.compile(dialect=_with_paramstyle(dialect, style))
        # Core makes parameters of the literals in the construct, too.
        constants = {name: value for name, value in (compiled.params or {}).items() if value is not None}
        self._compiled[dialect.name] = str(compiled), constants
        return self._compiled[dialect.name]


class BulkInsert:
    """Inserts rows into one table: tuples of driver values, in the order of the table's columns."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sql: dict[str, str] = {}
        self._copy = ""
        self._copy_types: list[str] = []

    def rows(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert them in the connection's transaction; errors are the driver's own."""
        if not rows:
            return
        name = connection.dialect.name
        sql = self._sql.get(name) or self._compile(connection.dialect)
        driver = driver_connection(connection)
        if len(rows) == 1:
            driver.execute(sql, rows[0])
        elif name == "postgresql" and len(rows) >= _COPY_FROM:
            with driver.cursor() as cursor, cursor.copy(self._copy) as copy:
                if self._copy_types:
                    copy.set_types(self._copy_types)
                for row in rows:
                    copy.write_row(row)
        else:
            driver.cursor().executemany(sql, rows)

    def _compile(self, dialect: Dialect) -> str:
        style = {"sqlite": "qmark", "postgresql": "format"}[dialect.name]
        sql = str(insert(self._table).compile(dialect=_with_paramstyle(dialect, style)))
        if dialect.name == "postgresql":  # COPY is its own, and so are the types that it is given
            quote = dialect.identifier_preparer
            columns = ", ".join(quote.format_column(column) for column in self._table.columns)
            types = [column.type.compile(dialect).partition(" COLLATE ")[0] for column in self._table.columns]
            binary = _BINARY_COPY.issuperset(types)
            self._copy_types = [name.lower() for name in types] if binary else []
            form = " (FORMAT BINARY)" if binary else ""
            self._copy = f"COPY {quote.format_table(self._table)} ({columns}) FROM STDIN{form}"
        self._sql[dialect.name] = sql
        return sql


def _with_paramstyle(dialect: Dialect, style: str) -> Dialect:
    return cast("type[DefaultDialect]", type(dialect))(paramstyle=cast("Any", style))


class InList(ColumnElement[bool]):
    """Use as a condition of a `CompiledQuery`; give the parameter as `list_param(connection, values)`."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: BindParameter[Any] = bindparam(name)


@compiles(InList, "sqlite")
def _in_list_on_sqlite(element: InList, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # made of compiled parts, no text of anyone's


@compiles(InList, "postgresql")
def _in_list_on_postgresql(element: InList, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} = ANY({values})"


def given_params(**values: Any) -> dict[str, Any]:  # noqa: ANN401  # values of the driver
    """The parameters that were given a value: a query that is made for them has a condition for each."""
    return {name: value for name, value in values.items() if value is not None}


def list_param(connection: Connection, values: Iterable[str | int]) -> str | list[str | int]:
    """Values as the connection's database takes them for an `InList`."""
    values = list(values)
    return json.dumps(values) if connection.dialect.name == "sqlite" else values


class AsBytes(ColumnElement[bytes]):
    """Use in the columns of a `CompiledQuery`: the driver gives bytes, which nobody decodes and encodes again."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[str]) -> None:
        self.column = column


@compiles(AsBytes, "sqlite")
def _as_bytes_on_sqlite(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"CAST({compiler.process(element.column, **kw)} AS BLOB)"


@compiles(AsBytes, "postgresql")
def _as_bytes_on_postgresql(element: AsBytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"convert_to({compiler.process(element.column, **kw)}, 'UTF8')"
