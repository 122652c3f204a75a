"""Idempotency keys: the response to a writer's request is stored, and repeated when the same request comes again.

A key is claimed before its request is carried out, and the claim is marked in the transaction of the append itself.
So the mark tells whether a request that was cut off was carried out: with a mark it was, and only its response is
made again; without one nothing was recorded, and the request is carried out now. A claim can be taken over when its
lease has run out. Whoever lost it can no longer mark it, so that their append is rolled back.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    select,
    text,
    update,
)

from application.service import Service
from eventlog.engine import reading, writing
from eventlog.sql import CompiledQuery

KEPT_FOR = timedelta(hours=48)
"""How long a response is stored; the documentation promises 24 hours."""
IDEMPOTENCY_LEASE = timedelta(seconds=30)
"""How long a claim without a response counts as in progress."""
_LEASE_OF_MARKED = timedelta(seconds=2)
"""The same for a claim that is marked: all that is left to do is to store the response."""

table = Table(
    "idempotency_keys",
    MetaData(),
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("claimed_at", Text, nullable=False),
    Column("position", BigInteger),
    Column("answer", LargeBinary),
    Index("idempotency_keys_by_age", "claimed_at"),
)
_OWN = (table.c.principal == bindparam("principal")) & (table.c.key == bindparam("own_key"))
_HELD = _OWN & (table.c.claim == bindparam("own_claim"))
_FIND = CompiledQuery(
    select(table.c.request, table.c.claim, table.c.claimed_at, table.c.position, table.c.answer).where(_OWN)
)
_CLAIM = CompiledQuery(
    text(
        f"INSERT INTO {table.name} (principal, key, request, claim, claimed_at) "  # noqa: S608 - the name is ours
        "VALUES (:principal, :own_key, :request_hash, :new_claim, :now) ON CONFLICT DO NOTHING"
    )
)
_TAKE_OVER = CompiledQuery(update(table).where(_HELD).values(claim=bindparam("new_claim"), claimed_at=bindparam("now")))
_MARK = CompiledQuery(update(table).where(_HELD).values(position=bindparam("to_position")))
_STORE = CompiledQuery(update(table).where(_HELD).values(answer=bindparam("response")))
_RELEASE = CompiledQuery(delete(table).where(_HELD, table.c.position.is_(None)))
_PURGE = CompiledQuery(delete(table).where(table.c.claimed_at < bindparam("before")))


class StoredResponse(msgspec.Struct):
    """A response as it was sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class TakenOver(Exception):
    """The lease ran out and another request has taken the claim over; what this one recorded is rolled back."""


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """The right to carry a request out. `position`: where it was carried out up to before it was cut off, if it was."""

    principal: str
    key: str
    claim: str
    position: int | None = None

    @property
    def own(self) -> dict[str, str]:
        """What the statements on the claim's row find it by."""
        return {"principal": self.principal, "own_key": self.key, "own_claim": self.claim}


class InProgress(msgspec.Struct):
    """The same request is being carried out; `wait_s`: when to try again."""

    wait_s: int = 1


class KeyReused(msgspec.Struct):
    """The key was used for a different request."""


_current: ContextVar[IdempotencyClaim | None] = ContextVar("claim", default=None)


def begin_request(
    service: Service, principal: str, key: str, request: str
) -> IdempotencyClaim | StoredResponse | InProgress | KeyReused:
    """Claims a key for a request, which is given as its hash, or returns what became of the request before."""
    now = service.now()
    claim = token_hex(16)
    own = {"principal": principal, "own_key": key}
    with writing(service.engine) as connection:
        _PURGE.run(connection, before=_stamp(now - KEPT_FOR))
        # Of two at once the database lets one insert the row, and the other reads it.
        new = {"request_hash": request, "new_claim": claim, "now": _stamp(now)}
        if _CLAIM.run(connection, **own, **new).rowcount:
            return IdempotencyClaim(principal, key, claim)
        old_request, old_claim, claimed_at, position, answer = _FIND.run(connection, **own).fetchone()
        if old_request != request:
            return KeyReused()
        if answer is not None:
            return msgspec.msgpack.decode(bytes(answer), type=StoredResponse)
        lease = IDEMPOTENCY_LEASE if position is None else _LEASE_OF_MARKED
        left = datetime.fromisoformat(claimed_at) + lease - now
        if left > timedelta(0):
            return InProgress()
        taken_over = _TAKE_OVER.run(connection, **own, own_claim=old_claim, new_claim=claim, now=_stamp(now))
        return IdempotencyClaim(principal, key, claim, position) if taken_over.rowcount else InProgress()


def set_current_claim(claim: IdempotencyClaim | None) -> None:
    """Lets whatever this context appends mark the claim; None ends that."""
    _current.set(claim)


def carried_out_to() -> int | None:
    """The position up to which the current request was carried out before it was cut off; None if it was not."""
    claim = _current.get()
    return None if claim is None else claim.position


def mark(connection: Connection, position: int) -> None:
    """Marks the current claim, if there is one, in the transaction that records what it is for."""
    claim = _current.get()
    if claim is None:
        return
    if not _MARK.run(connection, **claim.own, to_position=position).rowcount:
        raise TakenOver


def finish(service: Service, claim: IdempotencyClaim, response: StoredResponse) -> None:
    with writing(service.engine) as connection:
        _STORE.run(connection, **claim.own, response=msgspec.msgpack.encode(response))


def release(service: Service, claim: IdempotencyClaim) -> None:
    """Frees the key of a request that failed by no fault of its own, unless something was recorded."""
    with writing(service.engine) as connection:
        _RELEASE.run(connection, **claim.own)


def stream_at(service: Service, position: int) -> tuple[str, int] | None:
    """The stream and version of the event at a position: from them the response to a cut-off request is made again."""
    with reading(service.engine) as connection:
        event = next(iter(service.log.read(connection, after=position - 1, until=position)), None)
        return None if event is None else (event.stream, event.version)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
