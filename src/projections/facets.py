"""Facets: how many entries of a timeline, over all its pages, are of each kind, jurisdiction, party and year."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, case, func, literal, or_, select, union, union_all

from domain.jurisdictions import Place
from domain.national import Clocks
from eventlog.sql import CompiledQuery, InList, given_params, list_param
from projections.rows import NATIONAL
from projections.schema import live_tables
from projections.search import match_params
from projections.search_text import parse_search
from projections.snapshot import Snapshot
from projections.timeline import (
    IN_STATE,
    RankedTimelineKey,
    TimelineFilter,
    TimelineKey,
    at_pinned_position,
    conditions,
    place_and_clocks,
    rests_on_names,
    rests_on_place,
)

_versions, _timeline, _places = live_tables().versions, live_tables().timeline, live_tables().places

Facet = Literal["kind", "jurisdiction", "party", "year"]
FACETS: tuple[Facet, ...] = get_args(Facet)
_RESTS_ON = "rests on"


@dataclass(frozen=True, slots=True)
class Facets:
    """By facet: its values and how many entries have each, the most frequent first, but years in order.

    `rests_on` is the log position that the counts rest on.
    """

    counts: dict[str, dict[str, int]]
    rests_on: int


def parse_facets(written: str) -> tuple[Facet, ...]:
    """The facets that a list such as `kind,year` names; ValueError for a name that is no facet."""
    names = written.split(",")
    for name in names:
        if name not in FACETS:
            raise ValueError(f"{name!r} is none of {', '.join(FACETS)}")
    return tuple(facet for facet in FACETS if facet in names)


def count_facets(
    snapshot: Snapshot, filters: TimelineFilter, after: TimelineKey | RankedTimelineKey | None, names: tuple[Facet, ...]
) -> Facets:
    """The counts over all pages of a timeline.

    An entry counts for each place that it touches, so for an agency and for the state that the agency speaks for; an
    entry that names nobody counts for no place. It counts for the year of its earliest day.
    """
    snapshot = at_pinned_position(snapshot, after)
    place, clocks = place_and_clocks(snapshot, filters)
    return snapshot.cache.answer((filters, clocks, names), lambda: _count(snapshot, filters, place, clocks, names))


def _count(
    snapshot: Snapshot, filters: TimelineFilter, place: Place | None, clocks: Clocks, names: tuple[Facet, ...]
) -> Facets:
    connection = snapshot.connection
    scopes = None if place is None else list_param(connection, [place.id, *place.agencies])
    params = filters.params | given_params(public_by=clocks.public_by, state=filters.state, scopes=scopes)
    given = frozenset(params)
    if filters.words is not None:
        params |= match_params(snapshot, parse_search(filters.words), "anywhere")
    statement = _statement(given, names, words=filters.words is not None, context=filters.context)
    rests_on = max(rests_on_place(snapshot, place), rests_on_names(snapshot, filters))
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    rows = statement.run(connection, **params, head=clocks.position, as_of=clocks.as_of).fetchall()
    for name, value, count in sorted(rows, key=lambda row: (0 if row[0] in ("year", _RESTS_ON) else -row[2], row[1])):
        if name == _RESTS_ON:
            rests_on = max(rests_on, count or 0)
        else:
            counts[name][value] = count
    return Facets(counts, rests_on)


@cache
def _statement(given: frozenset[str], names: tuple[Facet, ...], *, words: bool, context: bool) -> CompiledQuery:
    """One query: every version of the timeline once, and counted by each facet."""
    versions = _timeline_versions(given, words=words, context=context).cte("timeline_versions")
    stands = versions.c.until > bindparam("head")
    by_column = {"kind": versions.c.kind, "party": versions.c.party, "year": func.substr(versions.c.earliest, 1, 4)}
    touched = _touched(versions, [stands, IN_STATE] if "state" in given else [stands])
    counts = [
        select(literal(name), touched.c.id, func.count()).group_by(touched.c.id)
        if name == "jurisdiction"
        else select(literal(name), by_column[name], func.count()).where(stands).group_by(by_column[name])
        for name in names
    ]
    # As on a page, the counts also rest on the events that superseded versions which would have counted.
    touched_at = case((stands, versions.c.position), else_=versions.c.until)
    return CompiledQuery(union_all(*counts, select(literal(_RESTS_ON), literal(""), func.max(touched_at))))


def _timeline_versions(given: frozenset[str], *, words: bool, context: bool) -> Select[Any]:
    columns = (_versions.c.position, _versions.c.until, _versions.c.kind, _versions.c.party, _versions.c.earliest)
    query = select(*columns).where(*conditions(given, "anywhere" if words else None))
    scope: list[ColumnElement[bool]] = []
    if "scopes" in given:
        scope.append(InList(_timeline.c.jurisdiction, "scopes"))
    if "state" in given:
        scope.append(IN_STATE)
    if not scope:
        return query
    named = and_(*scope)
    if context:
        named = or_(named, _timeline.c.jurisdiction == NATIONAL)
    return query.join(_timeline, _timeline.c.position == _versions.c.position).where(named).distinct()


def _touched(versions: CTE, where: list[ColumnElement[bool]]) -> CTE:
    """Pairs of a place and a version in force that names it or an agency of it."""
    named = (
        select(_timeline.c.jurisdiction.label("id"), versions.c.position)
        .join(versions, versions.c.position == _timeline.c.position)
        .where(*where, _timeline.c.jurisdiction != NATIONAL)
    )
    spoken_for = (
        select(_places.c.speaks_for.label("id"), versions.c.position)
        .select_from(versions)
        .join(_timeline, _timeline.c.position == versions.c.position)
        .join(_places, _places.c.id == _timeline.c.jurisdiction)
        .where(
            *where,
            _places.c.speaks_for.is_not(None),
            _places.c.position <= bindparam("head"),
            _places.c.until > bindparam("head"),
        )
    )
    return union(named, spoken_for).cte("touched")
