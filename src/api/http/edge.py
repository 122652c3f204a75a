"""The edge: the one ASGI layer that every request passes on its way in and out.

One layer and not one for each concern, since each wraps every message again: six of them cost a tenth of a page.
"""

from collections.abc import Callable
from math import ceil
from time import monotonic, perf_counter

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import memento
from api.http.bodies import MAX_BODY_BYTES
from api.http.errors import allowed_methods, problem_response
from api.http.etags import VALIDATORS, ValidatorCache, quarter_of
from api.http.exchange import CONTEXT_KEY, RequestContext
from api.http.idempotency import Idempotency
from api.http.metrics import RequestMetrics
from api.http.reply import CORS_PREFLIGHT, ResponseSender
from application.service import Service
from application.settings import Settings
from domain.errors import Problem
from projections.lru import LRUCache

WINDOW_S = 60
_CLIENTS = 50_000


class RateLimits:
    """Buckets of `quota` requests that fill up again within `WINDOW_S` seconds; a quota of 0 sets no limit."""

    def __init__(self, quota: int, clock: Callable[[], float] = monotonic) -> None:
        self.quota = quota
        self._clock = clock
        self._rate = quota / WINDOW_S
        # Who asked longest ago goes first, and so the fullest bucket.
        self._buckets = LRUCache[object, tuple[float, float]](_CLIENTS)
        self._keys = LRUCache[int, bool](_CLIENTS)
        self._policy = (b"ratelimit-policy", b'"default";q=%d;w=%d' % (quota, WINDOW_S))

    def knows(self, authorization: bytes) -> None:
        """Remembers that a key is one: it gets a bucket of its own."""
        self._keys.put(hash(authorization), True)  # noqa: FBT003  # a set that forgets

    def take(self, address: object, authorization: bytes | None) -> tuple[list[tuple[bytes, bytes]], int]:
        """Takes a token: the fields that say what is left, and for how many seconds there is none (0: there was)."""
        if not self.quota:
            return [], 0
        who = hash(authorization) if authorization is not None and self._keys.get(hash(authorization)) else address
        now = self._clock()
        tokens, at = self._buckets.get(who) or (float(self.quota), now)
        tokens = min(self.quota, tokens + (now - at) * self._rate)
        wait = 0 if tokens >= 1 else ceil((1 - tokens) / self._rate)
        left = tokens if wait else tokens - 1
        self._buckets.put(who, (left, now))
        until_full = ceil((self.quota - left) / self._rate)
        return [self._policy, (b"ratelimit", b'"default";r=%d;t=%d' % (left, until_full))], wait


class Edge:
    """The outermost layer, so that even the answer to a bug has rate limits and CORS headers."""

    def __init__(self, app: ASGIApp, owner: FastAPI, settings: Settings) -> None:
        self._app = app
        self._owner = owner
        self._service: Service = owner.state.service
        self._public_url = settings.public_url.encode()
        self._limits = RateLimits(settings.rate_limit)
        self._validators = ValidatorCache(VALIDATORS)
        self._metrics = RequestMetrics(owner.state.registry, owner.router.routes)
        self._idempotency = Idempotency(app, self._service, max(settings.batch_bytes, MAX_BODY_BYTES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        context = scope[CONTEXT_KEY] = RequestContext(scope)
        client = scope.get("client")
        limits, wait = self._limits.take(client[0] if client else None, context.authorization)
        sender = ResponseSender(context, send, limits, self._public_url, self._validators, self._service)
        try:
            await self._respond(context, scope, receive, sender, wait)
        finally:
            if sender.status:
                endpoint = context.scope.get("endpoint")
                self._metrics.observe(context.method, endpoint, sender.status, sender.began - begun)
        if context.authorization is not None and sender.wrote:
            self._limits.knows(context.authorization)

    async def _respond(
        self, context: RequestContext, scope: Scope, receive: Receive, sender: ResponseSender, wait: int
    ) -> None:
        if wait:
            detail, headers = f"too many requests: the next is answered in {wait} s", {"Retry-After": str(wait)}
            refused = problem_response(429, "too-many-requests", "Too many requests", detail, headers=headers)
            await refused(scope, receive, sender.send)
        elif context.reads:
            await self._read(context, scope, receive, sender)
        elif context.method == "OPTIONS":
            await self._options(scope, receive, sender)
        elif context.idempotency_key is not None and context.method == "POST":
            await self._idempotency(context, scope, receive, sender.send)
        else:
            await self._app(scope, receive, sender.send)

    async def _read(self, context: RequestContext, scope: Scope, receive: Receive, sender: ResponseSender) -> None:
        if context.negotiated and context.accept_datetime is not None:
            if memento.parse_http_date(context.accept_datetime) is None:
                message = "is no date of HTTP's, such as Tue, 24 Nov 2026 17:00:00 GMT"
                problem = Problem("Accept-Datetime", context.accept_datetime.decode("latin-1"), message)
                title, detail = "The question is not well formed", f"{problem.field}: {message}"
                refused = problem_response(400, "malformed-question", title, detail, problems=[problem])
                await refused(scope, receive, sender.send)
                return
        elif context.if_none_match is not None and await self._unchanged(context, sender):
            return
        if context.method == "HEAD":
            context.scope = scope = {**scope, "method": "GET"}
        await self._app(scope, receive, sender.send)

    async def _unchanged(self, context: RequestContext, sender: ResponseSender) -> bool:
        """Answers 304 where the client has the last answer, and that still holds."""
        validator = self._validators.get((context.path, context.query, context.accept, context.host))
        if validator is None or not context.has(validator.tag):
            return False
        if not validator.pinned:
            service = self._service
            if validator.quarter != quarter_of(service.now().timestamp()):
                return False
            if validator.head != await to_thread.run_sync(service.log.head_position):
                return False
        context.scope["endpoint"] = validator.endpoint
        await sender.not_modified(validator.headers)
        return True

    async def _options(self, scope: Scope, receive: Receive, sender: ResponseSender) -> None:
        allow = allowed_methods(self._owner.router.routes, scope)
        if not allow:
            detail = f"OPTIONS {scope['path']}: Nothing matches the given URI"
            await problem_response(404, None, "Not Found", detail)(scope, receive, sender.send)
            return
        headers = [(b"allow", allow.encode()), *CORS_PREFLIGHT]
        await sender.send({"type": "http.response.start", "status": 204, "headers": headers})
        await sender.send({"type": "http.response.body", "body": b""})
