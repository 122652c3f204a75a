"""One exchange: what a request's headers ask for, read once, and what its answer leaves for the edge to say."""

from __future__ import annotations

import re
from typing import Any, cast

from fastapi import Request

from api.http.etags import etag_matches

CONTEXT_KEY = "timeline.exchange"
"""Where a request's scope has it."""
_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_WANTED = {
    b"host": "host",
    b"accept": "accept",
    b"accept-encoding": "accept_encoding",
    b"accept-datetime": "accept_datetime",
    b"if-none-match": "if_none_match",
    b"if-modified-since": "if_modified_since",
    b"authorization": "authorization",
    b"idempotency-key": "idempotency_key",
}


class RequestContext:
    """A request as the edge reads it. What is set later is said by whoever makes the answer."""

    __slots__ = (
        "accept", "accept_datetime", "accept_encoding", "authorization", "clocked", "following", "head", "host",
        "idempotency_key", "if_modified_since", "if_none_match", "memento", "method", "negotiated", "path", "pinned",
        "position", "query", "scheme", "trial",
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
            its = _WANTED.get(name)
            if its is not None:
                before = getattr(self, its)
                setattr(self, its, value if before is None else b"%b, %b" % (before, value))
        self.method: str = scope["method"]
        self.scheme: str = scope["scheme"]
        self.path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        self.query: bytes = scope["query_string"]
        self.position: int | None = None
        """The log position that the answer rests on, where it rests on the record."""
        self.head = 0
        """The head of the log at which the answer was worked out."""
        self.following: str | None = None
        """The cursor of the next page."""
        self.clocked = False
        """Whether the answer was asked on the three clocks, and so has mementos."""
        self.pinned = False
        """Whether the same question can never have another answer."""
        self.negotiated = False
        """Whether `Accept-Datetime` chose the recorded clock."""
        self.trial = False
        """Whether nothing was to be recorded, so that the same key may yet stand for what is."""
        self.memento: tuple[int, str] | None = None
        """The log position that the question names, and when it was recorded."""

    @property
    def reads(self) -> bool:
        """Whether the request only reads."""
        return self.method in ("GET", "HEAD")

    def has(self, tag: bytes) -> bool:
        """Whether the reader has the answer with this ETag already."""
        return self.if_none_match is not None and etag_matches(self.if_none_match, tag)

    def root(self, public_url: bytes) -> bytes:
        """The beginning of every link: as set, else as the request was addressed."""
        if public_url:
            return public_url
        host = self.host if self.host is not None and _HOST.fullmatch(self.host) else b"localhost"
        return b"%b://%b" % (self.scheme.encode(), host)


def request_context(request: Request) -> RequestContext:
    """The exchange that a request belongs to."""
    found = request.scope.get(CONTEXT_KEY)
    if found is None:
        found = request.scope[CONTEXT_KEY] = RequestContext({"scheme": "http", "path": "/", **request.scope})
    return cast("RequestContext", found)


def root_url(request: Request) -> str:
    """Where links begin: `PUBLIC_URL`, else the address that the request came to."""
    return request_context(request).root(request.app.state.settings.public_url.encode()).decode("latin-1")
