"""The way out: validators, links, limits and coding, said of each answer when its first bytes come."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

from anyio import to_thread
from starlette.types import Message, Send

from api.http import memento
from api.http.errors import problem_response
from api.http.etags import CachedValidator, ValidatorCache, etag_of_body, gzip_etag, quarter_of
from api.http.exchange import RequestContext
from api.http.negotiation import acceptable, refusal
from application.service import Service

SMALLEST_COMPRESSED = 1_024
"""Bytes: below that, the saving is less than a packet."""
_LEVEL = 5
_WITH_GZIP_HEADER = 31
_SMALL = (b"application/", b"text/", b"image/svg+xml")
_NEVER = (b"text/event-stream", b"application/gzip", b"application/zip")
VARY_ENCODING = (b"vary", b"Accept, Accept-Datetime, Accept-Encoding")


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether a reader takes gzip: it is named, or `*` is, and neither with q=0."""
    found: dict[bytes, bool] = {}
    for one in (accept_encoding or b"").lower().split(b","):
        coding, _, parameters = one.partition(b";")
        found[coding.strip()] = parameters.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=0.", b"q=0")
    return found.get(b"gzip", found.get(b"x-gzip", found.get(b"*", False)))


def compressible(media_type: bytes) -> bool:
    """Whether a body of this type becomes smaller."""
    return media_type.startswith(_SMALL) and not media_type.startswith(_NEVER)


def gzipped(body: bytes) -> bytes:
    """A body in gzip, without a time in it: the same body gives the same bytes."""
    stream = GzipStream()
    return stream.part(body, last=True)


class GzipStream:
    """A stream, part by part; each part given comes out at once."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)

    def part(self, data: bytes, *, last: bool) -> bytes:
        """The next bytes to be sent."""
        if last:
            return self._compressor.compress(data) + self._compressor.flush()
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


CORS_EXPOSED = (
    "Content-Location, ETag, Idempotency-Replayed, Last-Modified, Link, Location, Log-Position, Memento-Datetime, "
    "RateLimit, RateLimit-Policy, Retry-After"
)
# On every answer, also to those who send no Origin: a cache may keep it for a page that does.
CORS_FOR_READS = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", CORS_EXPOSED.encode()))
CORS_PREFLIGHT = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers",
     b"Accept, Accept-Datetime, Cache-Control, If-Modified-Since, If-None-Match, Last-Event-ID"),
    (b"access-control-max-age", b"86400"),
)  # fmt: skip


Headers = list[tuple[bytes, bytes]]
_OK = 200
_NOT_MODIFIED = 304
_UNAUTHORIZED = 401
FOREVER = "public, max-age=31536000, immutable"
"""`Cache-Control` of what can never be another answer."""
_FOREVER = (b"cache-control", FOREVER.encode())
_ASK_AGAIN = (b"cache-control", b"no-cache")
_IN_A_THREAD = 65_536
"""Bytes: compressing more would keep every other exchange waiting for a millisecond and more."""
_OF_THE_RECORD = re.compile(
    rb"/api/v1/(?:timeline|deadlines|changes|jurisdictions|entries)\b|/(?:(?:embed/)?places|entries|deadlines|changes)\b|/$"
)
_OF_A_BODY = frozenset((b"content-length", b"content-type", b"content-encoding", b"content-disposition"))


class ResponseSender:
    """What an exchange's answer is sent through."""

    __slots__ = ("_exchange", "_gzip", "_limits", "_public_url", "_send", "_service", "_start", "_validators", "wrote")

    def __init__(
        self,
        exchange: RequestContext,
        send: Send,
        limits: Headers,
        public_url: bytes,
        validators: ValidatorCache,
        service: Service,
    ) -> None:
        self._exchange = exchange
        self._send = send
        self._limits = limits
        self._public_url = public_url
        self._validators = validators
        self._service = service
        self._start: Message | None = None
        self._gzip: GzipStream | None = None
        self.wrote = False
        """Whether this was a write, by somebody whose key was found good."""

    async def send(self, message: Message) -> None:
        """The app's next message."""
        if message["type"] == "http.response.start":
            self._start = message
            self.wrote = not self._exchange.reads and message["status"] != _UNAUTHORIZED
        elif self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            if message.get("more_body"):
                await self._stream(start, message)
            else:
                await self._whole(start, message.get("body", b""))
        elif self._gzip is not None:
            last = not message.get("more_body")
            await self._send({**message, "body": self._gzip.part(message.get("body", b""), last=last)})
        else:
            await self._send(message)

    async def not_modified(self, headers: Headers) -> None:
        """The answer that there is nothing new."""
        await self._send({"type": "http.response.start", "status": 304, "headers": [*headers, *self._limits]})
        await self._send({"type": "http.response.body", "body": b""})

    async def _whole(self, start: Message, body: bytes) -> None:
        exchange = self._exchange
        headers: Headers = start["headers"]
        if not exchange.reads:
            await self._out(start, [*headers, *self._limits], body)
            return
        said = dict(headers)
        if start["status"] == _NOT_MODIFIED:
            self._describe(said, headers)
            await self.not_modified([one for one in headers if one[0] not in _OF_A_BODY])
            return
        if start["status"] != _OK:
            await self._coded(start, said, [*headers, *self._limits, *CORS_FOR_READS, VARY_ENCODING], body)
            return
        if not acceptable(exchange, said.get(b"content-type", b"")):
            await self._refuse(said[b"content-type"])
            return
        tag = said.get(b"etag")
        if tag is None:
            tag = said[b"etag"] = etag_of_body(exchange.position, body)
            headers.append((b"etag", tag))
        self._describe(said, headers)
        if exchange.position is not None and not exchange.negotiated and _OF_THE_RECORD.match(exchange.path):
            self._keep(tag, headers)
        if exchange.has(tag) or self._not_since(said):
            await self.not_modified([one for one in headers if one[0] not in _OF_A_BODY])
            return
        headers += self._limits
        await self._coded(start, said, headers, body)

    async def _stream(self, start: Message, message: Message) -> None:
        exchange = self._exchange
        headers: Headers = start["headers"]
        body = message["body"]
        if exchange.reads:
            said = dict(headers)
            self._describe(said, headers)
            if self._takes(said):
                self._gzip = GzipStream()
                headers = _recoded(headers, None)
                body = self._gzip.part(body, last=False)
        await self._send({**start, "headers": [*headers, *self._limits]})
        await self._send({**message, "body": body})

    def _describe(self, said: dict[bytes, bytes], headers: Headers) -> None:
        """Says how long an answer holds, what it varies by, and where to go from it."""
        exchange = self._exchange
        if b"cache-control" not in said:
            headers.append(_FOREVER if exchange.pinned and not exchange.negotiated else _ASK_AGAIN)
        headers.append(VARY_ENCODING)
        headers += CORS_FOR_READS
        link = memento.memento_links(exchange, self._public_url)
        if link:
            headers.append((b"link", link))
        headers += memento.memento_headers(exchange, self._public_url)

    def _keep(self, tag: bytes, headers: Headers) -> None:
        exchange = self._exchange
        kept = [one for one in headers if one[0] not in _OF_A_BODY]
        self._validators.put(
            (exchange.path, exchange.query, exchange.accept, exchange.host),
            CachedValidator(tag, kept, exchange.head, quarter_of(self._service.now().timestamp()), exchange.pinned),
        )

    def _not_since(self, said: dict[bytes, bytes]) -> bool:
        """Only of what never changes: elsewhere a day may turn, and an answer with it, without an event."""
        exchange = self._exchange
        return (
            exchange.pinned
            and exchange.if_none_match is None
            and exchange.if_modified_since is not None
            and exchange.if_modified_since == said.get(b"last-modified")
        )

    def _takes(self, said: dict[bytes, bytes]) -> bool:
        return (
            self._exchange.accept_encoding is not None
            and accepts_gzip(self._exchange.accept_encoding)
            and b"content-encoding" not in said
            and compressible(said.get(b"content-type", b""))
        )

    async def _coded(self, start: Message, said: dict[bytes, bytes], headers: Headers, body: bytes) -> None:
        if len(body) > SMALLEST_COMPRESSED and self._takes(said):
            if len(body) > _IN_A_THREAD:
                body = await to_thread.run_sync(gzipped, body)
            else:
                body = gzipped(body)
            headers = _recoded(headers, len(body))
        await self._out(start, headers, body)

    async def _out(self, start: Message, headers: Headers, body: bytes) -> None:
        start["headers"] = headers
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"" if self._exchange.method == "HEAD" else body})

    async def _refuse(self, media_type: bytes) -> None:
        refused = problem_response(406, *refusal(self._exchange, media_type.decode("latin-1")))
        headers = [*refused.raw_headers, *self._limits, *CORS_FOR_READS, VARY_ENCODING]
        await self._out({"type": "http.response.start", "status": 406}, headers, bytes(refused.body))


def _recoded(headers: Headers, length: int | None) -> Headers:
    """The headers of the same in gzip: another length, or none beforehand, and another strong tag."""
    found = []
    for name, value in headers:
        if name == b"etag":
            found.append((name, gzip_etag(value)))
        elif name != b"content-length":
            found.append((name, value))
    found.append((b"content-encoding", b"gzip"))
    if length is not None:
        found.append((b"content-length", str(length).encode()))
    return found
