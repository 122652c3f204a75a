"""The timeline: entries in order of occurrence or of relevance, a page at a time, as the JSON that each row holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Annotated, Any, cast

import msgspec
from sqlalchemy import ColumnElement, bindparam, select, tuple_

from domain.errors import NotFound
from domain.jurisdictions import Place
from domain.national import STILL, Clocks
from eventlog.sql import AsBytes, CompiledQuery, given_params
from projections.entries import version_at
from projections.paging import KeyNumber, KeyText, PositionKey
from projections.rows import NATIONAL, body_end, decode_body
from projections.schema import ORDER, live_tables
from projections.search import BY_RELEVANCE, MatchedIn, match_params, matches
from projections.search_text import parse_search
from projections.snapshot import Snapshot

_versions, _timeline, _places = live_tables().versions, live_tables().timeline, live_tables().places
_CHUNK = 200
_LONGEST_KEPT = 100
"""Entries of a page that is cached: a longer one is an export, and seldom asked for twice."""
TimelineKey = tuple[str, str, int, str]
"""The order of occurrence: earliest bound, latest bound, sequence, entry id."""
RankedTimelineKey = tuple[int, int, str, str, int, str]
"""The log position that the first page was read at, the index of the match in `BY_RELEVANCE`, and `TimelineKey`."""
_MatchIndex = Annotated[int, msgspec.Meta(ge=0, le=len(BY_RELEVANCE) - 1)]
TIMELINE_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyNumber, KeyText])
RANKED_TIMELINE_KEY = msgspec.json.Decoder(tuple[PositionKey, _MatchIndex, KeyText, KeyText, KeyNumber, KeyText])
"""Their shapes in a cursor."""


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """Which entries: whom they name, what they are, when they may have happened, and the words in them.

    `context` adds the national line. `ranked`, which needs words, puts the best matches first, and of equally good ones
    the newest.
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
    def params(self) -> dict[str, Any]:
        """The parameters of the `conditions` on a version itself."""
        return given_params(kind=self.kind, party=self.party, first=self.first, last=self.last)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some entries as JSON objects, the key to go on from, and the log position that they rest on."""

    bodies: list[bytes]
    next: TimelineKey | RankedTimelineKey | None
    rests_on: int


def timeline_page(
    snapshot: Snapshot, filters: TimelineFilter, limit: int, after: TimelineKey | RankedTimelineKey | None
) -> TimelinePage:
    """The entries that count on the clocks asked, certainly or maybe, from beyond the key `after`."""
    snapshot = at_pinned_position(snapshot, after)
    place, clocks = place_and_clocks(snapshot, filters)
    if limit > _LONGEST_KEPT:
        return _read_page(snapshot, filters, place, clocks, limit, after)
    key = (filters, clocks, limit, after)
    return snapshot.cache.page(key, lambda: _read_page(snapshot, filters, place, clocks, limit, after))


def at_pinned_position(snapshot: Snapshot, after: TimelineKey | RankedTimelineKey | None) -> Snapshot:
    """The snapshot for the page after a key: all pages of a ranked timeline are read at the position of the first."""
    if after is None or isinstance(after[0], str):
        return snapshot
    return snapshot.at(min(after[0], snapshot.position))


def place_and_clocks(snapshot: Snapshot, filters: TimelineFilter) -> tuple[Place | None, Clocks]:
    """The place that is filtered by, and the clocks by its time zone."""
    if filters.jurisdiction is None:
        return None, snapshot.clocks()
    place = snapshot.place(filters.jurisdiction)
    return place, snapshot.clocks(place.time_zone)


def rests_on_place(snapshot: Snapshot, place: Place | None) -> int:
    """The last position of an event on the place that is filtered by, or on one of its relatives."""
    return 0 if place is None else snapshot.cache.directory.rests_on(place, snapshot.position)


def rests_on_names(snapshot: Snapshot, filters: TimelineFilter) -> int:
    """The last position at which a name with the words searched for came, changed or went."""
    if filters.words is None:
        return 0
    return snapshot.cache.names.rests_on(parse_search(filters.words), snapshot.position)


def scopes_of(filters: TimelineFilter, place: Place | None) -> list[str | None]:
    """The lines to read: each jurisdiction's own, the national line (`NATIONAL`), or, with None, all."""
    scopes: list[str | None] = [None] if place is None else [place.id, *place.agencies]
    if filters.context and (place is not None or filters.state is not None):
        scopes.append(NATIONAL)
    return scopes


def _read_page(
    snapshot: Snapshot,
    filters: TimelineFilter,
    place: Place | None,
    clocks: Clocks,
    limit: int,
    after: TimelineKey | RankedTimelineKey | None,
) -> TimelinePage:
    rests_on = max(rests_on_place(snapshot, place), rests_on_names(snapshot, filters))
    bodies: list[bytes] = []
    last: TimelineKey | RankedTimelineKey | None = None
    for key, position, until, public_latest, body in _page_rows(snapshot, filters, place, clocks, after, limit + 1):
        if until <= clocks.position:
            rests_on = max(rests_on, until)
        elif key != last:  # an entry that names a place and its agency comes once from each
            if len(bodies) == limit:
                return TimelinePage(bodies, last, rests_on)
            rests_on = max(rests_on, position)
            bodies.append(body + body_end(clocks, key[-3], public_latest))  # the third from the end is the latest day
            last = key
    return TimelinePage(bodies, None, rests_on)


def read_entry(snapshot: Snapshot, id_: str) -> tuple[str, int]:
    """One entry as JSON, and its position; NotFound where it is not on record or does not count on the clocks asked."""
    clocks = snapshot.clocks()
    version = version_at(snapshot.connection, id_, clocks.position)
    if version is None:
        raise NotFound(f"no entry {id_!r} is on record")
    if snapshot.asked.as_of is None and version.latest > clocks.as_of:
        clocks = _clocks_of_places(snapshot, version.body)
    if version.earliest > clocks.as_of or (clocks.public_by is not None and version.public_earliest > clocks.public_by):
        raise NotFound(
            f"entry {id_!r} does not count on the clocks asked: "
            f"it occurred {version.earliest}, public {version.public_earliest}"
        )
    return version.body + body_end(clocks, version.latest, version.public_latest).decode(), version.position


def _clocks_of_places(snapshot: Snapshot, body: str) -> Clocks:
    """The clocks with today in the time zones of the places named: the latest of their days, as when recording."""
    directory = snapshot.cache.directory
    places = [directory.place(jurisdiction, snapshot.position) for jurisdiction in decode_body(body)["jurisdictions"]]
    by_place = [snapshot.clocks(place.time_zone) for place in places if place is not None]
    return max(by_place, key=lambda clocks: clocks.as_of, default=snapshot.clocks())


def _page_rows(
    snapshot: Snapshot,
    filters: TimelineFilter,
    place: Place | None,
    clocks: Clocks,
    after: TimelineKey | RankedTimelineKey | None,
    size: int,
) -> Iterator[tuple[Any, int, int, str, bytes]]:
    """Key, position, `until`, latest public day and body of the versions for a page, in order, superseded ones too."""
    if not filters.ranked:
        for row in _ordered_rows(snapshot, filters, "anywhere", place, clocks, cast("TimelineKey | None", after), size):
            yield row[:4], *row[4:]
        return
    _, first, *rest = after or (0, 0)
    key = cast("TimelineKey | None", tuple(rest) or None)
    for rank in range(max(cast("int", first), 0), len(BY_RELEVANCE)):
        for row in _ordered_rows(snapshot, filters, BY_RELEVANCE[rank], place, clocks, key, size):
            yield (clocks.position, rank, *row[:4]), *row[4:]
        key = None


def _ordered_rows(
    snapshot: Snapshot,
    filters: TimelineFilter,
    matched_in: MatchedIn,
    place: Place | None,
    clocks: Clocks,
    after: TimelineKey | None,
    size: int,
) -> Iterator[Any]:
    scopes = scopes_of(filters, place)
    rows = [_scope_rows(snapshot, filters, matched_in, scope, clocks, after, size) for scope in scopes]
    if len(rows) == 1:
        return rows[0]
    return merge(*rows, key=itemgetter(slice(0, 5)), reverse=filters.newest or filters.ranked)


def _scope_rows(
    snapshot: Snapshot,
    filters: TimelineFilter,
    matched_in: MatchedIn,
    scope: str | None,
    clocks: Clocks,
    after: TimelineKey | None,
    size: int,
) -> Iterator[Any]:
    state = None if scope == NATIONAL else filters.state
    params = filters.params | given_params(scope=scope, public_by=clocks.public_by, state=state)
    newest = filters.newest or filters.ranked
    words = {} if filters.words is None else match_params(snapshot, parse_search(filters.words), matched_in)
    if not words:
        size = min(size, _CHUNK)  # else every chunk would be another search
    # A position on the far side of all versions of the entry that the key names.
    from_ = None if after is None else (*after, 0 if newest else STILL)
    while True:
        if from_ is not None:
            params |= dict(zip(ORDER, from_, strict=True))
        statement = _statement(frozenset(params), matched_in if words else None, newest=newest)
        rows = statement.run(
            snapshot.connection, **params, **words, head=clocks.position, as_of=clocks.as_of, size=size
        ).fetchall()
        yield from rows
        if len(rows) < size:
            return
        from_ = rows[-1][:5]


@cache
def _statement(given: frozenset[str], matched_in: MatchedIn | None, *, newest: bool) -> CompiledQuery:
    """The query with the parameters given, in the order of the index that serves it."""
    by = _timeline if given & {"scope", "state"} else _versions
    order = [by.c[name] for name in ORDER]
    query = select(*order, _versions.c.until, _versions.c.public_latest, AsBytes(_versions.c.body))
    if by is _timeline:
        query = query.join_from(_timeline, _versions, _timeline.c.position == _versions.c.position)
    query = query.where(*conditions(given, matched_in, by))
    if "scope" in given:
        query = query.where(_timeline.c.jurisdiction == bindparam("scope"))
    if "state" in given:
        query = query.where(IN_STATE).distinct()
    if "earliest" in given:
        key = tuple_(*(bindparam(name) for name in ORDER))
        query = query.where(tuple_(*order) < key if newest else tuple_(*order) > key)
    query = query.order_by(*(column.desc() if newest else column for column in order))
    return CompiledQuery(query.limit(bindparam("size")))


IN_STATE = _timeline.c.jurisdiction.in_(
    select(_places.c.id).where(_places.c.state == bindparam("state"), _places.c.until > bindparam("head"))
)
"""The condition that a row of the timeline is of a place in a state."""


def conditions(given: frozenset[str], matched_in: MatchedIn | None, by: Any = _versions) -> list[ColumnElement[bool]]:  # noqa: ANN401  # either table
    """The conditions on a version for the parameters given and a search; on days, by the columns of the table `by`."""
    optional = {
        "public_by": _versions.c.public_earliest <= bindparam("public_by"),
        "kind": _versions.c.kind == bindparam("kind"),
        "party": _versions.c.party == bindparam("party"),
        "first": by.c.latest >= bindparam("first"),
        "last": by.c.earliest <= bindparam("last"),
    }
    always = [by.c.position <= bindparam("head"), by.c.earliest <= bindparam("as_of")]
    words = [] if matched_in is None else [matches(matched_in)]
    return always + [condition for name, condition in optional.items() if name in given] + words
