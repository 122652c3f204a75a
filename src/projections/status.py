"""Status, worked out when it is asked: nothing of it is stored, so nothing of it can be stale.

What a question at a log position was answered stays true, so it is remembered for a while.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, select

from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion
from domain.status import status as fold
from eventlog.sql import CompiledQuery
from projections.schema import live_tables
from projections.snapshot import Snapshot

_versions, _timeline = live_tables().versions, live_tables().timeline
_OWN = CompiledQuery(
    select(_versions.c.position, _versions.c.until, _versions.c.retracted)
    .join_from(_timeline, _versions, _timeline.c.position == _versions.c.position)
    .where(_timeline.c.jurisdiction == bindparam("jurisdiction"), _timeline.c.position <= bindparam("head"))
)


def own_acts(snapshot: Snapshot, place: Place) -> Iterator[FactVersion]:
    """Every version up to the snapshot of the acts that name the place or a relative of it."""
    seen: set[int] = set()
    for jurisdiction in place.relatives:
        rows = _OWN.run(snapshot.connection, jurisdiction=jurisdiction, head=snapshot.position).fetchall()
        new = [row for row in rows if row[0] not in seen]
        facts = snapshot.memory.facts(snapshot.connection, [position for position, _, _ in new])
        for (position, until, retracted), fact in zip(new, facts, strict=True):
            seen.add(position)
            yield FactVersion(fact, position, until, bool(retracted))


def place_status(snapshot: Snapshot, id_: str) -> dict[str, Any]:
    """The answer of section 4 for one place, with the `position` that it rests on."""
    place = snapshot.place(id_)
    at = snapshot.clocks(place.time_zone)
    return snapshot.memory.answer((id_, at), lambda: _worked_out(snapshot, place, at))


def _worked_out(snapshot: Snapshot, place: Place, at: Clocks) -> dict[str, Any]:
    answer, rests_on = fold(place, own_acts(snapshot, place), snapshot.memory.law, at)
    return answer | {"position": max(rests_on, snapshot.memory.directory.rests_on(place, snapshot.position))}
