"""How a route is declared: its address, its query model, its answer and its handler, each once.

    @get(router, "/jurisdictions/{id}/status", query=ClockQuery, answer=Status)
    def status_of_a_place(snapshot: Snapshot, id: PlaceId) -> ResourceResponse: ...

A handler names what it needs as parameters: `request`, `service`, `query` (an instance of the query model) and
`snapshot` (the record, on the clocks of the query). Every other parameter is FastAPI's: an id in the path, a body, a
key. A route without a query model refuses all parameters. Its contract is what `api.openapi.rules` adds to every
route of its kind, and `also`.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, Unpack, get_type_hints

from fastapi import APIRouter, Request, Response

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
from api.http.responses import ResourceResponse
from api.openapi.document import Contract, documented
from projections.snapshot import Snapshot

_INJECTED = ("request", "service", "query", "snapshot")
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
        router.add_api_route(path, _endpoint(handler, path, query), methods=[method], **documentation)
        return handler

    return declare


def _endpoint(handler: Callable[..., Any], path: str, model: type[QueryModel]) -> Callable[..., Any]:
    """The function that FastAPI calls: it parses the query, opens the snapshot, and calls the handler."""
    hints = get_type_hints(handler, include_extras=True)
    parameters = inspect.signature(handler).parameters
    injected = [name for name in _INJECTED if name in parameters and name != "snapshot"]
    opens_snapshot = "snapshot" in parameters
    if "query" in injected and hints["query"] is not model:
        raise TypeError(f"{handler.__name__}: the query is declared as {model}, and taken as {hints['query']}")
    stream_kind = _stream_kind(hints.get("id"))
    timemap = stream_kind is not None and path.endswith("/{id}")

    @wraps(handler)
    def endpoint(request: Request, **arguments: Any) -> Any:  # noqa: ANN401 - the handler's own arguments and response
        query = parse_query(model, request)
        at_hand = {"request": request, "service": service_of(request), "query": query}
        arguments |= {name: at_hand[name] for name in injected}
        if not opens_snapshot:
            return handler(**arguments)
        stream = None if stream_kind is None else f"{stream_kind}:{arguments['id']}"
        return on_snapshot(
            request, query, lambda snapshot: handler(snapshot=snapshot, **arguments), stream=stream, timemap=timemap
        )

    first = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    rest = [each.replace(annotation=hints[name]) for name, each in parameters.items() if name not in _INJECTED]
    endpoint.__signature__ = inspect.Signature([first, *rest], return_annotation=Response)  # type: ignore[attr-defined]  # where inspect, and so FastAPI, looks first
    return endpoint


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


def _stream_kind(annotation: Any) -> str | None:  # noqa: ANN401 - whatever type an `id` has
    """The kind of stream that an id in the path names."""
    return next((mark.kind for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, StreamId)), None)
