"""`Idempotency-Key`: a POST that is sent again, because its answer was lost, is carried out once.

The same key, address and body repeat the answer, with `Idempotency-Replayed: true`. Another request under the same key
is a 422, and one that comes while the first is being carried out a 409 with `Retry-After`. Keys are kept for each
bearer key: two writers may use the same.
"""

import re
from hashlib import sha256
from typing import Any

from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import problem_response
from api.http.exchange import RequestContext
from application import idempotency
from application.idempotency import IdempotencyClaim, InProgress, KeyReused, StoredResponse
from application.keys import key_holder
from application.service import Service
from domain.errors import Problem

_KEY = re.compile(rb'"?([!#-\[\]-~]{1,255})"?')
_SERVER_ERROR = 500
_NOT_KEPT = frozenset((401, 413, 429))
_REPLAYED = (b"idempotency-replayed", b"true")
_PLURALS = {"entry": "entries", "jurisdiction": "jurisdictions"}
_CREATED, _OK = 201, 200


class Idempotency:
    """Carries out each POST that has a key once."""

    def __init__(self, app: ASGIApp, service: Service, largest: int) -> None:
        """`largest`: bytes of a body that is read whole to be hashed; a route may accept less."""
        self._app = app
        self._service = service
        self._largest = largest

    async def __call__(self, context: RequestContext, scope: Scope, receive: Receive, send: Send) -> None:
        written_key = _KEY.fullmatch((context.idempotency_key or b"").strip())
        if written_key is None:
            message = "is to be 1 to 255 visible ASCII characters, without quotation marks in it"
            value = (context.idempotency_key or b"").decode("latin-1")
            await _problem(400, "malformed-question", value, message)(scope, receive, send)
            return
        principal = await to_thread.run_sync(self._principal, context)
        if principal is None:
            await self._app(scope, receive, send)  # which answers that a key is needed
            return
        body = await _whole(receive, self._largest)
        if body is None:
            detail = f"the body has more than {self._largest:,} bytes"
            await problem_response(413, "too-large", "The body is too large", detail)(scope, receive, send)
            return
        key = written_key[1].decode()
        request = _hash(scope, body)
        outcome = await to_thread.run_sync(idempotency.begin_request, self._service, principal, key, request)
        match outcome:
            case StoredResponse():
                headers = [*outcome.headers, _REPLAYED]
                await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
                await send({"type": "http.response.body", "body": outcome.body})
            case KeyReused():
                message = "stands for another request: another body, address or condition"
                await _problem(422, "key-reused", key, message)(scope, receive, send)
            case InProgress():
                detail = "the same request is being carried out: ask again for its answer"
                wait = {"Retry-After": str(outcome.wait_s)}
                await problem_response(409, "at-work", "At work on it", detail, headers=wait)(scope, receive, send)
            case IdempotencyClaim():
                await self._carry_out(outcome, context, scope, _replayed(body, receive), send)

    def _principal(self, context: RequestContext) -> str | None:
        scheme, _, key = (context.authorization or b"").decode("latin-1").partition(" ")
        return key_holder(self._service, key.strip()) if scheme.lower() == "bearer" else None

    async def _carry_out(
        self, claim: IdempotencyClaim, context: RequestContext, scope: Scope, receive: Receive, send: Send
    ) -> None:
        response = _BufferedResponse(send)
        # A batch that was cut off finds its own rows on record.
        is_batch = context.path.endswith(b":batch")
        recorded = None if is_batch else await to_thread.run_sync(self._recorded_by, claim)
        if recorded is not None:
            response.first, path = recorded
            response.path = path
            query = f"recorded_by={claim.position}".encode()
            scope = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query}
        idempotency.set_current_claim(claim)
        try:
            await self._app(scope, receive, response.send)
        except BaseException:
            await to_thread.run_sync(idempotency.release, self._service, claim)
            raise
        finally:
            idempotency.set_current_claim(None)
        answered = response.answered()
        failed = answered is None or answered.status >= _SERVER_ERROR or answered.status in _NOT_KEPT
        if answered is None or failed or context.dry_run:
            await to_thread.run_sync(idempotency.release, self._service, claim)
        else:
            await to_thread.run_sync(idempotency.finish, self._service, claim, answered)
        await response.pass_on()

    def _recorded_by(self, claim: IdempotencyClaim) -> tuple[bool, str] | None:
        """What a request that was cut off had recorded: whether it was new, and its address."""
        event = None if claim.position is None else idempotency.stream_at(self._service, claim.position)
        if event is None:
            return None
        stream, version = event
        kind, _, id_ = stream.partition(":")
        plural = _PLURALS.get(kind)
        return None if plural is None else (version == 1, f"/api/v1/{plural}/{id_}")


class _BufferedResponse:
    """Buffers a response, so that it is stored, to be repeated, before it is sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._messages: list[Message] = []
        self.path = ""
        self.first = False
        """Whether this request had created what is shown: its answer then is the 201 that got lost."""

    async def send(self, message: Message) -> None:
        if self.first and message["type"] == "http.response.start" and message["status"] == _OK:
            address = self.path.encode()
            message = {**message, "status": _CREATED, "headers": [*message["headers"], (b"location", address)]}
        self._messages.append(message)

    def answered(self) -> StoredResponse | None:
        if not self._messages:
            return None
        start = self._messages[0]
        body = b"".join(message.get("body", b"") for message in self._messages[1:])
        return StoredResponse(start["status"], [(name, value) for name, value in start["headers"]], body)

    async def pass_on(self) -> None:
        for message in self._messages:
            await self._send(message)


def _hash(scope: Scope, body: bytes) -> str:
    """Identifies a request by its address, its condition, the type of its body, and the body."""
    headers = dict.fromkeys((b"content-type", b"content-encoding", b"if-match"), b"")
    headers |= {name: value for name, value in scope["headers"] if name in headers}
    parts = [scope["path"].encode(), scope["query_string"], *headers.values(), body]
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()


async def _whole(receive: Receive, largest: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    left: list[bytes] = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again


def _problem(status: int, name: str, value: str, message: str) -> Any:  # noqa: ANN401 - an ASGI app
    title = {400: "The question is not well formed", 422: "The key was used before"}[status]
    problems = [Problem("Idempotency-Key", value, message)]
    return problem_response(status, name, title, f"Idempotency-Key: {message}", problems=problems)
