"""A table that says what its cells are: a Data Resource (Frictionless), as pandas reads it with `orient="table"`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from api.formats.listing import Listing, Type

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
