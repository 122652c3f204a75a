"""The way out: validators, links, limits and compression, added when the first bytes of a response come."""

import zlib
from functools import lru_cache
from time import perf_counter

from anyio import to_thread
from starlette.types import Message, Send

from api.http import memento
from api.http.errors import error_response
from api.http.exchange import CachedValidator, RequestContext, ValidatorCache, etag_of_body, gzip_etag, quarter_of
from api.http.limits import BodyInTime
from api.http.negotiation import acceptable, not_acceptable
from application.service import Service

SMALLEST_COMPRESSED = 1_024
"""Bytes. Below that the saving is less than a packet."""
_LEVEL = 5
_WITH_GZIP_HEADER = 31
_SMALL = (b"application/", b"text/", b"image/svg+xml")
_NEVER = (b"text/event-stream", b"application/gzip", b"application/zip")
VARY_ENCODING = (b"vary", b"Accept, Accept-Datetime, Accept-Encoding")


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether a client accepts gzip: it is named, or `*` is, and neither with q=0."""
    codings: dict[bytes, bool] = {}
    for item in (accept_encoding or b"").lower().split(b","):
        coding, _, parameters = item.partition(b";")
        codings[coding.strip()] = parameters.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=0.", b"q=0")
    return codings.get(b"gzip", codings.get(b"x-gzip", codings.get(b"*", False)))


def compressible(media_type: bytes) -> bool:
    return media_type.startswith(_SMALL) and not media_type.startswith(_NEVER)


def gzipped(body: bytes) -> bytes:
    """A body in gzip, without a timestamp: the same body gives the same bytes."""
    return zlib.compress(body, _LEVEL, _WITH_GZIP_HEADER)


class GzipStream:
    """Compresses a stream part by part; each part is flushed at once."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)

    def part(self, data: bytes, *, last: bool) -> bytes:
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


CORS_EXPOSED = (
    "Content-Location, ETag, Idempotency-Replayed, Last-Modified, Link, Location, Log-Position, Memento-Datetime, "
    "RateLimit, RateLimit-Policy, Retry-After"
)
# On every answer, also without an Origin in the request: a cache may keep it for a page that sends one.
CORS_FOR_READS = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", CORS_EXPOSED.encode()))
CORS_PREFLIGHT = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers",
     b"Accept, Accept-Datetime, Cache-Control, If-Modified-Since, If-None-Match, Last-Event-ID"),
    (b"access-control-max-age", b"86400"),
)  # fmt: skip


SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer that does not say otherwise: it is what it says it is, and runs and loads nothing."""
Headers = list[tuple[bytes, bytes]]
_OK = 200
_NOT_MODIFIED = 304
FOREVER = "public, max-age=31536000, immutable"
"""`Cache-Control` of an answer that can never change."""
_FOREVER = (b"cache-control", FOREVER.encode())
_ASK_AGAIN = (b"cache-control", b"no-cache")
_LONGEST_KEY = 2_000
"""Bytes of a request whose validator is kept: a stranger chooses how long they are."""
_IN_A_THREAD = 65_536
"""Bytes. Larger bodies are compressed in a worker thread: over about 1 ms it would block the event loop."""
_OF_A_BODY = frozenset((b"content-length", b"content-type", b"content-encoding", b"content-disposition"))


class ResponseSender:
    """Sends the response to one request."""

    def __init__(
        self,
        context: RequestContext,
        send: Send,
        limits: Headers,
        validators: ValidatorCache,
        service: Service,
        body: BodyInTime,
    ) -> None:
        self._context = context
        self._send = send
        self._limits = limits
        self._validators = validators
        self._service = service
        self._body = body
        self._start: Message | None = None
        self._gzip: GzipStream | None = None
        self.status = 0
        """The status that was sent; 0 before that."""
        self.began = 0.0
        """When the response began, by `perf_counter`."""

    async def send(self, message: Message) -> None:
        """Takes the app's next message; the start waits for the first part of the body."""
        if message["type"] == "http.response.start":
            self._start = message
        elif self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            if message.get("more_body"):
                await self._send_stream(start, message)
            else:
                await self._send_whole(start, message.get("body", b""))
        elif self._gzip is not None:
            last = not message.get("more_body")
            await self._send({**message, "body": self._gzip.part(message.get("body", b""), last=last)})
        else:
            await self._send(message)

    async def not_modified(self, headers: Headers) -> None:
        await self._send_start(_NOT_MODIFIED, [*headers, *self._limits])
        await self._send({"type": "http.response.body", "body": b""})

    async def _send_whole(self, start: Message, body: bytes) -> None:
        context = self._context
        headers: Headers = start["headers"]
        if not context.reads:
            await self._send_out(start["status"], [*headers, *self._limits], body)
            return
        by_name = dict(headers)
        if start["status"] == _NOT_MODIFIED:
            self._describe(by_name, headers)
            await self.not_modified(_without_body(headers))
            return
        if start["status"] != _OK:
            await self._send_coded(start, by_name, [*headers, *self._limits, *CORS_FOR_READS, VARY_ENCODING], body)
            return
        if not acceptable(context, by_name.get(b"content-type", b"")):
            await self._refuse(by_name[b"content-type"])
            return
        position = None if context.response is None else context.response.position
        tag = by_name.get(b"etag")
        if tag is None:
            tag = by_name[b"etag"] = etag_of_body(position, body)
            headers.append((b"etag", tag))
        self._describe(by_name, headers)
        if context.response is not None and position is not None and not context.negotiated:
            self._remember(tag, headers, context.response.head)
        if context.has(tag) or self._unmodified_since(by_name):
            await self.not_modified(_without_body(headers))
            return
        headers += self._limits
        await self._send_coded(start, by_name, headers, body)

    async def _send_stream(self, start: Message, message: Message) -> None:
        headers: Headers = start["headers"]
        body = message["body"]
        if self._context.reads:
            by_name = dict(headers)
            self._describe(by_name, headers)
            if self._compresses(by_name):
                self._gzip = GzipStream()
                headers = _gzip_headers(headers, None)
                body = self._gzip.part(body, last=False)
        await self._send_start(start["status"], [*headers, *self._limits])
        await self._send({**message, "body": body})

    def _describe(self, by_name: dict[bytes, bytes], headers: Headers) -> None:
        """Adds for how long the answer may be kept, what it varies by, and the links from it."""
        context = self._context
        if b"cache-control" not in by_name:
            headers.append(_FOREVER if self._pinned and not context.negotiated else _ASK_AGAIN)
        headers.append(VARY_ENCODING)
        headers += CORS_FOR_READS
        link = memento.memento_links(context)
        if link:
            headers.append((b"link", link))
        headers += memento.memento_headers(context)

    @property
    def _pinned(self) -> bool:
        response = self._context.response
        return response is not None and response.clocks is not None and response.clocks.pinned

    def _remember(self, tag: bytes, headers: Headers, head: int) -> None:
        context = self._context
        key = (context.path, context.query, context.accept, context.host)
        if sum(len(part or b"") for part in key) > _LONGEST_KEY:
            return
        kept, quarter = _without_body(headers), quarter_of(self._service.now().timestamp())
        endpoint = context.scope.get("endpoint")
        self._validators.put(key, CachedValidator(tag, kept, head, quarter, self._pinned, endpoint))

    def _unmodified_since(self, by_name: dict[bytes, bytes]) -> bool:
        """Whether `If-Modified-Since` fits: of pinned answers only, as any other can change with the day alone."""
        context = self._context
        return (
            self._pinned
            and context.if_none_match is None
            and context.if_modified_since is not None
            and context.if_modified_since == by_name.get(b"last-modified")
        )

    def _compresses(self, by_name: dict[bytes, bytes]) -> bool:
        smaller = b"content-encoding" not in by_name and compressible(by_name.get(b"content-type", b""))
        return smaller and accepts_gzip(self._context.accept_encoding)

    async def _send_coded(self, start: Message, by_name: dict[bytes, bytes], headers: Headers, body: bytes) -> None:
        if len(body) > SMALLEST_COMPRESSED and self._compresses(by_name):
            body = await to_thread.run_sync(gzipped, body) if len(body) > _IN_A_THREAD else gzipped(body)
            headers = _gzip_headers(headers, len(body))
        await self._send_out(start["status"], headers, body)

    async def _send_out(self, status: int, headers: Headers, body: bytes) -> None:
        await self._send_start(status, headers)
        await self._send({"type": "http.response.body", "body": b"" if self._context.method == "HEAD" else body})

    async def _send_start(self, status: int, headers: Headers) -> None:
        self.status, self.began = status, perf_counter()
        names = {name for name, _ in headers}
        headers = [*headers, *(header for header in SAFE if header[0] not in names)]
        if not self._body.whole and self._context.long_body:
            # Whoever goes on sending has to be told that nobody reads on; the server closes once the answer is taken.
            headers = [*headers, (b"connection", b"close")]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _refuse(self, media_type: bytes) -> None:
        refused = error_response(not_acceptable(self._context, media_type.decode("latin-1")))
        headers = [*refused.raw_headers, *self._limits, *CORS_FOR_READS, VARY_ENCODING]
        await self._send_out(refused.status_code, headers, bytes(refused.body))


def _without_body(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name not in _OF_A_BODY]


def _gzip_headers(headers: Headers, length: int | None) -> Headers:
    """The headers of the same body in gzip: another strong tag, and another length or, of a stream, none."""
    coded = []
    for name, value in headers:
        if name == b"etag":
            coded.append((name, gzip_etag(value)))
        elif name != b"content-length":
            coded.append((name, value))
    coded.append((b"content-encoding", b"gzip"))
    if length is not None:
        coded.append((b"content-length", str(length).encode()))
    return coded
