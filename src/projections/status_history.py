"""A place's status through time: every transition of every track, on the three clocks like every read."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from domain.accounts import Transition, account, transitions
from eventlog.statements import Statement
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


def status_history(
    snapshot: Snapshot, id_: str, start: int, limit: int
) -> tuple[list[dict[str, Any]], int | None, int]:
    """Transitions from the `start`th on, at most `limit`; where to go on, or None; and the position they rest on."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    found = transitions(account(place, own, snapshot.memory.law, snapshot.clocks(place.time_zone)))
    rests_on: int = status(snapshot, id_)["position"]
    page = [_shown(snapshot, one) for one in found[start : start + limit]]
    return page, start + limit if len(found) > start + limit else None, rests_on


def _shown(snapshot: Snapshot, one: Transition) -> dict[str, Any]:
    return {
        "track": one.track,
        "key": one.key,
        "from": one.before,
        "to": one.after,
        "on": one.on,
        "entry": one.entry,
        "sources": _sources(snapshot, one.entry) if one.entry is not None else [],
    }


def _sources(snapshot: Snapshot, entry: str) -> list[dict[str, Any]]:
    """The sources of an entry as it stands at the snapshot's position."""
    row = _BODY.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    sources: list[dict[str, Any]] = msgspec.json.decode(row[0] + "}")["sources"]
    return sources
