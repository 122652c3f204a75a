"""The formats that there are: by suffix, and by media type in `Accept`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from api.errors import NotAcceptable
from api.http.exchange import exchange_of
from api.http.negotiation import best_of, refusal


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the suffix of addresses, and the media type as `Accept` and `Content-Type` have it."""

    suffix: str
    media_type: str
    content_type: str


JSON = Format("json", "application/json", "application/json")
NDJSON = Format("ndjson", "application/x-ndjson", "application/x-ndjson")
CSV = Format("csv", "text/csv", "text/csv; charset=utf-8; header=present")
ATOM = Format("atom", "application/atom+xml", "application/atom+xml")
JSON_FEED = Format("feed.json", "application/feed+json", "application/feed+json")
TIMELINEJS = Format("timelinejs.json", "application/json", "application/json")
TABLE = Format("table.json", "application/vnd.dataresource+json", "application/vnd.dataresource+json")
JSON_LD = Format("jsonld", "application/ld+json", "application/ld+json")

LISTS = (JSON, NDJSON, CSV, ATOM, JSON_FEED, TABLE)
"""What every list is had in, JSON where nothing is said."""
BY_SUFFIX = {one.suffix: one for one in (*LISTS, TIMELINEJS)}
SUFFIXES_OF_LISTS = tuple(one.suffix for one in LISTS)


def chosen(request: Request, formats: Sequence[Format] = LISTS) -> Format:
    """The format that a reader's `Accept` likes best; NotAcceptable where it takes none."""
    exchange = exchange_of(request)
    if exchange.accept is None or exchange.accept == b"*/*":
        return formats[0]
    best = best_of(exchange.accept, [one.media_type for one in formats])
    if best is None:
        _, _, detail = refusal(exchange, *(one.media_type for one in formats))
        raise NotAcceptable(detail)
    return formats[best]
