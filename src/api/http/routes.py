"""How a route is declared, and its response from the record.

Its address, its query model, its answer and its handler are declared once each:

    @get(router, "/jurisdictions/{id}/status", query=ClockQuery, answer=Status)
    def status_of_a_place(snapshot: Snapshot, id: PlaceId) -> ResourceResponse: ...

A handler names what it needs as parameters: `request`, `service`, `query` (an instance of the query model) and
`snapshot` (the record, on the clocks of the query). Every other parameter is FastAPI's: an id in the path, a body, a
key. A route without a query model refuses all parameters. Its contract is what `api.openapi.rules` adds to every
route of its kind, and `also`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, Unpack, get_type_hints

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.exchange import ResponseContext, set_response_context
from api.http.lanes import HEALTH_PATHS, lanes_of
from api.http.memento import http_date
from api.http.parameters import (
    ClockQuery,
    NoParameters,
    QueryModel,
    StreamId,
    answer_clocks,
    clocks_asked,
    parse_query,
    service_of,
)
from api.openapi.document import Contract, documented
from projections.paging import encode_cursor
from projections.snapshot import Snapshot, recorded_at

_INJECTED = ("request", "service", "query", "snapshot")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


def get(router: APIRouter, path: str, **contract: Unpack[Contract]) -> Callable[[HandlerT], HandlerT]:
    return _declared(router, "GET", path, contract)


def post(router: APIRouter, path: str, **contract: Unpack[Contract]) -> Callable[[HandlerT], HandlerT]:
    return _declared(router, "POST", path, contract)


def patch(router: APIRouter, path: str, **contract: Unpack[Contract]) -> Callable[[HandlerT], HandlerT]:
    return _declared(router, "PATCH", path, contract)


def delete(router: APIRouter, path: str, **contract: Unpack[Contract]) -> Callable[[HandlerT], HandlerT]:
    return _declared(router, "DELETE", path, contract)


def _declared(router: APIRouter, method: str, path: str, contract: Contract) -> Callable[[HandlerT], HandlerT]:
    query, documentation = contract.get("query", NoParameters), documented(contract)

    def declare(handler: HandlerT) -> HandlerT:
        router.add_api_route(path, _endpoint(handler, method, path, query), methods=[method], **documentation)
        return handler

    return declare


def _endpoint(handler: Callable[..., Any], method: str, path: str, model: type[QueryModel]) -> Callable[..., Any]:
    """The function that FastAPI calls: it parses the query, opens the snapshot, and calls the handler."""
    lane = "health" if path in HEALTH_PATHS else "reading" if method == "GET" else "writing"
    hints = get_type_hints(handler, include_extras=True)
    parameters = inspect.signature(handler).parameters
    injected = [name for name in _INJECTED if name in parameters and name != "snapshot"]
    opens_snapshot = "snapshot" in parameters
    if "query" in injected and hints["query"] is not model:
        raise TypeError(f"{handler.__name__}: the query is declared as {model}, and taken as {hints['query']}")
    stream_kind = _stream_kind(hints.get("id"))
    timemap = stream_kind is not None and path.endswith("/{id}")

    def answer(request: Request, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - the handler's own response
        query = parse_query(model, request)
        at_hand = {"request": request, "service": service_of(request), "query": query}
        arguments |= {name: at_hand[name] for name in injected}
        if not opens_snapshot:
            return handler(**arguments)
        stream = None if stream_kind is None else f"{stream_kind}:{arguments['id']}"
        return on_snapshot(
            request, query, lambda snapshot: handler(snapshot=snapshot, **arguments), stream=stream, timemap=timemap
        )

    @wraps(handler)
    async def endpoint(request: Request, **arguments: Any) -> Any:  # noqa: ANN401 - the handler's own arguments and response
        return await getattr(lanes_of(request), lane).run(answer, request, arguments)

    first = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    rest = [each.replace(annotation=hints[name]) for name, each in parameters.items() if name not in _INJECTED]
    endpoint.__signature__ = inspect.Signature([first, *rest], return_annotation=Response)  # type: ignore[attr-defined]  # where inspect, and so FastAPI, looks first
    return endpoint


def _stream_kind(annotation: Any) -> str | None:  # noqa: ANN401 - whatever type an `id` has
    """The kind of stream that an id in the path names."""
    return next((mark.kind for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, StreamId)), None)


class ResourceResponse(Response):
    """A response from the record, which tells the edge what it rests on.

    The edge remembers its validator, so that the same request again costs no more than a look at the head of the log.
    """

    def __init__(
        self,
        head: int,
        body: str | bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json",
        *,
        position: int = 0,
        last_modified: str | None = None,
        next_cursor: str | None = None,
    ) -> None:
        """`head`: of the log, when the answer was made; `position`: what it rests on, recorded at `last_modified`."""
        # Starlette's own __init__, whose headers can be changed later, costs 10 µs more.
        self.status_code = status
        self.background = None
        self.body = body.encode() if isinstance(body, str) else body
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", media_type.encode()),
            (b"log-position", b"%d" % head),
            _NOSNIFF,
        ]
        if last_modified is not None:
            self.raw_headers.append((b"last-modified", http_date(last_modified).encode()))
        if headers is not None:
            self.raw_headers += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.context = ResponseContext(head, position, next_cursor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_response_context(scope, self.context)
        await super().__call__(scope, receive, send)


class ResourceStream(StreamingResponse):
    """The same for a body that is sent piece by piece."""

    context: ResponseContext

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_response_context(scope, self.context)
        await super().__call__(scope, receive, send)


def json_response(
    snapshot: Snapshot, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> ResourceResponse:
    return ResourceResponse(snapshot.head, body, status, headers)


def raw_json(snapshot: Snapshot, body: Mapping[str, Any]) -> ResourceResponse:
    """An object that was computed for this request; `position` and `next` are taken from it."""
    position = body.get("position") or 0
    return ResourceResponse(
        snapshot.head,
        msgspec.json.encode(body),
        position=position,
        last_modified=recorded_at(snapshot, position),
        next_cursor=body.get("next"),
    )


def etag_header(entry: str) -> dict[str, str]:
    """The `ETag` of an entry, which is its version, and when that version was recorded.

    An entry that only may count on the clocks asked has another tag, since the passing of a day can make it certain.
    """
    logged = _logged(entry.encode())
    tag = logged.log.version if logged.certain else f"{logged.log.version}-maybe"
    return {"ETag": f'"{tag}"', "Last-Modified": http_date(logged.log.revised.recorded_at)}


class _Revised(msgspec.Struct):
    recorded_at: str


class _Log(msgspec.Struct):
    version: int
    revised: _Revised


class _Logged(msgspec.Struct):
    log: _Log
    certain: bool


_logged = msgspec.json.Decoder(_Logged).decode


def page_response(
    snapshot: Snapshot, plural: str, items: Sequence[bytes], after: object, rests_on: int, **more: object
) -> ResourceResponse:
    """A page of JSON objects, joined without parsing them; `more` are further fields of the answer."""
    cursor = encode_cursor(after)
    end = msgspec.json.encode({"next": cursor, "position": rests_on, **more})
    body = b'{"%b":[%b],%b' % (plural.encode(), b",".join(items), end[1:])
    return ResourceResponse(
        snapshot.head, body, position=rests_on, last_modified=recorded_at(snapshot, rests_on), next_cursor=cursor
    )


def on_snapshot(
    request: Request,
    query: QueryModel,
    make: Callable[[Snapshot], ResourceResponse],
    *,
    stream: str | None = None,
    timemap: bool = False,
) -> ResourceResponse:
    """The response that is made from a snapshot: on the clocks of the query, where it has any."""
    if not isinstance(query, ClockQuery):
        with service_of(request).snapshot() as snapshot:
            return make(snapshot)
    with service_of(request).snapshot(clocks_asked(request, query, stream)) as snapshot:
        response = make(snapshot)
        response.context.clocks = answer_clocks(query, snapshot, timemap=timemap)
        return response
