"""`Idempotency-Key`: a POST that is sent again, because its answer was lost, is carried out once.

The same key, address and body repeat the answer, with `Idempotency-Replayed: true`. Another request under the same key
is a 422, and one that comes while the first is being carried out a 409 with `Retry-After`. Keys are kept for each
bearer key: two writers may use the same.
"""

import re
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from time import monotonic

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.bodies import body_of
from api.http.errors import AtWork, KeyUsedBefore, Overloaded, TooLarge, error_response, malformed
from api.http.exchange import RequestContext
from api.http.lanes import Lane
from application import idempotency
from application.idempotency import IdempotencyClaim, InProgress, KeyReused, StoredResponse
from application.keys import key_holder
from application.service import Service
from domain.errors import Problem
from eventlog.limits import less, limits, waiting_at_most
from eventlog.trouble import DatabaseTrouble

_KEY = re.compile(rb'"?([!#-\[\]-~]{1,255})"?')
_SERVER_ERROR = 500
_NOT_KEPT = frozenset((401, 413, 429))
_REPLAYED = (b"idempotency-replayed", b"true")
_PLURALS = {"entry": "entries", "jurisdiction": "jurisdictions"}
_CREATED, _OK = 201, 200


class Idempotency:
    """Carries out each POST that has a key once."""

    def __init__(self, app: ASGIApp, service: Service, largest: int, lane: Lane) -> None:
        """`largest`: bytes of a body that is read whole to be hashed; a route may accept less."""
        self._app = app
        self._lane = lane
        self._service = service
        self._largest = largest

    async def __call__(self, context: RequestContext, receive: Receive, send: Send) -> None:
        scope = context.scope
        written_key = _KEY.fullmatch((context.idempotency_key or b"").strip())
        if written_key is None:
            message = "is to be 1 to 255 visible ASCII characters, without quotation marks in it"
            value = (context.idempotency_key or b"").decode("latin-1")
            await error_response(malformed("Idempotency-Key", value, message))(scope, receive, send)
            return
        principal = await self._lane.run(self._principal, context)
        if principal is None:
            await self._app(scope, receive, send)  # which answers that a key is needed
            return
        try:
            body = await body_of(Request(scope, receive), self._largest)
        except TooLarge as error:
            await error_response(error)(scope, receive, send)
            return
        except ClientDisconnect:
            return  # half a body is no request, and nobody waits for an answer
        key = written_key[1].decode()
        request, begun = _hash(scope, body), monotonic()
        outcome = await self._lane.run(idempotency.begin_request, self._service, principal, key, request)
        match outcome:
            case StoredResponse():
                headers = [*outcome.headers, _REPLAYED]
                await send({"type": "http.response.start", "status": outcome.status, "headers": headers})
                await send({"type": "http.response.body", "body": outcome.body})
            case KeyReused():
                message = "stands for another request: another body, address or condition"
                used_before = KeyUsedBefore(problems=[Problem("Idempotency-Key", key, message)])
                await error_response(used_before)(scope, receive, send)
            case InProgress():
                at_work = AtWork("the same request is being carried out: ask again for its answer")
                await error_response(at_work, {"Retry-After": str(outcome.wait_s)})(scope, receive, send)
            case IdempotencyClaim():
                await self._carry_out(outcome, context, _replayed(body, receive), send, begun)

    def _principal(self, context: RequestContext) -> str | None:
        scheme, _, key = (context.authorization or b"").decode("latin-1").partition(" ")
        return key_holder(self._service, key.strip()) if scheme.lower() == "bearer" else None

    async def _carry_out(
        self, claim: IdempotencyClaim, context: RequestContext, receive: Receive, send: Send, begun: float
    ) -> None:
        """Carries the request out that a claim stands for.

        `begun`: since when the database is waited for. The claim, the request and its stored answer are a transaction
        each, and whoever asks waits for all of them together.
        """
        scope, response = context.scope, _BufferedResponse(send)
        # A batch that was cut off finds its own rows on record.
        is_batch = context.path.endswith(b":batch")
        recorded = None if is_batch else await self._lane.run(self._recorded_by, claim)
        if recorded is not None:
            response.first, path = recorded
            response.path = path
            query = f"recorded_by={claim.position}".encode()
            scope = {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query}
        idempotency.set_current_claim(claim)
        try:
            with _what_is_left_since(begun):
                await self._app(scope, receive, response.send)
        except BaseException:
            with suppress(DatabaseTrouble, Overloaded), _what_is_left_since(begun):  # the lease ends by itself
                await self._lane.run(idempotency.release, self._service, claim)
            raise
        finally:
            idempotency.set_current_claim(None)
        answered = response.answered()
        failed = answered is None or answered.status >= _SERVER_ERROR
        if failed:
            # A database in trouble may keep the release waiting, and whoever asks knows enough.
            await response.pass_on()
        # Where the database fails now, the answer is sent all the same: the lease ends by itself, and whoever comes
        # again finds by the mark of the append what was recorded.
        # A batch was at work for long rather than waiting, and its answer is not found by such a mark.
        with suppress(DatabaseTrouble, Overloaded), _what_is_left_since(monotonic() if is_batch else begun):
            if answered is None or failed or answered.status in _NOT_KEPT or context.dry_run:
                await self._lane.run(idempotency.release, self._service, claim)
            else:
                await self._lane.run(idempotency.finish, self._service, claim, answered)
        if not failed:
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


def _what_is_left_since(begun: float) -> AbstractContextManager[None]:
    """What is left of a request's patience after all that it has waited for since then."""
    return waiting_at_most(less(limits(), monotonic() - begun))


def _hash(scope: Scope, body: bytes) -> str:
    """Identifies a request by its address, its condition, the type of its body, and the body."""
    headers = dict.fromkeys((b"content-type", b"content-encoding", b"if-match"), b"")
    headers |= {name: value for name, value in scope["headers"] if name in headers}
    parts = [scope["path"].encode(), scope["query_string"], *headers.values(), body]
    return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()


def _replayed(body: bytes, receive: Receive) -> Receive:
    left: list[bytes] = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again
