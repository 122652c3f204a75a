"""One HTTP exchange: a request's headers, parsed once, what its response tells the edge, and the response's validator.

An answer over the record follows from the question, the log up to its head, and the day. Every midnight on earth
falls on a quarter of an hour of UTC, so within one quarter no day turns anywhere. While head and quarter are what they
were, the answer is, too; an answer pinned to a position needs neither. So a 304 costs a look at the head of the log
and reads nothing else.
"""

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, cast
from zlib import crc32

from fastapi import Request

from projections.lru import LRUCache

CONTEXT_KEY = "timeline.exchange"
"""The key in a request's scope."""
_READ_ON_BYTES = 65_536
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

    host: bytes | None = None
    accept: bytes | None = None
    accept_encoding: bytes | None = None
    accept_datetime: bytes | None = None
    if_none_match: bytes | None = None
    if_modified_since: bytes | None = None
    authorization: bytes | None = None
    idempotency_key: bytes | None = None
    content_length: bytes | None = None
    transfer_encoding: bytes | None = None
    expect: bytes | None = None

    def __init__(self, scope: Any, public_url: bytes) -> None:  # noqa: ANN401 - ASGI's own type is a mapping of anything
        repeated: dict[str, list[bytes]] = {}
        for name, value in scope["headers"]:
            attribute = _ATTRIBUTES.get(name)
            if attribute is not None:
                repeated.setdefault(attribute, []).append(value)
        for attribute, values in repeated.items():
            setattr(self, attribute, b", ".join(values))
        self.scope = scope
        """The scope that the app is given: once a route has matched, it has the `endpoint`."""
        self.method: str = scope["method"]
        self.scheme: str = scope["scheme"]
        self.path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
        self.query: bytes = scope["query_string"]
        self.reads = self.method in ("GET", "HEAD")
        self.negotiated = self.reads and self.accept_datetime is not None and b"recorded_by=" not in self.query
        """Whether `Accept-Datetime` chooses the recorded clock."""
        self.key_known = False
        """Whether the request came with a key that is in use."""
        self.dry_run = False
        """Whether nothing is to be recorded, so that the same `Idempotency-Key` may be used again to record."""
        self.leave: Callable[[], None] = _nothing_to_leave
        """Gives back this request's place among those of its address that are worked on."""
        self.response: ResponseContext | None = None
        """None for a response that is not made from the record."""
        self._public_url = public_url

    @property
    def long_body(self) -> bool:
        """Whether there may be more of a body than is read on for nobody's use, once the request is answered."""
        if self.transfer_encoding is not None or self.expect is not None:
            return True
        announced = self.content_length
        return announced is not None and not (announced.isdigit() and int(announced) <= _READ_ON_BYTES)

    def has(self, tag: bytes) -> bool:
        """Whether `If-None-Match` has this tag (compared weakly, as RFC 9110 wants)."""
        if self.if_none_match is None or self.if_none_match == tag:
            return self.if_none_match is not None
        plain = _plain(tag)
        return any(item.strip() == b"*" or _plain(item.strip()) == plain for item in self.if_none_match.split(b","))

    @property
    def root(self) -> bytes:
        """The beginning of every link: PUBLIC_URL, else the address that the request came to."""
        if self._public_url:
            return self._public_url
        host = self.host if self.host is not None and _HOST.fullmatch(self.host) else b"localhost"
        return b"%b://%b" % (self.scheme.encode(), host)


def _nothing_to_leave() -> None:
    pass


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
        scope = {"scheme": "http", "path": "/", **request.scope}
        context = request.scope[CONTEXT_KEY] = RequestContext(scope, public_url=b"")
    return cast("RequestContext", context)


def root_url(request: Request) -> str:
    return request_context(request).root.decode("latin-1")


VALIDATORS = 10_000
"""How many are remembered."""
_QUARTER_S = 900
ValidatorKey = tuple[bytes, bytes, bytes | None, bytes | None]
"""Path, query, `Accept` and `Host`: all that an answer to a reader varies by, but for its coding."""
_GZIP = b"-gzip"


@dataclass(frozen=True, slots=True)
class CachedValidator:
    """The headers of an answer that was given, and what it holds for."""

    tag: bytes
    headers: list[tuple[bytes, bytes]]
    head: int
    quarter: int
    pinned: bool
    endpoint: object


ValidatorCache = LRUCache[ValidatorKey, CachedValidator]


def quarter_of(timestamp: float) -> int:
    return int(timestamp // _QUARTER_S)


def etag_of_body(position: int | None, body: bytes) -> bytes:
    return b'"%x-%x-%08x"' % (position or 0, len(body), crc32(body))


def gzip_etag(tag: bytes) -> bytes:
    """The ETag of the same body in gzip: a strong tag names bytes, so it is another."""
    return tag[:-1] + _GZIP + b'"'


def _plain(tag: bytes) -> bytes:
    tag = tag.removeprefix(b"W/")
    return tag[: -len(_GZIP) - 1] + b'"' if tag.endswith(_GZIP + b'"') else tag
