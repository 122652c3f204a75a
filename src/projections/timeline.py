"""The timeline: entries in order of occurrence, a page at a time, as the JSON that each row carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, tuple_

from domain.errors import NotFound
from domain.jurisdictions import Place
from domain.law import STILL, Clocks
from eventlog.as_bytes import AsBytes
from eventlog.statements import Statement
from projections.rows import NATIONAL, finished
from projections.snapshot import Snapshot
from projections.tables import live

_versions, _timeline, _places = live().versions, live().timeline, live().places
_CHUNK = 200
_LONGEST_KEPT = 100
"""Entries of a page that is remembered: a longer one is an export, and seldom asked for twice."""
Key = tuple[str, str, int, str]
"""The order of occurrence: earliest bound, latest bound, sequence, entry id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: whom they name, what they are, when they may have happened, and the words in them."""

    jurisdiction: str | None = None
    state: str | None = None
    kind: str | None = None
    party: str | None = None
    first: str | None = None
    last: str | None = None
    words: str | None = None
    context: bool = False
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries as JSON objects, the key to go on from, and the log position that they rest on."""

    bodies: list[bytes]
    next: Key | None
    rests_on: int

    @property
    def entries(self) -> list[str]:
        """The same as text."""
        return [body.decode() for body in self.bodies]


def page(snapshot: Snapshot, wanted: Wanted, limit: int, after: Key | None) -> Page:
    """The entries that count on the clocks asked, certainly or maybe, from beyond the key `after`."""
    if wanted.jurisdiction is None:
        place, at = None, snapshot.clocks()
    else:
        place = snapshot.place(wanted.jurisdiction)
        at = snapshot.clocks(place.time_zone)
    if limit > _LONGEST_KEPT:
        return _read(snapshot, wanted, place, at, limit, after)
    return snapshot.memory.page((wanted, at, limit, after), lambda: _read(snapshot, wanted, place, at, limit, after))


def _read(snapshot: Snapshot, wanted: Wanted, place: Place | None, at: Clocks, limit: int, after: Key | None) -> Page:
    rests_on = 0 if place is None else snapshot.memory.directory.rests_on(place, snapshot.position)
    scopes: list[str | None] = [None] if place is None else [place.id, *place.agencies]
    if wanted.context and (place is not None or wanted.state is not None):
        scopes.append(NATIONAL)
    sources = [_rows(snapshot, wanted, scope, at, after, limit + 1) for scope in scopes]
    rows = sources[0] if len(sources) == 1 else merge(*sources, key=itemgetter(slice(0, 5)), reverse=wanted.newest)
    bodies: list[bytes] = []
    last: Key | None = None
    head, as_of, public_by = at.position, at.as_of, at.public_by
    for lo, hi, sequence, id_, position, until, public_hi, body in rows:
        if until <= head:
            rests_on = max(rests_on, until)
        elif last is None or id_ != last[3]:  # what names a place and its agency comes once from each
            if len(bodies) == limit:
                return Page(bodies, last, rests_on)
            rests_on = max(rests_on, position)
            certain = hi <= as_of and (public_by is None or public_hi <= public_by)
            bodies.append(body + (_CERTAIN if certain else _MAYBE))
            last = lo, hi, sequence, id_
    return Page(bodies, None, rests_on)


_CERTAIN, _MAYBE = finished("", certain=True).encode(), finished("", certain=False).encode()


def entry(snapshot: Snapshot, id_: str) -> tuple[str, int]:
    """One entry as JSON, and its position; NotFound where it is not on record or does not count on the clocks asked."""
    at = snapshot.clocks()
    row = _ENTRY.run(snapshot.connection, entry=id_, head=at.position).fetchone()
    if row is None:
        raise NotFound(f"no entry {id_!r} is on record")
    position, lo, hi, public_lo, public_hi, body = row
    if snapshot.asked.as_of is None and hi > at.as_of:
        at = _clocks_of_places(snapshot, body)
    if lo > at.as_of or (at.public_by is not None and public_lo > at.public_by):
        raise NotFound(f"entry {id_!r} does not count on the clocks asked: it occurred {lo}, public {public_lo}")
    certain = hi <= at.as_of and (at.public_by is None or public_hi <= at.public_by)
    return finished(body, certain=certain), position


def _clocks_of_places(snapshot: Snapshot, body: str) -> Clocks:
    """Today is the day in the jurisdiction's time zone; of several, the latest that it is in any, as when recording."""
    named = (snapshot.memory.directory.place(one, snapshot.position) for one in _decode(body + "}").jurisdictions)
    clocks = [snapshot.clocks(place.time_zone) for place in named if place is not None]
    return max(clocks, key=lambda at: at.as_of, default=snapshot.clocks())


_ENTRY = Statement(
    select(
        _versions.c.position,
        _versions.c.lo,
        _versions.c.hi,
        _versions.c.public_lo,
        _versions.c.public_hi,
        _versions.c.body,
    )
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)


def _rows(
    snapshot: Snapshot, wanted: Wanted, scope: str | None, at: Clocks, after: Key | None, size: int
) -> Iterator[Any]:
    """The version rows of one scope (a jurisdiction's own line, the national one, or all) that may be wanted."""
    values: dict[str, Any] = {
        "scope": scope,
        "public_by": at.public_by,
        "state": None if scope == NATIONAL else wanted.state,
        "kind": wanted.kind,
        "party": wanted.party,
        "first": wanted.first,
        "last": wanted.last,
        "like": _like(wanted.words),
    }
    given = {name: value for name, value in values.items() if value is not None}
    needle = wanted.words.casefold() if wanted.words else None
    size = min(size, _CHUNK) if needle is None else _CHUNK
    # Beyond every version of the entry that the key names: positions are below that.
    from_ = None if after is None else (*after, 0 if wanted.newest else STILL)
    while True:
        if from_ is not None:
            given |= dict(zip(_ORDER, from_, strict=True))
        statement = _statement(frozenset(given), newest=wanted.newest)
        rows = statement.run(snapshot.connection, **given, head=at.position, as_of=at.as_of, size=size).fetchall()
        yield from rows if needle is None else (row for row in rows if _says(row[-1], needle))
        if len(rows) < size:
            return
        from_ = rows[-1][:5]


_ORDER = ("lo", "hi", "sequence", "entry", "position")


@cache
def _statement(given: frozenset[str], *, newest: bool) -> Statement:
    """The query for the filters given, in the order of the index that serves it."""
    by = _timeline if given & {"scope", "state"} else _versions
    order = [by.c[name] for name in _ORDER]
    query = select(*order, _versions.c.until, _versions.c.public_hi, AsBytes(_versions.c.body))
    if by is _timeline:
        query = query.join_from(_timeline, _versions, _timeline.c.position == _versions.c.position)
    query = query.where(by.c.position <= bindparam("head"), by.c.lo <= bindparam("as_of"))
    filters = {
        "scope": _timeline.c.jurisdiction == bindparam("scope"),
        "state": _timeline.c.jurisdiction.in_(
            select(_places.c.id).where(_places.c.state == bindparam("state"), _places.c.until > bindparam("head"))
        ),
        "public_by": _versions.c.public_lo <= bindparam("public_by"),
        "kind": _versions.c.kind == bindparam("kind"),
        "party": _versions.c.party == bindparam("party"),
        "first": by.c.hi >= bindparam("first"),
        "last": by.c.lo <= bindparam("last"),
        "like": _versions.c.body.ilike(bindparam("like"), escape="\\"),
    }
    query = query.where(*(condition for name, condition in filters.items() if name in given))
    if "lo" in given:
        key = tuple_(*(bindparam(name) for name in _ORDER))
        query = query.where(tuple_(*order) < key if newest else tuple_(*order) > key)
    if given >= {"state"}:
        query = query.distinct()
    query = query.order_by(*(column.desc() if newest else column for column in order))
    return Statement(query.limit(bindparam("size")))


def _like(words: str | None) -> str | None:
    """A pattern that every entry with the words in it fits: the longest run of them that JSON writes as it is."""
    if not words:
        return None
    run = max(re.findall(r"[A-Za-z0-9 ]+", words), key=len, default="")
    return f"%{run}%"


def _says(body: bytes, needle: str) -> bool:
    """Whether the words stand in the entry's summary, quotes, actor, or a source's title or publisher."""
    entry = _decode(body + b"}")
    texts = [entry.summary, entry.actor.name, entry.actor.office]
    texts += [text for quote in entry.quotes for text in (quote.text, quote.speaker)]
    texts += [text for source in entry.sources for text in (source.title, source.publisher)]
    return any(text is not None and needle in text.casefold() for text in texts)


class _Actor(msgspec.Struct):
    name: str | None = None
    office: str | None = None


class _Quote(msgspec.Struct):
    text: str
    speaker: str | None = None


class _Source(msgspec.Struct):
    title: str
    publisher: str | None = None


class _Read(msgspec.Struct):
    jurisdictions: tuple[str, ...]
    summary: str
    actor: _Actor
    sources: tuple[_Source, ...]
    quotes: tuple[_Quote, ...] = ()


_decode = msgspec.json.Decoder(_Read).decode
