"""A list in a format, as an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import chain
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Response
from pydantic import Field

from api.formats.feeds import atom, json_feed
from api.formats.listing import AUTHORITY, DEFAULT_LIMIT, Feed, Listing
from api.formats.tabular import csv_table, data_resource, ndjson_lines
from api.formats.timelinejs import timelinejs
from api.http.etags import etag_of_body
from api.http.exchange import ResponseContext
from api.http.memento import http_date
from api.http.negotiation import ATOM, CSV, JSON_FEED, NDJSON, TABLE, TIMELINEJS, Format
from api.http.parameters import encode_cursor
from api.http.responses import ResourceResponse, ResourceStream
from api.openapi.schemas import Position, Shape

_STREAMS: dict[Format, Callable[[Listing], Iterator[bytes]]] = {
    NDJSON: ndjson_lines,
    CSV: csv_table,
    TABLE: data_resource,
}
_GENERATOR = f"Dispute timeline {version('dispute-timeline')}"


def publish(listing: Listing, its: Format) -> Response:
    """A list in a format other than JSON."""
    if its in _STREAMS:
        return _streamed(listing, its)
    if its is TIMELINEJS:
        body = timelinejs(listing)
        return _whole(listing, its, body, listing.following, listing.recorded_at)
    feed = listing.feed(listing.limit or DEFAULT_LIMIT)
    links = _links(listing, feed, its)
    updated = max((one.updated for one in feed.items), default=None)
    if its is ATOM:
        return _whole(listing, its, atom(listing, feed, links, _id(listing), _GENERATOR), feed.next, updated)
    if its is JSON_FEED:
        return _whole(listing, its, json_feed(listing, feed, links, _id(listing)), feed.next, updated)
    raise ValueError(f"{its.suffix} is made elsewhere")


def _whole(listing: Listing, its: Format, body: bytes, following: object, stamp: str | None) -> Response:
    """An answer that keeps its tag as long as it keeps its bytes, whatever else is recorded."""
    response = ResourceResponse(
        listing.head,
        body,
        headers={"ETag": etag_of_body(None, body).decode()},
        media_type=its.content_type,
        position=listing.position,
        last_modified=stamp,
        next_cursor=encode_cursor(following),
    )
    response.context.clocks = listing.clocks
    return response


def _streamed(listing: Listing, its: Format) -> Response:
    tag = f'"{listing.validator}.{its.suffix}"'
    headers = {"Log-Position": str(listing.head), "X-Content-Type-Options": "nosniff", "ETag": tag}
    if listing.recorded_at is not None:
        headers["Last-Modified"] = http_date(listing.recorded_at)
    if listing.context.has(tag.encode()):
        unchanged = ResourceResponse(listing.head, b"", 304, {"ETag": tag}, last_modified=listing.recorded_at)
        unchanged.context.clocks = listing.clocks
        return unchanged
    pieces = _STREAMS[its](listing)
    if listing.limit is not None:
        pieces = iter(list(pieces))
    elif listing.context.method == "HEAD":
        pieces = iter((b"",))
    else:
        pieces = chain([next(pieces, b"")], pieces)
    response = ResourceStream(pieces, headers=headers, media_type=its.content_type)
    response.context = ResponseContext(
        listing.head, next_cursor=encode_cursor(listing.following), clocks=listing.clocks
    )
    return response


def _links(listing: Listing, feed: Feed, its: Format) -> dict[str, str]:
    """The addresses of a feed itself, of the same list as JSON, and of the feed's next page."""
    query = _query(listing)
    plain = f"{listing.root}{_path(listing)}"
    there = f"{plain}.{its.suffix}"
    links = {"self": _with(there, query), "alternate": _with(plain, [one for one in query if not _pages(one)])}
    cursor = encode_cursor(feed.next)
    if cursor is not None:
        links["next"] = _with(there, [*(one for one in query if not one.startswith("cursor=")), f"cursor={cursor}"])
    return links


def _id(listing: Listing) -> str:
    """The id of a feed: its path and filters, without what only says which part of it is shown."""
    query = sorted(one for one in _query(listing) if not _pages(one))
    return _with(f"{AUTHORITY}:{_path(listing).removeprefix('/api/v1/')}", query)


def _pages(parameter: str) -> bool:
    return parameter.startswith(("cursor=", "limit="))


def _path(listing: Listing) -> str:
    """The path of the list, without a suffix."""
    path = listing.context.path.decode("latin-1")
    plain = path.removesuffix(f".{ATOM.suffix}").removesuffix(f".{JSON_FEED.suffix}")
    return quote(plain, safe="/%:.-_~")


def _query(listing: Listing) -> list[str]:
    written = quote(listing.context.query.decode("latin-1"), safe="%&=+!$'()*,-./:;?@_~")
    return [one for one in written.split("&") if one]


def _with(address: str, query: list[str]) -> str:
    return f"{address}?{'&'.join(query)}" if query else address


class Citation(Shape):
    """An entry's citation. The address is pinned to what we said: its answer never changes."""

    plain: str
    legal: str
    bibtex: str
    permalink: str
    position: Position


class Linked(Shape):
    """An entry in the words of schema.org."""

    context: Literal["https://schema.org"] = Field(alias="@context")
    type: str = Field(alias="@type")
    id: str = Field(alias="@id")


class ForTimelineJS(Shape):
    """A timeline as TimelineJS 3 reads it."""

    title: dict[str, Any]
    events: list[dict[str, Any]]
