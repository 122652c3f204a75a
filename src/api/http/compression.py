"""gzip, for bodies over a kilobyte and for streams: whoever says that they take it gets it."""

from __future__ import annotations

import zlib
from functools import lru_cache

SMALLEST = 1_024
"""Bytes: below that, the saving is less than a packet."""
_LEVEL = 5
_WITH_GZIP_HEADER = 31
_SMALL = (b"application/", b"text/", b"image/svg+xml")
_NEVER = (b"text/event-stream", b"application/gzip", b"application/zip")
VARY = (b"vary", b"Accept, Accept-Datetime, Accept-Encoding")


@lru_cache(maxsize=256)
def taken(accept_encoding: bytes | None) -> bool:
    """Whether a reader takes gzip: it is named, or `*` is, and neither with q=0."""
    found: dict[bytes, bool] = {}
    for one in (accept_encoding or b"").lower().split(b","):
        coding, _, parameters = one.partition(b";")
        found[coding.strip()] = parameters.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=0.", b"q=0")
    return found.get(b"gzip", found.get(b"x-gzip", found.get(b"*", False)))


def worth_it(media_type: bytes) -> bool:
    """Whether a body of this type becomes smaller."""
    return media_type.startswith(_SMALL) and not media_type.startswith(_NEVER)


def gzipped(body: bytes) -> bytes:
    """A body in gzip, without a time in it: the same body gives the same bytes."""
    stream = Gzip()
    return stream.part(body, last=True)


class Gzip:
    """A stream, part by part; each part given comes out at once."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)

    def part(self, data: bytes, *, last: bool) -> bytes:
        """The next bytes to be sent."""
        if last:
            return self._compressor.compress(data) + self._compressor.flush()
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
