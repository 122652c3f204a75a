"""Which events made a difference between two accounts: those without which it would not be there.

Each revision is tried alone: the account with an entry as it stood before it, all else as it stands after, against
the account with the entry as it stood behind it. Where no single one decides (two acts, each enough), the events are
applied in the order of the log, and those at which the answer moves are named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.accounts import Stretch
from domain.courts import court_line, pairs_before
from domain.jurisdictions import Place
from domain.law import Clocks, Held, Law
from domain.status import bearing, fold

Item = dict[str, Any]
World = dict[str, Held]
"""One version of each entry: a state that the record was or might have been in."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of the entries that bear on a place, oldest first: on its court lines, by pair, and on the rest."""

    of_acts: Mapping[str, list[Held]]
    of_pairs: Mapping[str, Mapping[str, list[Held]]]

    @classmethod
    def before(cls, place: Place, own: Iterable[Held], law: Law, at: Clocks) -> Versions:
        """Everything that may bear on the place."""
        pairs = pairs_before(place, law, at)
        return cls(
            _by_entry(bearing(place, own, law)),
            {" ".join(pair): _by_entry(acts) for pair, acts in pairs.items()},
        )

    def changed(self, earlier: int, later: int) -> bool:
        """Whether any of them was recorded after one position, up to another."""
        return any(
            earlier < held.since <= later
            for entries in (self.of_acts, *self.of_pairs.values())
            for versions in entries.values()
            for held in versions
        )

    def first(self, entry: str | None) -> int:
        """The position at which an entry was first recorded; 0 for none."""
        found = [
            versions[0].since
            for entries in (self.of_acts, *self.of_pairs.values())
            for id_, versions in entries.items()
            if id_ == entry
        ]
        return min(found, default=0)

    def of(self, stretch: Stretch) -> Mapping[str, list[Held]]:
        """Those that bear on the item of a stretch."""
        return self.of_pairs.get(stretch.key, {}) if stretch.track == "court" else self.of_acts


def causes(place: Place, versions: Versions, law: Law, now: Clocks, earlier: int, stretch: Stretch) -> list[int]:
    """The positions of the events after `earlier`, up to `now`, that made a stretch's difference, in log order."""
    entries = versions.of(stretch)
    world = _world(entries, now.position)

    def said(world: World) -> Item | None:
        return _item(place, world, law, now, stretch)

    found = []
    for entry, its in entries.items():
        recent = [held for held in its if earlier < held.since <= now.position]
        if not recent or not any(held.fact.lo <= stretch.first for held in its):
            continue
        steps = [_at(its, earlier), *recent]
        answers = [said(_with(world, entry, step)) for step in steps]
        found += [step.since for step, was, now_is in zip(recent, answers, answers[1:], strict=False) if was != now_is]
    return sorted(found) or _along_the_log(entries, earlier, now.position, said)


def _along_the_log(
    entries: Mapping[str, list[Held]], earlier: int, later: int, said: Callable[[World], Item | None]
) -> list[int]:
    world = _world(entries, earlier)
    was = said(world)
    found = []
    recent = sorted(
        ((held.since, entry, held) for entry, its in entries.items() for held in its if earlier < held.since <= later),
        key=lambda one: one[:2],
    )
    for position, entry, held in recent:
        world = _with(world, entry, held)
        answer = said(world)
        if answer != was:
            found.append(position)
        was = answer
    return found


def _item(place: Place, world: World, law: Law, now: Clocks, stretch: Stretch) -> Item | None:
    """What the item of a stretch would be on its first day in a world."""
    day = stretch.first
    facts = sorted(
        (held.fact for held in world.values() if not held.retracted and held.fact.hi <= day),
        key=lambda fact: fact.effect,
    )
    if stretch.track == "court":
        case, _, subject = stretch.key.partition(" ")
        item = court_line(place, (case, subject), facts, law.circuit_of(case, now), day)
    else:
        folded = fold(place, facts, lambda entry: law.list_of(entry, now), day)
        if stretch.track in ("stage", "response"):
            item = folded["reviews"].get(stretch.key, {}).get(stretch.track)
        else:
            item = folded[stretch.track].get(stretch.key)
    return None if item is None else {name: item[name] for name in ("value", "since", "entry")}


def _by_entry(versions: Iterable[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for held in sorted(versions, key=lambda one: one.since):
        found[held.fact.id].append(held)
    return found


def _at(versions: Iterable[Held], position: int) -> Held | None:
    return next((held for held in versions if held.since <= position < held.until), None)


def _world(entries: Mapping[str, list[Held]], position: int) -> World:
    return {entry: held for entry, its in entries.items() if (held := _at(its, position)) is not None}


def _with(world: World, entry: str, held: Held | None) -> World:
    other = {name: one for name, one in world.items() if name != entry}
    return other if held is None else other | {entry: held}
