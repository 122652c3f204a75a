"""Facets: how many entries of a timeline there are of each kind, jurisdiction, party and year, over all its pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, case, func, literal, or_, select, union, union_all

from domain.jurisdictions import Place
from domain.national import Clocks
from eventlog.sql import CompiledQuery, InList, list_param
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
)

_versions, _timeline, _places = live_tables().versions, live_tables().timeline, live_tables().places

Facet = Literal["kind", "jurisdiction", "party", "year"]
FACETS: tuple[Facet, ...] = get_args(Facet)
_RESTS_ON = "rests on"


@dataclass(frozen=True, slots=True)
class Facets:
    """By facet: its values and how many entries have each, the most first (years in order); what that rests on."""

    counts: dict[str, dict[str, int]]
    rests_on: int


def parse_facets(written: str) -> tuple[Facet, ...]:
    """The facets that a list such as `kind,year` names; ValueError, naming it, for what is none."""
    for name in (names := written.split(",")):
        if name not in FACETS:
            raise ValueError(f"{name!r} is none of {', '.join(FACETS)}")
    return tuple(facet for facet in FACETS if facet in names)


def count_facets(
    snapshot: Snapshot, wanted: TimelineFilter, after: TimelineKey | RankedTimelineKey | None, names: tuple[Facet, ...]
) -> Facets:
    """The counts over the whole answer of which `page` shows a part.

    An entry counts for each place that it touches, so for an agency and for whom that speaks for; what names nobody
    counts for none. Of an uncertain date the year of the earliest bound counts.
    """
    snapshot = at_pinned_position(snapshot, after)
    place, at = place_and_clocks(snapshot, wanted)
    return snapshot.cache.answer((wanted, at, names), lambda: _counted(snapshot, wanted, place, at, names))


def _counted(
    snapshot: Snapshot, wanted: TimelineFilter, place: Place | None, at: Clocks, names: tuple[Facet, ...]
) -> Facets:
    connection = snapshot.connection
    optional: dict[str, Any] = {
        "public_by": at.public_by,
        "state": wanted.state,
        "scopes": None if place is None else list_param(connection, [place.id, *place.agencies]),
    }
    values = wanted.filters | {name: value for name, value in optional.items() if value is not None}
    given = frozenset(values)
    if wanted.words is not None:
        values |= match_params(connection, parse_search(wanted.words), "anywhere")
    statement = _statement(given, names, words=wanted.words is not None, context=wanted.context)
    rests_on = 0 if place is None else snapshot.cache.directory.rests_on(place, snapshot.position)
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    for name, value, number in _sorted(statement.run(connection, **values, head=at.position, as_of=at.as_of)):
        if name == _RESTS_ON:
            rests_on = max(rests_on, number or 0)
        else:
            counts[name][value] = number
    return Facets(counts, rests_on)


def _sorted(rows: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    return sorted(rows, key=lambda row: (0 if row[0] in ("year", _RESTS_ON) else -row[2], row[1]))


@cache
def _statement(given: frozenset[str], names: tuple[Facet, ...], *, words: bool, context: bool) -> CompiledQuery:
    """One query: the versions found, each once, and counted by each facet."""
    found = _run_facet_query(given, words=words, context=context).cte("found")
    stands = found.c.until > bindparam("head")
    by_column = {"kind": found.c.kind, "party": found.c.party, "year": func.substr(found.c.earliest, 1, 4)}
    touched = _touched(found, [stands, IN_STATE] if "state" in given else [stands])
    counted = [
        select(literal(name), touched.c.id, func.count()).group_by(touched.c.id)
        if name == "jurisdiction"
        else select(literal(name), by_column[name], func.count()).where(stands).group_by(by_column[name])
        for name in names
    ]
    # As a page does: an answer rests also on what no longer says so, and on the event that changed it.
    touched_at = case((stands, found.c.position), else_=found.c.until)
    return CompiledQuery(union_all(*counted, select(literal(_RESTS_ON), literal(""), func.max(touched_at))))


def _run_facet_query(given: frozenset[str], *, words: bool, context: bool) -> Select[Any]:
    """The versions that the whole timeline is made of, as `page` finds them."""
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


def _touched(found: CTE, where: list[ColumnElement[bool]]) -> CTE:
    """Each version that stands beside each place that it names or whose agency it names."""
    named = (
        select(_timeline.c.jurisdiction.label("id"), found.c.position)
        .join(found, found.c.position == _timeline.c.position)
        .where(*where, _timeline.c.jurisdiction != NATIONAL)
    )
    spoken_for = (
        select(_places.c.speaks_for.label("id"), found.c.position)
        .select_from(found)
        .join(_timeline, _timeline.c.position == found.c.position)
        .join(_places, _places.c.id == _timeline.c.jurisdiction)
        .where(
            *where,
            _places.c.speaks_for.is_not(None),
            _places.c.position <= bindparam("head"),
            _places.c.until > bindparam("head"),
        )
    )
    return union(named, spoken_for).cte("touched")
