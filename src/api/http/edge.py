"""The edge: what every exchange passes, once, on its way in and out.

One layer rather than one for each concern, since each wraps every message anew: six of them cost a tenth of a page.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import LARGEST
from api.errors import problem
from api.http import cors, memento
from api.http.exchange import KEY, Exchange
from api.http.idempotency import Idempotency
from api.http.limits import Limits
from api.http.methods import allowed
from api.http.reply import Reply
from api.http.validators import Validators, quarter_of
from application.heads import head_of
from application.service import Service
from application.settings import Settings
from domain.refusals import Problem


class Edge:
    """The outermost layer of the app, so that even a bug's answer has its limits and may be read from elsewhere."""

    def __init__(self, app: ASGIApp, owner: FastAPI, settings: Settings) -> None:
        self._app = app
        self._owner = owner
        self._public_url = settings.public_url.encode()
        self._limits = Limits(settings.rate_limit)
        self._validators = Validators()
        self._idempotency = Idempotency(app, owner.state.service, max(settings.batch_bytes, LARGEST))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = scope[KEY] = Exchange(scope)
        client = scope.get("client")
        limits, wait = self._limits.take(client[0] if client else None, exchange.authorization)
        reply = Reply(exchange, send, limits, self._public_url, self._validators, self._service)
        if wait:
            message = f"too many requests: the next is answered in {wait} s"
            refused = problem(
                429, "too-many-requests", "Too many requests", message, headers={"Retry-After": str(wait)}
            )
            await refused(scope, receive, reply.send)
        elif exchange.reads:
            await self._read(exchange, scope, receive, reply)
        elif exchange.method == "OPTIONS":
            await self._options(scope, reply)
        elif exchange.idempotency_key is not None and exchange.method == "POST":
            await self._idempotency(exchange, scope, receive, reply.send)
        else:
            await self._app(scope, receive, reply.send)
        if exchange.authorization is not None and reply.wrote:
            self._limits.knows(exchange.authorization)

    @property
    def _service(self) -> Service:
        service: Service = self._owner.state.service
        return service

    async def _read(self, exchange: Exchange, scope: Scope, receive: Receive, reply: Reply) -> None:
        if exchange.accept_datetime is not None and b"recorded_by=" not in exchange.query:
            instant = memento.asked_at(exchange.accept_datetime)
            if instant is None:
                await _no_date(exchange.accept_datetime)(scope, receive, reply.send)
                return
            exchange.negotiated = True
        elif exchange.if_none_match is not None and await self._unchanged(exchange, reply):
            return
        if exchange.method == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, reply.send)

    async def _unchanged(self, exchange: Exchange, reply: Reply) -> bool:
        """Answers 304 where what was said last still holds and the reader has it."""
        said = self._validators.get((exchange.path, exchange.query, exchange.accept, exchange.host))
        if said is None or not exchange.has(said.tag):
            return False
        if not said.pinned:
            service = self._service
            if said.quarter != quarter_of(service.now().timestamp()):
                return False
            if said.head != await to_thread.run_sync(head_of, service):
                return False
        await reply.not_modified(said.headers)
        return True

    async def _options(self, scope: Scope, reply: Reply) -> None:
        allow = allowed(self._owner.router.routes, scope)
        if not allow:
            missing = problem(404, None, "Not Found", f"OPTIONS {scope['path']}: Nothing matches the given URI")
            await missing(scope, _nothing, reply.send)
            return
        headers = [(b"allow", allow.encode()), *cors.PREFLIGHT]
        await reply.send({"type": "http.response.start", "status": 204, "headers": headers})
        await reply.send({"type": "http.response.body", "body": b""})


def _no_date(written: bytes) -> Any:  # noqa: ANN401 - a Starlette response, which is an ASGI app
    value = written.decode("latin-1")
    message = "is no date of HTTP's, such as Tue, 24 Nov 2026 17:00:00 GMT"
    return problem(
        400,
        "malformed-question",
        "The question is not well formed",
        f"Accept-Datetime: {message}",
        problems=[Problem("Accept-Datetime", value, message)],
    )


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
