"""What changed in our account between two log positions: the days about which we now say something else, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select

from domain.accounts import Stretch, account, differences
from domain.causes import Versions, causes
from domain.law import Clocks
from eventlog.log import EventLog, Recorded
from eventlog.statements import Statement
from projections.entry_history import at_position, event_name, told
from projections.entry_history import differences as fields_differing
from projections.snapshot import Snapshot
from projections.status import own_acts
from projections.tables import live

_places = live().places
_PLACES = Statement(
    select(_places.c.id)
    .where(
        _places.c.id >= bindparam("first"), _places.c.position <= bindparam("head"), _places.c.until > bindparam("head")
    )
    .order_by(_places.c.id)
)
Key = tuple[str, int]
"""A place, and the number of its difference: where a page ended."""


@dataclass(frozen=True, slots=True)
class Between:
    """Two positions of the log and the events recorded after the first, up to the second."""

    earlier: int
    later: int
    events: dict[int, Recorded]

    @classmethod
    def positions(cls, snapshot: Snapshot, log: EventLog, earlier: int, later: int) -> Between:
        """Reads what was recorded in between."""
        events = log.read(snapshot.connection, after=earlier, until=later)
        return cls(earlier, later, {event.position: event for event in events})

    def because(self, position: int) -> dict[str, Any]:
        """One cause as it is shown."""
        event = self.events[position]
        kind, _, id_ = event.stream.partition(":")
        return {
            "position": position,
            "event": event_name(event),
            "entry": id_ if kind == "entry" else None,
            "reason": told(event)["reason"],
        }


def entries_changed(
    snapshot: Snapshot, log: EventLog, between: Between, jurisdiction: str | None
) -> list[dict[str, Any]]:
    """The entries on record before that say something else after, field by field, in order of their revision."""
    revised: dict[str, list[int]] = defaultdict(list)
    for event in between.events.values():
        if event.stream.startswith("entry:") and event.version > 1:
            revised[event.stream].append(event.position)
    found = []
    for name, positions in revised.items():
        stream = log.stream(snapshot.connection, name)
        before, after = at_position(stream, between.earlier), at_position(stream, between.later)
        if before is None or after is None:
            continue
        named = {*before.fields["jurisdictions"], *after.fields["jurisdictions"]}
        differing = fields_differing(before, after)
        if differing and (jurisdiction is None or jurisdiction in named):
            found.append(
                {
                    "entry": after.fields["id"],
                    "fields": {one["field"]: {"before": one["before"], "after": one["after"]} for one in differing},
                    "because": [between.because(position) for position in positions],
                }
            )
    return found


def changes(
    snapshot: Snapshot, between: Between, jurisdiction: str | None, track: str | None, after: Key | None
) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every difference between the two accounts, by place, track, key and day, from beyond the key `after`."""
    rows = _PLACES.run(snapshot.connection, first=after[0] if after else "", head=between.later).fetchall()
    for (id_,) in rows:
        if jurisdiction is None or id_ == jurisdiction:
            for number, change in enumerate(_of_place(snapshot, between, id_, track)):
                if after is None or (id_, number) > after:
                    yield (id_, number), change


def _of_place(snapshot: Snapshot, between: Between, id_: str, track: str | None) -> Iterator[dict[str, Any]]:
    directory, law = snapshot.memory.directory, snapshot.memory.law
    place, was = directory.place(id_, between.later), directory.place(id_, between.earlier)
    if place is None:
        return
    own = list(own_acts(replace_position(snapshot, between.later), place))
    now = Clocks(snapshot.clocks(place.time_zone).as_of, None, between.later)
    then = replace(now, position=between.earlier)
    versions = Versions.before(place, own, law, now)
    if was == place and not versions.changed(between.earlier, between.later):
        return
    earlier = {} if was is None else account(was, own, law, then)
    for stretch in differences(earlier, account(place, own, law, now)):
        if track in (None, stretch.track):
            yield _shown(between, id_, stretch, causes(place, versions, law, now, between.earlier, stretch), versions)


def _shown(between: Between, id_: str, stretch: Stretch, positions: list[int], versions: Versions) -> dict[str, Any]:
    because = [between.because(position) for position in positions]
    return {
        "jurisdiction": id_,
        "track": stretch.track,
        "key": stretch.key,
        "days": {"from": stretch.first, "to": stretch.last},
        "before": stretch.before,
        "after": stretch.after,
        "first_recorded": all(versions.first(cause["entry"]) > between.earlier for cause in because),
        "because": because,
    }


def replace_position(snapshot: Snapshot, position: int) -> Snapshot:
    """The same snapshot, asked of another log position."""
    return replace(snapshot, asked=replace(snapshot.asked, position=position))
