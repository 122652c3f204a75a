"""Feeds: the entries that were recorded or corrected last, newest first, whatever day they are about."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, func, select

from domain.national import Clocks
from eventlog.log import EventLog, Recorded
from eventlog.sql import AsBytes, CompiledQuery, given_params
from projections.entries import event_details, event_name
from projections.rows import NATIONAL, body_end
from projections.schema import live_tables
from projections.search import match_params
from projections.search_text import parse_search
from projections.snapshot import Snapshot
from projections.timeline import IN_STATE, TimelineFilter, conditions, place_and_clocks, scopes_of

_versions, _timeline = live_tables().versions, live_tables().timeline
_SPAN = CompiledQuery(
    select(func.min(_versions.c.position), func.max(_versions.c.position)).where(
        _versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head")
    )
)


@dataclass(frozen=True, slots=True)
class LatestEntries:
    """Some entries as JSON objects, each with the position of its present version, and the position to go on from."""

    entries: list[tuple[int, bytes]]
    next: int | None


def latest_entries(snapshot: Snapshot, filters: TimelineFilter, limit: int, before: int | None) -> LatestEntries:
    """The entries whose present version was recorded last, below the position `before`."""
    entries: list[tuple[int, bytes]] = []
    for position, body in _newest(snapshot, filters, limit + 1, before):
        if entries and entries[-1][0] == position:  # an entry that names a place and its agency comes once from each
            continue
        if len(entries) == limit:
            return LatestEntries(entries, entries[-1][0])
        entries.append((position, body))
    return LatestEntries(entries, None)


def recorded_span(snapshot: Snapshot, entry: str) -> tuple[int, int] | None:
    """The positions at which an entry was first recorded, and last; None where it is not on record."""
    row = _SPAN.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def revision_at(snapshot: Snapshot, log: EventLog, position: int) -> tuple[str, dict[str, Any]] | None:
    """The name of the event at a position, and why it came; None of an event by which an entry began."""
    event: Recorded = next(iter(log.read(snapshot.connection, after=position - 1, until=position)))
    return None if event.version == 1 else (event_name(event), event_details(event))


def _newest(snapshot: Snapshot, filters: TimelineFilter, size: int, before: int | None) -> Iterator[tuple[int, bytes]]:
    place, clocks = place_and_clocks(snapshot, filters)
    rows = [_scope_rows(snapshot, filters, scope, clocks, before, size) for scope in scopes_of(filters, place)]
    return merge(*rows, key=itemgetter(0), reverse=True)


def _scope_rows(
    snapshot: Snapshot, filters: TimelineFilter, scope: str | None, clocks: Clocks, before: int | None, size: int
) -> list[tuple[int, bytes]]:
    state = None if scope == NATIONAL else filters.state
    params = filters.params | given_params(scope=scope, state=state, public_by=clocks.public_by, before=before)
    statement = _statement(frozenset(params), words=filters.words is not None)
    if filters.words is not None:
        params |= match_params(snapshot, parse_search(filters.words), "anywhere")
    rows = statement.run(snapshot.connection, **params, head=clocks.position, as_of=clocks.as_of, size=size).fetchall()
    return [
        (position, bytes(body) + body_end(clocks, latest, public_latest))
        for position, latest, public_latest, body in rows
    ]


@cache
def _statement(given: frozenset[str], *, words: bool) -> CompiledQuery:
    column = _versions.c
    by_place = {"scope": _timeline.c.jurisdiction == bindparam("scope"), "state": IN_STATE}
    naming = [condition for name, condition in by_place.items() if name in given]
    query = select(column.position, column.latest, column.public_latest, AsBytes(column.body)).where(
        *conditions(given, "anywhere" if words else None), column.until > bindparam("head")
    )
    if "before" in given:
        query = query.where(column.position < bindparam("before"))
    if naming:
        query = query.where(column.position.in_(select(_timeline.c.position).where(*naming)))
    return CompiledQuery(query.order_by(column.position.desc()).limit(bindparam("size")))
