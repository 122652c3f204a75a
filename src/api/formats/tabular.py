"""CSV (RFC 4180): a heading, a row each, and no cell that a spreadsheet would take for a formula."""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator
from io import StringIO
from typing import Any

import msgspec

from api.formats.listing import Cell, ListReader, Type, json_items

CELL_SEPARATOR = " | "
"""Between the texts of a cell that has several."""

# The characters that begin a formula, their full-width forms (which some spreadsheets take for the same), and the
# white space that they skip before looking.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_table(reader: ListReader) -> Iterator[bytes]:
    heading = BOM_UTF8 * reader.bom + _written([tuple(reader.list.columns)])
    for piece in reader.pieces():
        yield heading + _written([[_cell(cell) for cell in row] for item in piece for row in reader.list.rows(item)])
        heading = b""


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: where it begins as one does, an apostrophe is put before it.

    An apostrophe of its own is no exception, so that removing one always gives back what was written.
    """
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if text.lstrip("'").startswith(_DANGEROUS) else text


def _cell(value: Cell) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int):
        return value
    return defused(value if isinstance(value, str) else CELL_SEPARATOR.join(value))


def _written(rows: list[list[Cell]] | list[tuple[str, ...]]) -> bytes:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()


def ndjson_lines(reader: ListReader) -> Iterator[bytes]:
    for piece in reader.pieces():
        if piece:
            yield b"\n".join(json_items(piece)) + b"\n"


# The types of Table Schema, and what pandas needs beside them: `extDtype`, so that a column of numbers may have gaps,
# and `tz`. pandas knows neither `date` nor `array`.
_FIELDS: dict[Type, dict[str, str]] = {
    Type.TEXT: {"type": "string", "extDtype": "string"},
    Type.TEXTS: {"type": "any"},
    Type.DAY: {"type": "datetime", "format": "any"},
    Type.INSTANT: {"type": "datetime", "format": "any", "tz": "UTC"},
    Type.WHOLE: {"type": "integer", "extDtype": "Int64"},
    Type.FLAG: {"type": "boolean", "extDtype": "boolean"},
}


def data_resource(reader: ListReader) -> Iterator[bytes]:
    """The list as a table with its schema, piece by piece: the rows of the CSV, as objects."""
    columns = reader.list.columns
    head: dict[str, Any] = {
        "profile": "tabular-data-resource",
        "name": "table",
        "title": reader.list.title,
        "schema": {"fields": [{"name": name, **_FIELDS[type_]} for name, type_ in columns.items()]},
    }
    before = msgspec.json.encode(head).removesuffix(b"}") + b',"data":['
    for piece in reader.pieces():
        rows = [dict(zip(columns, row, strict=True)) for item in piece for row in reader.list.rows(item)]
        if rows:
            yield before + b",".join(map(msgspec.json.encode, rows))
            before = b","
    yield (b"" if before == b"," else before) + b"]}"
