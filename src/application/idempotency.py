"""Idempotency keys: what a writer's request came to, kept so that the same request again repeats the answer.

A key is claimed before its request is carried out, and the claim is marked in the transaction of the append itself.
So of a request that was cut off it is known whether it was carried out: with a mark it was, and its answer is made
anew; without one nothing was recorded, and it is carried out now. A claim that was taken over meanwhile cannot be
marked by whoever lost it: their append is rolled back.
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
"""How long an answer can be repeated; promised are 24 hours."""
IDEMPOTENCY_LEASE = timedelta(seconds=30)
"""How long a claim without an answer is taken to be at work."""
_LEASE_OF_MARKED = timedelta(seconds=2)
"""The same of one that was carried out: all that is left to it is to keep its answer."""

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
_FIND = CompiledQuery(
    select(table.c.request, table.c.claim, table.c.claimed_at, table.c.position, table.c.answer).where(_OWN)
)
_CLAIM = CompiledQuery(
    text(
        f"INSERT INTO {table.name} (principal, key, request, claim, claimed_at) "  # noqa: S608 - the name is ours
        "VALUES (:principal, :own_key, :its_request, :its_claim, :now) ON CONFLICT DO NOTHING"
    )
)
_TAKE_OVER = CompiledQuery(
    update(table)
    .where(_OWN, table.c.claim == bindparam("found"))
    .values(claim=bindparam("its_claim"), claimed_at=bindparam("now"))
)
_MARK = CompiledQuery(
    update(table).where(_OWN, table.c.claim == bindparam("its_claim")).values(position=bindparam("its_position"))
)
_ANSWER = CompiledQuery(
    update(table).where(_OWN, table.c.claim == bindparam("its_claim")).values(answer=bindparam("its_answer"))
)
_RELEASE = CompiledQuery(delete(table).where(_OWN, table.c.claim == bindparam("its_claim"), table.c.position.is_(None)))
_PURGE = CompiledQuery(delete(table).where(table.c.claimed_at < bindparam("before")))


class Answered(msgspec.Struct):
    """An answer as it was given."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class TakenOver(Exception):
    """The claim was at work for so long that another request has taken it over; this one keeps nothing."""


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """The right to carry a request out. `position`: it was carried out before, up to there, and cut off then."""

    principal: str
    key: str
    claim: str
    position: int | None = None


class Busy(msgspec.Struct):
    """The same request is being carried out; `wait_s`: when to ask again."""

    wait_s: int


class Other(msgspec.Struct):
    """The key stands for another request."""


_current: ContextVar[IdempotencyClaim | None] = ContextVar("claim", default=None)


def begin_request(
    service: Service, principal: str, key: str, request: str
) -> IdempotencyClaim | Answered | Busy | Other:
    """Claims a key for a request (told by its hash), or says what became of it."""
    now = service.now()
    claim = token_hex(16)
    own = {"principal": principal, "own_key": key}
    with writing(service.engine) as connection:
        _PURGE.run(connection, before=_stamp(now - KEPT_FOR))
        # Two may come at once: the database lets one in, and the other finds the row there.
        new = {"its_request": request, "its_claim": claim, "now": _stamp(now)}
        if _CLAIM.run(connection, **own, **new).rowcount:
            return IdempotencyClaim(principal, key, claim)
        its_request, its_claim, claimed_at, position, answer = _FIND.run(connection, **own).fetchone()
        if its_request != request:
            return Other()
        if answer is not None:
            return msgspec.msgpack.decode(bytes(answer), type=Answered)
        lease = IDEMPOTENCY_LEASE if position is None else _LEASE_OF_MARKED
        left = datetime.fromisoformat(claimed_at) + lease - now
        if left > timedelta(0):
            return Busy(1)
        taken = _TAKE_OVER.run(connection, **own, found=its_claim, its_claim=claim, now=_stamp(now))
        return IdempotencyClaim(principal, key, claim, position) if taken.rowcount else Busy(1)


def carrying_out(claim: IdempotencyClaim | None) -> None:
    """Makes a claim that of whatever this context appends."""
    _current.set(claim)


def carried_out_to() -> int | None:
    """The position up to which the current claim's request was carried out when it was cut off, if it was."""
    claim = _current.get()
    return None if claim is None else claim.position


def mark(connection: Connection, position: int) -> None:
    """Marks the current claim, if there is one, in the transaction that records what it is for."""
    claim = _current.get()
    if claim is None:
        return
    own = {"principal": claim.principal, "own_key": claim.key}
    if not _MARK.run(connection, **own, its_claim=claim.claim, its_position=position).rowcount:
        raise TakenOver


def finish(service: Service, claim: IdempotencyClaim, answered: Answered) -> None:
    """Keeps the answer."""
    with writing(service.engine) as connection:
        _ANSWER.run(
            connection,
            principal=claim.principal,
            own_key=claim.key,
            its_claim=claim.claim,
            its_answer=msgspec.msgpack.encode(answered),
        )


def release(service: Service, claim: IdempotencyClaim) -> None:
    """Gives a key back whose request failed by no fault of its own, unless something was recorded."""
    with writing(service.engine) as connection:
        _RELEASE.run(connection, principal=claim.principal, own_key=claim.key, its_claim=claim.claim)


def stream_at(service: Service, position: int) -> tuple[str, int] | None:
    """The stream and version of the event at a position: what an answer that was cut off was about."""
    with reading(service.engine) as connection:
        event = next(iter(service.log.read(connection, after=position - 1, until=position)), None)
        return None if event is None else (event.stream, event.version)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
