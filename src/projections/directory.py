"""The places of the record at any log position: who there is, in which zone, and who speaks for whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.jurisdictions import Place
from domain.law import STILL

PlaceRow = tuple[int, str, str, str, str | None]
"""Position, id, state, time zone, `speaks_for`: what each version of a place is kept as."""


@dataclass(slots=True)
class _Version:
    since: int
    until: int
    state: str
    time_zone: str
    speaks_for: str | None


class Directory:
    """Every version of every place, in memory: 90,000 places are some 40 MB."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[_Version, ...]] = {}
        self._speakers: dict[str, frozenset[str]] = {}

    def take(self, rows: Iterable[PlaceRow]) -> None:
        """Adds versions in log order."""
        for position, id_, state, time_zone, speaks_for in rows:
            versions = self._places.get(id_, ())
            if versions:
                versions[-1].until = position
            self._places[id_] = (*versions, _Version(position, STILL, state, time_zone, speaks_for))
            if speaks_for is not None:
                self._speakers[speaks_for] = self._speakers.get(speaks_for, frozenset()) | {id_}

    def and_also(self, rows: Iterable[PlaceRow]) -> Directory:
        """Another directory with places that are not committed yet."""
        other = Directory()
        other._places, other._speakers = dict(self._places), dict(self._speakers)
        other.take(rows)
        return other

    def place(self, id_: str, position: int) -> Place | None:
        """A place as the log up to a position has it; None where it is not on record there."""
        version = self._at(id_, position)
        if version is None:
            return None
        agencies = sorted(
            one for one in self._speakers.get(id_, ()) if (its := self._at(one, position)) and its.speaks_for == id_
        )
        return Place(id_, version.state, version.time_zone, version.speaks_for, tuple(agencies))

    def states(self) -> set[str]:
        """The states of all places that ever were on record."""
        return {version.state for versions in self._places.values() for version in versions}

    def rests_on(self, place: Place, position: int) -> int:
        """The last position up to `position` of an event on the place or one of its relatives, past or present."""
        return max(
            version.since
            for one in (*place.relatives, *self._speakers.get(place.id, ()))
            for version in self._places.get(one, ())
            if version.since <= position
        )

    def ever_related(self, id_: str) -> set[str]:
        """A place, and everyone who was ever its agency or had it for one."""
        spoken_for = {version.speaks_for for version in self._places.get(id_, ()) if version.speaks_for is not None}
        return {id_, *self._speakers.get(id_, ()), *spoken_for}

    def _at(self, id_: str, position: int) -> _Version | None:
        for version in reversed(self._places.get(id_, ())):
            if version.since <= position < version.until:
                return version
        return None
