"""CSV (RFC 4180): a heading, a row each, and no cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from api.formats.listing import Cell, Listing

SEPARATOR = " | "
"""Between the texts of a cell that has several."""

# What spreadsheets begin a formula with, their full-width forms (which some of them take for the same), and what they
# leave out before looking.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def table(listing: Listing) -> Iterator[bytes]:
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
    return defused(value if isinstance(value, str) else SEPARATOR.join(value))


def _written(rows: list[list[Cell]] | list[tuple[str, ...]]) -> bytes:
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
