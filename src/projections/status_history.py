"""A place's status through time: every transition of every track, on the three clocks like every read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from domain.accounts import Transition, account, transitions
from eventlog.statements import Statement
from projections.jurisdictions import places
from projections.snapshot import Snapshot
from projections.status import own_acts, status
from projections.tables import live

_versions = live().versions
_BODY = Statement(
    select(_versions.c.body)
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)


Key = tuple[str, int]
"""A transition in the list of everyone's: the place, and which of its transitions, from 0."""


def status_history(
    snapshot: Snapshot, id_: str, start: int, limit: int | None
) -> tuple[list[dict[str, Any]], int | None, int]:
    """Transitions from the `start`th on, at most `limit`; where to go on, or None; and the position they rest on."""
    found = _transitions(snapshot, id_)
    rests_on: int = status(snapshot, id_)["position"]
    end = len(found) if limit is None else start + limit
    page = [_shown(snapshot, id_, one) for one in found[start:end]]
    return page, end if len(found) > end else None, rests_on


def all_histories(snapshot: Snapshot, after: Key | None = None) -> Iterator[tuple[Key, dict[str, Any], int]]:
    """Everyone's transitions, place by place, beyond the key `after`: key, transition, the position it rests on."""
    begun, done = ("", -1) if after is None else after
    if snapshot.memory.directory.place(begun, snapshot.position) is not None:
        yield from _from(snapshot, begun, done + 1)
    for id_, _, _ in places(snapshot, after=begun):
        yield from _from(snapshot, id_, 0)


def _from(snapshot: Snapshot, id_: str, start: int) -> Iterator[tuple[Key, dict[str, Any], int]]:
    found, _, rests_on = status_history(snapshot, id_, start, None)
    yield from (((id_, number), one, rests_on) for number, one in enumerate(found, start))


def _transitions(snapshot: Snapshot, id_: str) -> list[Transition]:
    place = snapshot.place(id_)
    return transitions(account(place, own_acts(snapshot, place), snapshot.memory.law, snapshot.clocks(place.time_zone)))


def _shown(snapshot: Snapshot, place: str, one: Transition) -> dict[str, Any]:
    return {
        "jurisdiction": place,
        "track": one.track,
        "key": one.key,
        "from": one.before,
        "to": one.after,
        "on": one.on,
        "since": one.since,
        "entry": one.entry,
        "sources": _sources(snapshot, one.entry) if one.entry is not None else [],
    }


def _sources(snapshot: Snapshot, entry: str) -> list[dict[str, Any]]:
    """The sources of an entry as it stands at the snapshot's position."""
    row = _BODY.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    sources: list[dict[str, Any]] = msgspec.json.decode(row[0] + "}")["sources"]
    return sources
