"""One HTTP exchange: a request's headers, parsed once, and what its response tells the edge to send with it."""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request

from api.http.etags import etag_matches

CONTEXT_KEY = "timeline.exchange"
"""The key in a request's scope."""
_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class AnswerClocks:
    """How an answer on the three clocks stands to the recorded one (RFC 7089).

    `memento`: the log position that the request named, and when it was recorded; None for the record as it is now.
    `pinned`: the same request can never have another answer. `timemap`: the address has a TimeMap below it.
    """

    memento: tuple[int, str] | None = None
    pinned: bool = False
    timemap: bool = False


@dataclass(slots=True)
class ResponseContext:
    """What a response from the record tells the edge.

    `position`: the log position that the answer rests on, None while that is not known (a stream). `head`: of the log,
    when the answer was made. `clocks`: None where the address takes no clocks.
    """

    head: int
    position: int | None = None
    next_cursor: str | None = None
    clocks: AnswerClocks | None = None


class RequestContext:
    """A request as the edge parses it, and the context of its response once that is sent."""

    __slots__ = (
        "accept", "accept_datetime", "accept_encoding", "authorization", "dry_run", "host", "idempotency_key",
        "if_modified_since", "if_none_match", "method", "negotiated", "path", "query", "reads", "response", "scheme",
        "scope",
    )  # fmt: skip

    host: bytes | None
    accept: bytes | None
    accept_encoding: bytes | None
    accept_datetime: bytes | None
    if_none_match: bytes | None
    if_modified_since: bytes | None
    authorization: bytes | None
    idempotency_key: bytes | None

    def __init__(self, scope: Any) -> None:  # noqa: ANN401 - ASGI's own type is a mapping of anything
        self.host = self.accept = self.accept_encoding = self.accept_datetime = None
        self.if_none_match = self.if_modified_since = self.authorization = self.idempotency_key = None
        for name, value in scope["headers"]:
            attribute = _ATTRIBUTES.get(name)
            if attribute is not None:
                before: bytes | None = getattr(self, attribute)
                setattr(self, attribute, value if before is None else b"%b, %b" % (before, value))
        self.scope = scope
        """The scope that the app is given: once a route has matched, it has the `endpoint`."""
        self.method: str = scope["method"]
        self.scheme: str = scope["scheme"]
        self.path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        self.query: bytes = scope["query_string"]
        self.reads = self.method in ("GET", "HEAD")
        accept_datetime: bytes | None = self.accept_datetime
        self.negotiated = self.reads and accept_datetime is not None and b"recorded_by=" not in self.query
        """Whether `Accept-Datetime` chooses the recorded clock."""
        self.dry_run = False
        """Whether nothing is to be recorded, so that the same `Idempotency-Key` may be used again to record."""
        self.response: ResponseContext | None = None
        """None for a response that is not made from the record."""

    def has(self, tag: bytes) -> bool:
        return self.if_none_match is not None and etag_matches(self.if_none_match, tag)

    def root(self, public_url: bytes) -> bytes:
        """The beginning of every link: PUBLIC_URL, else the address that the request came to."""
        if public_url:
            return public_url
        host = self.host if self.host is not None and _HOST.fullmatch(self.host) else b"localhost"
        return b"%b://%b" % (self.scheme.encode(), host)


_ATTRIBUTES = {name.replace("_", "-").encode(): name for name in RequestContext.__annotations__}
"""By header: the attributes of a request that hold one."""


def set_response_context(scope: MutableMapping[str, Any], response: ResponseContext) -> None:
    """Hands a response's context to the edge; without an edge, as in a test of one route, it goes nowhere."""
    context: RequestContext | None = scope.get(CONTEXT_KEY)
    if context is not None:
        context.response = response


def request_context(request: Request) -> RequestContext:
    """The context of a request, which the edge has made."""
    context = request.scope.get(CONTEXT_KEY)
    if context is None:
        context = request.scope[CONTEXT_KEY] = RequestContext({"scheme": "http", "path": "/", **request.scope})
    return cast("RequestContext", context)


def root_url(request: Request) -> str:
    """Where links begin: PUBLIC_URL, else the address that the request came to."""
    return request_context(request).root(request.app.state.settings.public_url.encode()).decode("latin-1")
