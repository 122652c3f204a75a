"""A place's status, folded when it is asked for: it is not stored, so it cannot be stale.

The status at a log position never changes, so the cache keeps the last ones asked for.
"""

from collections.abc import Iterator

from sqlalchemy import bindparam, select

from domain.answers import PlaceStatus
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion
from domain.status import status as fold_status
from eventlog.sql import CompiledQuery
from projections.schema import live_tables
from projections.snapshot import Snapshot

_versions, _timeline = live_tables().versions, live_tables().timeline
_OWN_VERSIONS = CompiledQuery(
    select(_versions.c.position, _versions.c.until, _versions.c.retracted)
    .join_from(_timeline, _versions, _timeline.c.position == _versions.c.position)
    .where(_timeline.c.jurisdiction == bindparam("jurisdiction"), _timeline.c.position <= bindparam("head"))
)


def own_acts(snapshot: Snapshot, place: Place) -> Iterator[FactVersion]:
    """Every version up to the snapshot of the acts that name the place or a relative of it."""
    seen: set[int] = set()
    for jurisdiction in place.relatives:
        rows = _OWN_VERSIONS.run(snapshot.connection, jurisdiction=jurisdiction, head=snapshot.position).fetchall()
        new = [row for row in rows if row[0] not in seen]
        facts = snapshot.cache.facts(snapshot.connection, [position for position, _, _ in new])
        for (position, until, retracted), fact in zip(new, facts, strict=True):
            seen.add(position)
            yield FactVersion(fact, position, until, bool(retracted))


def place_status(snapshot: Snapshot, id_: str) -> PlaceStatus:
    """The status of one place (rules, section 4), with the `position` that it rests on."""
    place = snapshot.place(id_)
    clocks = snapshot.clocks(place.time_zone)
    return snapshot.cache.answer((id_, clocks), lambda: _fold_status(snapshot, place, clocks))


def _fold_status(snapshot: Snapshot, place: Place, clocks: Clocks) -> PlaceStatus:
    status, rests_on = fold_status(place, own_acts(snapshot, place), snapshot.cache.law, clocks)
    return {**status, "position": max(rests_on, snapshot.cache.directory.rests_on(place, snapshot.position))}
