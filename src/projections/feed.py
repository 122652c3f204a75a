"""Feeds: the entries that were recorded or corrected last, newest first, whenever what they tell of occurred."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, func, select

from domain.national import Clocks
from eventlog.log import EventLog, Recorded
from eventlog.sql import AsBytes, CompiledQuery
from projections.entries import event_details, event_name
from projections.rows import NATIONAL, body_end
from projections.schema import live_tables
from projections.search import match_params
from projections.search_text import parse_search
from projections.snapshot import Snapshot
from projections.timeline import IN_STATE, TimelineFilter, conditions

_versions, _timeline = live_tables().versions, live_tables().timeline
_SPAN = CompiledQuery(
    select(func.min(_versions.c.position), func.max(_versions.c.position)).where(
        _versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head")
    )
)


@dataclass(frozen=True, slots=True)
class LatestEntries:
    """Some entries as JSON objects, each with the position of its present version, and that to go on from."""

    found: list[tuple[int, bytes]]
    next: int | None


def latest_entries(snapshot: Snapshot, wanted: TimelineFilter, limit: int, before: int | None) -> LatestEntries:
    """The entries whose present version was recorded last, below the position `before`."""
    found: list[tuple[int, bytes]] = []
    for position, body in _newest(snapshot, wanted, limit + 1, before):
        if found and found[-1][0] == position:  # what names a place and its agency comes once from each
            continue
        if len(found) == limit:
            return LatestEntries(found, found[-1][0])
        found.append((position, body))
    return LatestEntries(found, None)


def recorded_span(snapshot: Snapshot, entry: str) -> tuple[int, int] | None:
    """The positions at which an entry was first recorded, and last; None where it is not on record."""
    row = _SPAN.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def revision_at(snapshot: Snapshot, log: EventLog, position: int) -> tuple[str, dict[str, Any]] | None:
    """The name of the event at a position, and why it came; None of an event by which an entry began."""
    event: Recorded = next(iter(log.read(snapshot.connection, after=position - 1, until=position)))
    return None if event.version == 1 else (event_name(event), event_details(event))


def _newest(snapshot: Snapshot, wanted: TimelineFilter, size: int, before: int | None) -> Iterator[tuple[int, bytes]]:
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
    snapshot: Snapshot, wanted: TimelineFilter, scope: str | None, at: Clocks, before: int | None, size: int
) -> list[tuple[int, bytes]]:
    values: dict[str, Any] = {
        "scope": scope,
        "state": None if scope == NATIONAL else wanted.state,
        "public_by": at.public_by,
        "before": before,
    }
    given = wanted.filters | {name: value for name, value in values.items() if value is not None}
    statement = _statement(frozenset(given), words=wanted.words is not None)
    if wanted.words is not None:
        given |= match_params(snapshot.connection, parse_search(wanted.words), "anywhere")
    rows = statement.run(snapshot.connection, **given, head=at.position, as_of=at.as_of, size=size).fetchall()
    return [
        (position, bytes(body) + body_end(at, latest, public_latest)) for position, latest, public_latest, body in rows
    ]


@cache
def _statement(given: frozenset[str], *, words: bool) -> CompiledQuery:
    its = _versions.c
    whom = {"scope": _timeline.c.jurisdiction == bindparam("scope"), "state": IN_STATE}
    naming = [condition for name, condition in whom.items() if name in given]
    query = select(its.position, its.latest, its.public_latest, AsBytes(its.body)).where(
        *conditions(given, "anywhere" if words else None), its.until > bindparam("head")
    )
    if "before" in given:
        query = query.where(its.position < bindparam("before"))
    if naming:
        query = query.where(its.position.in_(select(_timeline.c.position).where(*naming)))
    return CompiledQuery(query.order_by(its.position.desc()).limit(bindparam("size")))
