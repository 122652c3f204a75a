"""The addresses of a list, and a list in a format as a response."""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.convertors import Convertor, StringConvertor, register_url_convertor

from api.formats.feeds import atom, json_feed, timelinejs
from api.formats.listing import AUTHORITY, AnyList, Feed, ListReader, place_stream
from api.formats.tabular import csv_table, data_resource, ndjson_lines
from api.http.errors import malformed
from api.http.exchange import ResponseContext, etag_of_body
from api.http.lanes import lanes_of
from api.http.memento import http_date
from api.http.negotiation import (
    ATOM,
    BY_SUFFIX,
    CSV,
    JSON,
    JSON_FEED,
    LISTS,
    NDJSON,
    TABLE,
    TIMELINEJS,
    Format,
    negotiated_format,
)
from api.http.parameters import ListParameters, PlaceId, parse_query, service_of
from api.http.routes import ResourceResponse, ResourceStream, on_snapshot
from api.openapi.document import documented
from projections.paging import encode_cursor

_STREAMS: dict[Format, Callable[[ListReader], Iterator[bytes]]] = {
    NDJSON: ndjson_lines,
    CSV: csv_table,
    TABLE: data_resource,
}
_LAST_WORDS = {
    CSV: b"\r\nThe list broke off here: it is not whole. Ask again.\r\n",
    NDJSON: b'{"error":"The list broke off here: it is not whole. Ask again."}\n',
}
"""What ends a list that breaks off; a table in JSON lacks its end then, and is no JSON."""
_GENERATOR = f"Dispute timeline {version('dispute-timeline')}"
_DEFAULT_FEED_LIMIT = 50
_CLOCKS = ("as_of=", "public_by=", "recorded_by=")
by_suffix = APIRouter(prefix="/api/v1", tags=["formats"])
"""The addresses with a suffix, for clients that cannot send `Accept`, such as a spreadsheet or a feed reader."""


@dataclass(frozen=True, slots=True)
class ListAddress:
    """An address of a list: for everyone's or, with `{id}` in it, for a place's.

    `name` and `description` are those of the operation, `name_as` and `description_as` of the one by suffix.
    """

    path: str
    query: type[ListParameters]
    name: str
    description: str
    name_as: str
    description_as: str


def list_routes(
    router: APIRouter,
    list_class: type[AnyList],
    answer: type[BaseModel],
    addresses: Sequence[ListAddress],
    *more_formats: Format,
    or_else: type[BaseModel] | None = None,
) -> None:
    """Declares a list at each of its addresses, in the format that `Accept` prefers and by suffix.

    `more_formats` are had by suffix alone; `or_else` is the model of those that are JSON, too.
    """
    suffixes = [each.suffix for each in (*LISTS, *more_formats)]
    convertor = f"format_of_{list_class.plural}"
    register_url_convertor(convertor, _suffix_convertor(suffixes))
    suffix = Annotated[str, Field(description="The format.", json_schema_extra={"enum": suffixes}, examples=["csv"])]
    for address in addresses:
        path_types = {"id": PlaceId} if "{id}" in address.path else {}
        endpoint = _endpoint(list_class, address.query, path_types)
        router.add_api_route(
            address.path,
            endpoint,
            name=address.name,
            description=address.description,
            **documented({"query": address.query, "answer": answer, "formats": LISTS}),
        )
        by_suffix.add_api_route(
            f"{address.path}.{{format:{convertor}}}",
            _endpoint(list_class, address.query, path_types | {"format": suffix}),
            name=address.name_as,
            description=address.description_as,
            **documented({"query": address.query, "answer": answer, "formats": LISTS, "or_else": or_else}),
        )


def _suffix_convertor(suffixes: Sequence[str]) -> Convertor[str]:
    """Matches the suffixes that there are and no others, so that other addresses may have other suffixes."""

    class Suffix(StringConvertor):
        regex = "|".join(suffix.replace(".", r"\.") for suffix in suffixes)

    return Suffix()


def _endpoint(
    list_class: type[AnyList], model: type[ListParameters], path_types: dict[str, Any]
) -> Callable[..., Awaitable[Response]]:
    async def endpoint(request: Request, **path: str) -> Response:
        return await lanes_of(request).reading.run(answer, request, path)

    def answer(request: Request, path: dict[str, str]) -> Response:
        query = parse_query(model, request)
        place = path.get("id")
        chosen = BY_SUFFIX[path["format"]] if "format" in path else negotiated_format(request)
        if query.bom and chosen is not CSV:
            raise malformed("bom", "true", "is for CSV alone: elsewhere a byte order mark is a fault")
        if chosen is JSON:
            service = service_of(request)
            return on_snapshot(
                request,
                query,
                lambda snapshot: list_class(service, snapshot, query, place).respond(snapshot),
                stream=place_stream(request),
            )
        for name in list_class.only_in_json:
            if (value := getattr(query, name)) is not None:
                message = f"{name} are told in JSON alone, not in {chosen.media_type}"
                raise malformed(name, value, message)
        return publish(ListReader(request, list_class, query, place), chosen)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("request", kind, annotation=Request)]
    parameters += [inspect.Parameter(name, kind, annotation=annotation) for name, annotation in path_types.items()]
    endpoint.__signature__ = inspect.Signature(parameters, return_annotation=Response)  # type: ignore[attr-defined]  # where inspect, and so FastAPI, looks first
    return endpoint


def publish(reader: ListReader, chosen: Format) -> Response:
    if chosen in _STREAMS:
        return _streamed(reader, chosen)
    if chosen is TIMELINEJS:
        body = timelinejs(reader)
        return _whole(reader, chosen, body, reader.next_key, reader.recorded_at)
    with reader.snapshot() as snapshot:
        feed = reader.list.feed(snapshot, reader.limit or _DEFAULT_FEED_LIMIT)
    links = _links(reader, feed, chosen)
    updated = max((item.updated for item in feed.items), default=None)
    if chosen is ATOM:
        body = atom(reader.list.title, feed, links, _feed_id(reader), _GENERATOR)
    elif chosen is JSON_FEED:
        body = json_feed(reader.list, feed, links, _feed_id(reader))
    else:
        raise ValueError(f"{chosen.suffix} is made elsewhere")
    return _whole(reader, chosen, body, feed.next_key, updated)


def _whole(reader: ListReader, chosen: Format, body: bytes, next_key: object, stamp: str | None) -> Response:
    """A response that keeps its ETag as long as its bytes are the same, whatever else is recorded."""
    response = ResourceResponse(
        reader.head,
        body,
        headers={"ETag": etag_of_body(None, body).decode()},
        media_type=chosen.content_type,
        position=reader.position,
        last_modified=stamp,
        next_cursor=encode_cursor(next_key),
    )
    response.context.clocks = reader.clocks
    return response


def _streamed(reader: ListReader, chosen: Format) -> Response:
    tag = f'"{reader.validator}.{chosen.suffix}{"-bom" * reader.bom}"'
    if reader.context.has(tag.encode()):
        unchanged = ResourceResponse(reader.head, b"", 304, {"ETag": tag}, last_modified=reader.recorded_at)
        unchanged.context.clocks = reader.clocks
        return unchanged
    headers = {"Log-Position": str(reader.head), "X-Content-Type-Options": "nosniff", "ETag": tag}
    if reader.recorded_at is not None:
        headers["Last-Modified"] = http_date(reader.recorded_at)
    pieces = _saying_where_it_breaks(_STREAMS[chosen](reader), _LAST_WORDS.get(chosen, b""))
    if reader.limit is not None:
        pieces = iter(list(pieces))
    elif reader.context.method == "HEAD":
        pieces = iter((b"",))
    else:
        pieces = chain([next(pieces, b"")], pieces)  # errors of the query are raised before the status is sent
    response = ResourceStream(pieces, headers=headers, media_type=chosen.content_type)
    response.context = ResponseContext(reader.head, next_cursor=encode_cursor(reader.next_key), clocks=reader.clocks)
    return response


def _saying_where_it_breaks(pieces: Iterator[bytes], last_words: bytes) -> Iterator[bytes]:
    """The pieces of a list; where one after the first cannot be made, a last line that says so, and then the error.

    The error ends the connection without the last chunk. A client of HTTP/1.0, and one that takes what it got, would
    not know by that alone that the list is not whole.
    """
    begun = False
    try:
        for piece in pieces:
            yield piece
            begun = True
    except Exception:
        if begun:
            yield last_words
        raise


def _links(reader: ListReader, feed: Feed, chosen: Format) -> dict[str, str]:
    """The addresses of a feed itself, of the page for its readers, of the same list as JSON, and of its next page."""
    query = _query(reader)
    plain = f"{reader.root}{_path(reader)}"
    address = f"{plain}.{chosen.suffix}"
    clocks = [parameter for parameter in query if parameter.startswith(_CLOCKS)]
    links = {
        "self": _with_query(address, query),
        "alternate": _with_query(reader.list.page_address(reader.place), clocks),
        "related": _with_query(plain, _filters(query)),
    }
    cursor = encode_cursor(feed.next_key)
    if cursor is not None:
        rest = [parameter for parameter in query if not parameter.startswith("cursor=")]
        links["next"] = _with_query(address, [*rest, f"cursor={cursor}"])
    return links


def _feed_id(reader: ListReader) -> str:
    """The id of a feed: its path and filters, without the parameters that only select a page."""
    return _with_query(f"{AUTHORITY}:{_path(reader).removeprefix('/api/v1/')}", sorted(_filters(_query(reader))))


def _filters(query: Sequence[str]) -> list[str]:
    return [parameter for parameter in query if not parameter.startswith(("cursor=", "limit="))]


def _path(reader: ListReader) -> str:
    path = reader.context.path.decode("latin-1")
    plain = path.removesuffix(f".{ATOM.suffix}").removesuffix(f".{JSON_FEED.suffix}")
    return quote(plain, safe="/%:.-_~")


def _query(reader: ListReader) -> list[str]:
    written = quote(reader.context.query.decode("latin-1"), safe="%&=+!$'()*,-./:;?@_~")
    return [parameter for parameter in written.split("&") if parameter]


def _with_query(address: str, query: Sequence[str]) -> str:
    return f"{address}?{'&'.join(query)}" if query else address
