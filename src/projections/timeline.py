"""The timeline: entries in order of occurrence or of relevance, a page at a time, as the JSON that each row carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, bindparam, select, tuple_

from domain.errors import NotFound
from domain.jurisdictions import Place
from domain.national import STILL, Clocks
from eventlog.sql import AsBytes, CompiledQuery
from projections.entries import version_at
from projections.rows import NATIONAL, body_end, decode_body
from projections.schema import live_tables
from projections.search import BY_RELEVANCE, Where, match_params, matches
from projections.search_text import parse_search
from projections.snapshot import Snapshot

_versions, _timeline, _places = live_tables().versions, live_tables().timeline, live_tables().places
_CHUNK = 200
_LONGEST_KEPT = 100
"""Entries of a page that is remembered: a longer one is an export, and seldom asked for twice."""
TimelineKey = tuple[str, str, int, str]
"""The order of occurrence: earliest bound, latest bound, sequence, entry id."""
RankedTimelineKey = tuple[int, int, str, str, int, str]
"""The log position that the first page was read at, how well an entry fits (the index in `BY_RELEVANCE`), and `Key`."""


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """Which entries: whom they name, what they are, when they may have happened, and the words in them.

    `ranked`, which needs words: those that fit best come first, and of those that fit as well, the newest.
    """

    jurisdiction: str | None = None
    state: str | None = None
    kind: str | None = None
    party: str | None = None
    first: str | None = None
    last: str | None = None
    words: str | None = None
    context: bool = False
    newest: bool = False
    ranked: bool = False

    @property
    def filters(self) -> dict[str, Any]:
        """The values of the conditions on a version itself that are asked for, by name."""
        named = {"kind": self.kind, "party": self.party, "first": self.first, "last": self.last}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some entries as JSON objects, the key to go on from, and the log position that they rest on."""

    bodies: list[bytes]
    next: TimelineKey | RankedTimelineKey | None
    rests_on: int

    @property
    def entries(self) -> list[str]:
        """The same as text."""
        return [body.decode() for body in self.bodies]


def timeline_page(
    snapshot: Snapshot, wanted: TimelineFilter, limit: int, after: TimelineKey | RankedTimelineKey | None
) -> TimelinePage:
    """The entries that count on the clocks asked, certainly or maybe, from beyond the key `after`."""
    snapshot = at_pinned_position(snapshot, after)
    place, at = place_and_clocks(snapshot, wanted)
    if limit > _LONGEST_KEPT:
        return _read(snapshot, wanted, place, at, limit, after)
    return snapshot.cache.page((wanted, at, limit, after), lambda: _read(snapshot, wanted, place, at, limit, after))


def at_pinned_position(snapshot: Snapshot, after: TimelineKey | RankedTimelineKey | None) -> Snapshot:
    """The record that a page goes on from: all pages of a ranked answer are read at the position of the first."""
    if after is None or isinstance(after[0], str):
        return snapshot
    position = min(after[0], snapshot.position)
    return replace(snapshot, asked=replace(snapshot.asked, position=position))


def place_and_clocks(snapshot: Snapshot, wanted: TimelineFilter) -> tuple[Place | None, Clocks]:
    """The place asked about, and the clocks, with today being the day there."""
    if wanted.jurisdiction is None:
        return None, snapshot.clocks()
    place = snapshot.place(wanted.jurisdiction)
    return place, snapshot.clocks(place.time_zone)


def _read(
    snapshot: Snapshot,
    wanted: TimelineFilter,
    place: Place | None,
    at: Clocks,
    limit: int,
    after: TimelineKey | RankedTimelineKey | None,
) -> TimelinePage:
    rests_on = 0 if place is None else snapshot.cache.directory.rests_on(place, snapshot.position)
    bodies: list[bytes] = []
    last: TimelineKey | RankedTimelineKey | None = None
    head = at.position
    for key, position, until, public_latest, body in _run_page_query(snapshot, wanted, place, at, after, limit + 1):
        if until <= head:
            rests_on = max(rests_on, until)
        elif key != last:  # what names a place and its agency comes once from each
            if len(bodies) == limit:
                return TimelinePage(bodies, last, rests_on)
            rests_on = max(rests_on, position)
            bodies.append(body + body_end(at, key[-3], public_latest))
            last = key
    return TimelinePage(bodies, None, rests_on)


def read_entry(snapshot: Snapshot, id_: str) -> tuple[str, int]:
    """One entry as JSON, and its position; NotFound where it is not on record or does not count on the clocks asked."""
    at = snapshot.clocks()
    version = version_at(snapshot.connection, id_, at.position)
    if version is None:
        raise NotFound(f"no entry {id_!r} is on record")
    if snapshot.asked.as_of is None and version.latest > at.as_of:
        at = _clocks_of_places(snapshot, version.body)
    if version.earliest > at.as_of or (at.public_by is not None and version.public_earliest > at.public_by):
        raise NotFound(
            f"entry {id_!r} does not count on the clocks asked: "
            f"it occurred {version.earliest}, public {version.public_earliest}"
        )
    return version.body + body_end(at, version.latest, version.public_latest).decode(), version.position


def _clocks_of_places(snapshot: Snapshot, body: str) -> Clocks:
    """Today is the day in the jurisdiction's time zone; of several, the latest that it is in any, as when recording."""
    directory = snapshot.cache.directory
    places = [directory.place(jurisdiction, snapshot.position) for jurisdiction in decode_body(body)["jurisdictions"]]
    clocks = [snapshot.clocks(place.time_zone) for place in places if place is not None]
    return max(clocks, key=lambda at: at.as_of, default=snapshot.clocks())


def _run_page_query(
    snapshot: Snapshot,
    wanted: TimelineFilter,
    place: Place | None,
    at: Clocks,
    after: TimelineKey | RankedTimelineKey | None,
    size: int,
) -> Iterator[tuple[Any, int, int, str, bytes]]:
    """Key, position, `until`, latest public day and body of the versions that may be wanted, in the order asked."""
    if not wanted.ranked:
        for row in _in_order(snapshot, wanted, "anywhere", place, at, cast("TimelineKey | None", after), size):
            yield row[:4], *row[4:]
        return
    _, first, *key = after or (0, 0)
    beyond = cast("TimelineKey | None", tuple(key) or None)
    for fit in range(max(cast("int", first), 0), len(BY_RELEVANCE)):
        for row in _in_order(snapshot, wanted, BY_RELEVANCE[fit], place, at, beyond, size):
            yield (at.position, fit, *row[:4]), *row[4:]
        beyond = None


def _in_order(
    snapshot: Snapshot,
    wanted: TimelineFilter,
    where: Where,
    place: Place | None,
    at: Clocks,
    after: TimelineKey | None,
    size: int,
) -> Iterator[Any]:
    scopes: list[str | None] = [None] if place is None else [place.id, *place.agencies]
    if wanted.context and (place is not None or wanted.state is not None):
        scopes.append(NATIONAL)
    sources = [_rows(snapshot, wanted, where, scope, at, after, size) for scope in scopes]
    if len(sources) == 1:
        return sources[0]
    return merge(*sources, key=itemgetter(slice(0, 5)), reverse=wanted.newest or wanted.ranked)


def _rows(
    snapshot: Snapshot,
    wanted: TimelineFilter,
    where: Where,
    scope: str | None,
    at: Clocks,
    after: TimelineKey | None,
    size: int,
) -> Iterator[Any]:
    """The version rows of one scope (a jurisdiction's own line, the national one, or all) that may be wanted."""
    values: dict[str, Any] = {
        "scope": scope,
        "public_by": at.public_by,
        "state": None if scope == NATIONAL else wanted.state,
    }
    given = wanted.filters | {name: value for name, value in values.items() if value is not None}
    newest = wanted.newest or wanted.ranked
    words = {} if wanted.words is None else match_params(snapshot.connection, parse_search(wanted.words), where)
    if not words:
        size = min(size, _CHUNK)  # else every chunk would be another search
    # Beyond every version of the entry that the key names: positions are below that.
    from_ = None if after is None else (*after, 0 if newest else STILL)
    while True:
        if from_ is not None:
            given |= dict(zip(_ORDER, from_, strict=True))
        statement = _statement(frozenset(given), where if words else None, newest=newest)
        rows = statement.run(
            snapshot.connection, **given, **words, head=at.position, as_of=at.as_of, size=size
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        from_ = rows[-1][:5]


_ORDER = ("earliest", "latest", "sequence", "entry", "position")


@cache
def _statement(given: frozenset[str], where: Where | None, *, newest: bool) -> CompiledQuery:
    """The query for the filters given, in the order of the index that serves it."""
    by = _timeline if given & {"scope", "state"} else _versions
    order = [by.c[name] for name in _ORDER]
    query = select(*order, _versions.c.until, _versions.c.public_latest, AsBytes(_versions.c.body))
    if by is _timeline:
        query = query.join_from(_timeline, _versions, _timeline.c.position == _versions.c.position)
    query = query.where(*conditions(given, where, by))
    if "scope" in given:
        query = query.where(_timeline.c.jurisdiction == bindparam("scope"))
    if "state" in given:
        query = query.where(IN_STATE).distinct()
    if "earliest" in given:
        key = tuple_(*(bindparam(name) for name in _ORDER))
        query = query.where(tuple_(*order) < key if newest else tuple_(*order) > key)
    query = query.order_by(*(column.desc() if newest else column for column in order))
    return CompiledQuery(query.limit(bindparam("size")))


IN_STATE = _timeline.c.jurisdiction.in_(
    select(_places.c.id).where(_places.c.state == bindparam("state"), _places.c.until > bindparam("head"))
)
"""That a row of the timeline is of a place in the state asked for."""


def conditions(given: frozenset[str], where: Where | None, by: Any = _versions) -> list[ColumnElement[bool]]:  # noqa: ANN401  # either table
    """What a version must be to be shown, for the filters given and the words sought; days by columns of `by`."""
    filters = {
        "public_by": _versions.c.public_earliest <= bindparam("public_by"),
        "kind": _versions.c.kind == bindparam("kind"),
        "party": _versions.c.party == bindparam("party"),
        "first": by.c.latest >= bindparam("first"),
        "last": by.c.earliest <= bindparam("last"),
    }
    always = [by.c.position <= bindparam("head"), by.c.earliest <= bindparam("as_of")]
    words = [] if where is None else [matches(where)]
    return always + [condition for name, condition in filters.items() if name in given] + words
