"""Where the reviews of every place stand: the review track alone, for a look at all places at once."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from domain.reviews import stage_moves
from domain.status import counted
from eventlog.statements import Statement
from projections.snapshot import Snapshot
from projections.status import own_acts
from projections.tables import live

_timeline = live().timeline
_REVIEWED = Statement(
    select(_timeline.c.jurisdiction)
    .distinct()
    .where(_timeline.c.review.is_not(None), _timeline.c.position <= bindparam("head"))
)


def stages(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Of every place that certainly is in a review: the stage of each, by review, as `status` has it."""
    named = {row[0] for row in _REVIEWED.run(snapshot.connection, head=snapshot.position).fetchall()}
    directory = snapshot.memory.directory
    places = {one.id: one for id_ in named if (one := directory.place(id_, snapshot.position)) is not None}
    for speaks_for in {one.speaks_for for one in places.values() if one.speaks_for is not None}:
        if (state := directory.place(speaks_for, snapshot.position)) is not None:
            places[state.id] = state
    found: dict[str, dict[str, str]] = {}
    for id_ in sorted(places):
        place = places[id_]
        acts = counted(place, own_acts(snapshot, place), snapshot.memory.law, snapshot.clocks(place.time_zone))
        last: dict[str, str] = {move.review: move.stage for move in stage_moves(place.touched_by, acts.certain)}
        if last:
            found[id_] = last
    return found
