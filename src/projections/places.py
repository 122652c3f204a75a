"""Lists of the places and agencies on record, and the stages of their reviews."""

from collections.abc import Iterator
from functools import cache

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select

from domain.errors import NotFound
from domain.reviews import stage_moves
from domain.status import counted_facts
from eventlog.sql import CompiledQuery, given_params
from projections.schema import live_tables
from projections.snapshot import Snapshot
from projections.status import own_acts, place_status

_places, _timeline = live_tables().places, live_tables().timeline
_CHUNK = 200


def _on_record() -> Select[tuple[str, str, int]]:
    return select(_places.c.id, _places.c.body, _places.c.position).where(
        _places.c.position <= bindparam("head"), _places.c.until > bindparam("head")
    )


_PLACE_BY = {
    name: CompiledQuery(_on_record().where(_places.c[name] == bindparam("value")).order_by(_places.c.id))
    for name in ("id", "geoid")
}


@cache
def _places_beyond(given: frozenset[str], *, reviewed: bool) -> CompiledQuery:
    """The places beyond an id, by the columns given; `reviewed`: those that an entry of a review names or touches."""
    speaker = _places.alias("speaker")
    in_review: ColumnElement[bool] = exists().where(
        _timeline.c.jurisdiction == _places.c.id, _timeline.c.review.is_not(None)
    )
    through_agency = exists().where(
        speaker.c.speaks_for == _places.c.id,
        and_(_timeline.c.jurisdiction == speaker.c.id, _timeline.c.review.is_not(None)),
    )
    query = _on_record().where(_places.c.id > bindparam("after"))
    for name in sorted(given):
        query = query.where(_places.c[name] == bindparam(name))
    if reviewed:
        query = query.where(or_(in_review, through_agency))
    return CompiledQuery(query.order_by(_places.c.id).limit(_CHUNK))


def place_by_id(snapshot: Snapshot, name: str, value: str) -> tuple[str, int]:
    """The JSON of the place whose `id` or `geoid` has a value, and its position; NotFound otherwise."""
    row = _PLACE_BY[name].run(snapshot.connection, value=value, head=snapshot.position).fetchone()
    if row is None:
        what = "jurisdiction" if name == "id" else f"jurisdiction with {name}"
        raise NotFound(f"no {what} {value!r} is on record")
    return row[1], row[2]


def places_page(
    snapshot: Snapshot,
    *,
    after: str,
    state: str | None = None,
    kind: str | None = None,
    ocd: str | None = None,
    stage: str | None = None,
) -> Iterator[tuple[str, str, int]]:
    """Id, JSON and position of the places beyond the id `after`, by id; `stage`: only those with a review in it now."""
    params = given_params(state=state, kind=kind, ocd=ocd)
    query = _places_beyond(frozenset(params), reviewed=stage not in (None, "none_known"))
    while True:
        rows = query.run(snapshot.connection, after=after, head=snapshot.position, **params).fetchall()
        for id_, body, position in rows:
            if stage is None:
                yield id_, body, position
                continue
            status = place_status(snapshot, id_)
            if any(review["stage"]["value"] == stage for review in status["reviews"]):
                yield id_, body, status["position"]
        if len(rows) < _CHUNK:
            return
        after = rows[-1][0]


_REVIEWED = CompiledQuery(
    select(_timeline.c.jurisdiction)
    .distinct()
    .where(_timeline.c.review.is_not(None), _timeline.c.position <= bindparam("head"))
)


def review_stages(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Of every place that certainly is in a review: its stages by review, as its status has them."""
    directory = snapshot.cache.directory
    named = {row[0] for row in _REVIEWED.run(snapshot.connection, head=snapshot.position).fetchall()}
    places = {id_: place for id_ in named if (place := directory.place(id_, snapshot.position)) is not None}
    for id_ in {place.speaks_for for place in places.values() if place.speaks_for is not None}:
        if (state := directory.place(id_, snapshot.position)) is not None:
            places[id_] = state
    stages: dict[str, dict[str, str]] = {}
    for id_ in sorted(places):
        place = places[id_]
        facts = counted_facts(place, own_acts(snapshot, place), snapshot.cache.law, snapshot.clocks(place.time_zone))
        last: dict[str, str] = {move.review: move.stage for move in stage_moves(place.touched_by, facts.certain)}
        if last:
            stages[id_] = last
    return stages


_GEOID = "geoid:"


def slug_of(snapshot: Snapshot, id_: str) -> str:
    """The slug of a place that is named by slug or by `geoid:`; NotFound where no place has that GEOID."""
    return str(msgspec.json.decode(place_json(snapshot, id_))["id"]) if id_.startswith(_GEOID) else id_


def place_json(snapshot: Snapshot, id_: str) -> str:
    """The JSON of a place that is named by slug or by `geoid:`; NotFound where it is not on record."""
    if id_.startswith(_GEOID):
        return place_by_id(snapshot, "geoid", id_.removeprefix(_GEOID))[0]
    return place_by_id(snapshot, "id", id_)[0]
