"""The edge: the one ASGI layer that every request passes on its way in and out.

One layer and not one for each concern, since each wraps every message again: six of them cost a tenth of a page.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from math import ceil
from time import monotonic, perf_counter

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http import memento
from api.http.bodies import MAX_BODY_BYTES
from api.http.errors import Overloaded, TooManyRequests, allowed_methods, error_response, malformed, problem_response
from api.http.exchange import CONTEXT_KEY, VALIDATORS, RequestContext, ValidatorCache, quarter_of
from api.http.idempotency import Idempotency
from api.http.lanes import Lanes
from api.http.limits import BodyInTime, OpenRequests, head_fault, who_asks
from api.http.reply import CORS_PREFLIGHT, ResponseSender
from application.service import Service
from application.settings import Settings
from eventlog.limits import ANSWERING, less, waiting_at_most
from eventlog.log import EventLog
from eventlog.trouble import DatabaseTrouble
from projections.lru import LRUCache

# When each series was first seen: as many lines again, which no graph asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives this one function no types

PREFIX = "dispute_timeline"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# A method may be any word that a client thinks of: those that no route has are one series.
_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
_FOR_MONITORING = frozenset(("/healthz", "/readyz", "/metrics"))
"""Answered however often they are asked: whoever watches is not to take a limit for a failure."""
_ONLY_HTTPS = (b"strict-transport-security", b"max-age=31536000")
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


class RequestMetrics:
    """Counts requests and times them, by method, template of the route and status."""

    def __init__(self, registry: CollectorRegistry, routes: Iterable[BaseRoute]) -> None:
        self._seconds = Histogram(
            f"{PREFIX}_http_request_seconds",
            "How many requests there were, and the seconds until their response began. No route: it was not looked for "
            "(too many requests, a repeated Idempotency-Key), or there is none.",
            ("method", "route", "status"),
            registry=registry,
            buckets=_BUCKETS,
        )
        # By endpoint, since only FastAPI's own routes name themselves in the scope, and Starlette's do not.
        self._templates: dict[object, str] = {
            route.app if isinstance(route, Mount) else route.endpoint: route.path
            for route in routes
            if isinstance(route, Mount | Route)
        }
        # The library's own look-up by labels costs as much again as the rest of `observe`.
        self._series: dict[tuple[str, object, int], Histogram] = {}

    def observe(self, method: str, endpoint: object, status: int, seconds: float) -> None:
        """Counts one request, given to an endpoint or (None) to none."""
        key = (method if method in _METHODS else "other", endpoint, status)
        series = self._series.get(key)
        if series is None:
            series = self._seconds.labels(key[0], self._templates.get(endpoint, ""), status)
            self._series[key] = series
        series.observe(seconds)


def measure_appends(log: EventLog, registry: CollectorRegistry) -> None:
    seconds = Histogram(
        f"{PREFIX}_append_seconds",
        "How many appends there were, and the seconds from asking for the lock of the log to the commit.",
        registry=registry,
        buckets=_BUCKETS,
    )
    log.append_observers.append(seconds.observe)


class Edge:
    """The outermost layer, so that even the answer to a bug has rate limits and CORS headers."""

    def __init__(self, app: ASGIApp, owner: FastAPI, settings: Settings) -> None:
        self._app = app
        self._owner = owner
        self._service: Service = owner.state.service
        self._lanes: Lanes = owner.state.lanes
        self._public_url = settings.public_url.encode()
        self._only_https = [_ONLY_HTTPS] if settings.public_url.startswith("https:") else []
        self._limits = RateLimits(settings.rate_limit)
        self._open = OpenRequests()
        self._validators = ValidatorCache(VALIDATORS)
        self._metrics = RequestMetrics(owner.state.registry, owner.router.routes)
        self._idempotency = Idempotency(
            app, self._service, max(settings.batch_bytes, MAX_BODY_BYTES), self._lanes.writing
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = perf_counter()
        fault = head_fault(scope)
        if fault is not None:
            # Nothing of such a head is looked at, and the rest of the request may be as large.
            answer = error_response(fault, {"Connection": "close"})
            await answer(scope, receive, send)
            self._metrics.observe(scope["method"], None, answer.status_code, perf_counter() - begun)
            return
        context = scope[CONTEXT_KEY] = RequestContext(scope, self._public_url)
        body = BodyInTime(receive)
        watched, who = scope["path"] in _FOR_MONITORING, who_asks(scope)
        limits, wait = ([], 0) if watched else self._limits.take(who, context.authorization)
        limits += self._only_https
        sender = ResponseSender(context, send, limits, self._validators, self._service, body)
        try:
            with waiting_at_most(ANSWERING):
                if wait:
                    refusal = _too_many(f"too many requests: the next is answered in {wait} s", wait)
                    await refusal(context.scope, body, sender.send)
                elif watched or not self._limits.quota:
                    await self._respond(context, body, sender)
                else:
                    await self._respond_in_turn(who, context, body, sender)
        except (DatabaseTrouble, Overloaded) as error:  # of the layers above the app, which answers its own
            if sender.status:
                raise
            await error_response(error)(scope, body, sender.send)
        finally:
            if sender.status:
                endpoint = context.scope.get("endpoint")
                self._metrics.observe(context.method, endpoint, sender.status, sender.began - begun)
        if context.authorization is not None and context.key_known:
            self._limits.knows(context.authorization)

    async def _respond_in_turn(self, who: str, context: RequestContext, body: Receive, sender: ResponseSender) -> None:
        # Writers wait for each other, and nobody's reads are to wait for them.
        line, begun = f"{who} {'reads' if context.reads else 'writes'}", perf_counter()
        if not await self._open.enter(line):
            refusal = _too_many("too many requests of this address are being worked on", 1)
            await refusal(context.scope, body, sender.send)
            return
        left = ExitStack()
        left.callback(self._open.leave, line)
        context.leave = left.close
        with left, waiting_at_most(less(ANSWERING, perf_counter() - begun)):
            await self._respond(context, body, sender)

    async def _respond(self, context: RequestContext, receive: Receive, sender: ResponseSender) -> None:
        if context.reads:
            await self._read(context, receive, sender)
        elif context.method == "OPTIONS":
            await self._options(context.scope, receive, sender)
        elif context.idempotency_key is not None and context.method == "POST":
            await self._idempotency(context, receive, sender.send)
        else:
            await self._app(context.scope, receive, sender.send)

    async def _read(self, context: RequestContext, receive: Receive, sender: ResponseSender) -> None:
        if context.negotiated and context.accept_datetime is not None:
            if memento.parse_http_date(context.accept_datetime) is None:
                message = "is no date of HTTP's, such as Tue, 24 Nov 2026 17:00:00 GMT"
                error = malformed("Accept-Datetime", context.accept_datetime.decode("latin-1"), message)
                await error_response(error)(context.scope, receive, sender.send)
                return
        elif context.if_none_match is not None and await self._unchanged(context, sender):
            return
        if context.method == "HEAD":
            context.scope = {**context.scope, "method": "GET"}
        await self._app(context.scope, receive, sender.send)

    async def _unchanged(self, context: RequestContext, sender: ResponseSender) -> bool:
        """Answers 304 where the client has the last answer, and that still holds."""
        validator = self._validators.get((context.path, context.query, context.accept, context.host))
        if validator is None or not context.has(validator.tag):
            return False
        if not validator.pinned:
            service = self._service
            if validator.quarter != quarter_of(service.now().timestamp()):
                return False
            if validator.head != await self._lanes.reading.run(service.log.head_position):
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


def _too_many(detail: str, wait_s: int) -> Response:
    return error_response(TooManyRequests(detail), {"Retry-After": str(wait_s)})
