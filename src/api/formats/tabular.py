"""CSV (RFC 4180): a heading, a row each, and no cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

import msgspec

from api.formats.listing import Cell, Listing, Type

CELL_SEPARATOR = " | "
"""Between the texts of a cell that has several."""

# What spreadsheets begin a formula with, their full-width forms (which some of them take for the same), and what they
# leave out before looking.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_table(listing: Listing) -> Iterator[bytes]:
    """The list as a table, piece by piece."""
    heading = _written([tuple(listing.columns)])
    for piece in listing.pieces():
        yield heading + _written([[_cell(one) for one in row] for item in piece for row in listing.rows(item)])
        heading = b""


def defused(text: str) -> str:
    """A text that is only ever a text: where it begins as a formula does, an apostrophe stands before it.

    Also before a text that has one itself, so that whoever takes one away again has what was written.
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


def ndjson_lines(listing: Listing) -> Iterator[bytes]:
    """The list, piece by piece."""
    for piece in listing.pieces():
        if piece:
            yield b"\n".join(piece) + b"\n"


# Table Schema's types, and beside them what pandas needs: `extDtype`, so that a column may have gaps and still be one
# of numbers, and `tz`. pandas knows neither `date` nor `array`.
_FIELDS: dict[Type, dict[str, str]] = {
    Type.TEXT: {"type": "string", "extDtype": "string"},
    Type.TEXTS: {"type": "any"},
    Type.DAY: {"type": "datetime", "format": "any"},
    Type.INSTANT: {"type": "datetime", "format": "any", "tz": "UTC"},
    Type.WHOLE: {"type": "integer", "extDtype": "Int64"},
    Type.FLAG: {"type": "boolean", "extDtype": "boolean"},
}


def data_resource(listing: Listing) -> Iterator[bytes]:
    """The list as a table with its schema, piece by piece: the rows of the CSV, as objects."""
    head: dict[str, Any] = {
        "profile": "tabular-data-resource",
        "name": "table",
        "title": listing.title,
        "schema": {"fields": [{"name": name, **_FIELDS[its]} for name, its in listing.columns.items()]},
    }
    before = msgspec.json.encode(head).removesuffix(b"}") + b',"data":['
    for piece in listing.pieces():
        rows = [dict(zip(listing.columns, row, strict=True)) for item in piece for row in listing.rows(item)]
        if rows:
            yield before + b",".join(map(msgspec.json.encode, rows))
            before = b","
    yield (b"" if before == b"," else before) + b"]}"
