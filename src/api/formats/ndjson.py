"""NDJSON: a JSON object a line, as it comes."""

from __future__ import annotations

from collections.abc import Iterator

from api.formats.listing import Listing


def lines(listing: Listing) -> Iterator[bytes]:
    """The list, piece by piece."""
    for piece in listing.pieces():
        if piece:
            yield b"\n".join(piece) + b"\n"
