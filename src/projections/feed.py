"""Feeds: the entries that were recorded or corrected last, newest first, whenever what they tell of occurred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select

from domain.law import Clocks
from eventlog.as_bytes import AsBytes
from eventlog.log import EventLog, Recorded
from eventlog.statements import Statement
from projections.entry_history import event_name, told
from projections.rows import NATIONAL, finished
from projections.snapshot import Snapshot
from projections.tables import live
from projections.timeline import Key, Wanted, page

_versions, _timeline, _places = live().versions, live().timeline, live().places
_PAGE = 1_000
_SPAN = Statement(
    select(func.min(_versions.c.position), func.max(_versions.c.position)).where(
        _versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head")
    )
)


@dataclass(frozen=True, slots=True)
class Latest:
    """Some entries as JSON objects, each with the position of its present version, and that to go on from."""

    found: list[tuple[int, bytes]]
    next: int | None


def latest(snapshot: Snapshot, wanted: Wanted, limit: int, before: int | None) -> Latest:
    """The entries whose present version was recorded last, below the position `before`."""
    rows = _searched(snapshot, wanted, before) if wanted.words else _newest(snapshot, wanted, limit + 1, before)
    found: list[tuple[int, bytes]] = []
    for position, body in rows:
        if found and found[-1][0] == position:  # what names a place and its agency comes once from each
            continue
        if len(found) == limit:
            return Latest(found, found[-1][0])
        found.append((position, body))
    return Latest(found, None)


def span(snapshot: Snapshot, entry: str) -> tuple[int, int] | None:
    """The positions at which an entry was first recorded, and last; None where it is not on record."""
    row = _SPAN.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def revision(snapshot: Snapshot, log: EventLog, position: int) -> tuple[str, dict[str, Any]] | None:
    """The name of the event at a position, and why it came; None of an event by which an entry began."""
    event: Recorded = next(iter(log.read(snapshot.connection, after=position - 1, until=position)))
    return None if event.version == 1 else (event_name(event), told(event))


def _newest(snapshot: Snapshot, wanted: Wanted, size: int, before: int | None) -> Iterator[tuple[int, bytes]]:
    at = snapshot.clocks()
    scopes: list[str | None] = [None]
    if wanted.jurisdiction is not None:
        place = snapshot.place(wanted.jurisdiction)
        at = snapshot.clocks(place.time_zone)
        scopes = [place.id, *place.agencies]
    if wanted.context and (wanted.jurisdiction is not None or wanted.state is not None):
        scopes.append(NATIONAL)
    found = [_rows(snapshot, wanted, scope, at, before, size) for scope in scopes]
    yield from merge(*found, key=itemgetter(0), reverse=True)


def _rows(
    snapshot: Snapshot, wanted: Wanted, scope: str | None, at: Clocks, before: int | None, size: int
) -> list[tuple[int, bytes]]:
    values: dict[str, Any] = {
        "scope": scope,
        "state": None if scope == NATIONAL else wanted.state,
        "public_by": at.public_by,
        "kind": wanted.kind,
        "party": wanted.party,
        "first": wanted.first,
        "last": wanted.last,
        "before": before,
    }
    given = {name: value for name, value in values.items() if value is not None}
    statement = _statement(frozenset(given))
    rows = statement.run(snapshot.connection, **given, head=at.position, as_of=at.as_of, size=size).fetchall()
    return [
        (position, bytes(body) + _end(certain=hi <= at.as_of and (at.public_by is None or public_hi <= at.public_by)))
        for position, hi, public_hi, body in rows
    ]


def _end(*, certain: bool) -> bytes:
    return finished("", certain=certain).encode()


@cache
def _statement(given: frozenset[str]) -> Statement:
    its = _versions.c
    in_state = select(_places.c.id).where(_places.c.state == bindparam("state"), _places.c.until > bindparam("head"))
    whom = {
        "scope": _timeline.c.jurisdiction == bindparam("scope"),
        "state": _timeline.c.jurisdiction.in_(in_state),
    }
    naming = [condition for name, condition in whom.items() if name in given]
    filters = {
        "public_by": its.public_lo <= bindparam("public_by"),
        "kind": its.kind == bindparam("kind"),
        "party": its.party == bindparam("party"),
        "first": its.hi >= bindparam("first"),
        "last": its.lo <= bindparam("last"),
        "before": its.position < bindparam("before"),
    }
    query = select(its.position, its.hi, its.public_hi, AsBytes(its.body)).where(
        its.position <= bindparam("head"),
        its.until > bindparam("head"),
        its.lo <= bindparam("as_of"),
        *(condition for name, condition in filters.items() if name in given),
    )
    if naming:
        query = query.where(its.position.in_(select(_timeline.c.position).where(*naming)))
    return Statement(query.order_by(its.position.desc()).limit(bindparam("size")))


def _searched(snapshot: Snapshot, wanted: Wanted, before: int | None) -> list[tuple[int, bytes]]:
    """Of what has the words wanted, all is found first: there is no order of recording in a search."""
    found: list[tuple[int, bytes]] = []
    after: Key | None = None
    while True:
        its = page(snapshot, wanted, _PAGE, after)
        found += [(_revised(body), body) for body in its.bodies]
        after = its.next
        if after is None:
            break
    return sorted((one for one in found if before is None or one[0] < before), reverse=True)


class _Revised(msgspec.Struct):
    position: int


class _Log(msgspec.Struct):
    revised: _Revised


class _Entry(msgspec.Struct):
    log: _Log


_entry = msgspec.json.Decoder(_Entry).decode


def _revised(body: bytes) -> int:
    return _entry(body).log.revised.position
