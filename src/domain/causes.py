"""Which events made a difference between two accounts: those without which it would not be there.

Each is tried alone: the account with one entry (or the place, with whom it has for agencies) as it stood before the
event, all else as it stands after, against the account with it as it stood behind the event. Where no single one
decides (two acts, each enough), the events are applied in the order of the log, and those at which the answer moves
are named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.courts import CircuitLookup, court_line, pairs_before
from domain.facts import Fact
from domain.history import AccountDifference
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, Law, Pair
from domain.status import bearing, fold

Item = dict[str, Any]
RecordedState = FactVersion | Place | None
Steps = list[tuple[int, RecordedState]]
"""What an entry, or the place, was from each log position on; None where it was nothing that bears on the place."""
RecordState = dict[str, RecordedState]
"""One state of each: a state that the record was or might have been in. The place goes by `PLACE`."""
PLACE = ""


@dataclass(frozen=True, slots=True)
class CausalEvidence:
    """Whatever bears on a place: itself and its relatives through the log, their acts, and the law."""

    place: Steps
    own: Mapping[str, Steps]
    law: Law

    @classmethod
    def of(cls, place: Sequence[tuple[int, Place | None]], own: Iterable[FactVersion], law: Law) -> CausalEvidence:
        """From the place as it was from each position on, and every version of its acts."""
        held = {id(one): one for _, its in place if its is not None for one in bearing(its, own, law)}
        disputed = {entry for one in held.values() for entry in one.fact.disputes}
        lists = (one for entry in disputed for one in law.entries.get(entry, ()))
        return cls(list(place), _by_entry((*held.values(), *lists)), law)

    def changed(self, earlier: int, later: int) -> bool:
        """Whether any of it was recorded, revised or moved after one position, up to another."""
        court = (self._of_pair(pair) for pair in self._pairs(earlier, later))
        return any(
            earlier < position <= later
            for entries in ({PLACE: self.place}, self.own, *court)
            for steps in entries.values()
            for position, _ in steps
        )

    def behind(self, stretch: AccountDifference) -> dict[str, Steps]:
        """What may bear on the item of a stretch."""
        if stretch.track == "court":
            case, _, subject = stretch.key.partition(" ")
            return self._of_pair((case, subject)) | {PLACE: self.place}
        return {
            entry: steps
            for entry, steps in self.own.items()
            if any(isinstance(one, FactVersion) and _bears_on(one.fact, stretch.track, stretch.key) for _, one in steps)
        } | {PLACE: self.place}

    def _pairs(self, *positions: int) -> set[Pair]:
        places = [place for _, place in self.place if isinstance(place, Place)]
        return {
            pair
            for place in places
            for position in positions
            for pair in pairs_before(place, self.law, Clocks("", None, position))
        }

    def _of_pair(self, pair: Pair) -> dict[str, Steps]:
        case, subject = pair
        parties = {party for _, place in self.place if isinstance(place, Place) for party in place.touched_by}
        filings = (held for party in parties for held in self.law.filings.get(party, ()) if held.fact.case == case)
        return _by_entry(
            (
                *filings,
                *self.law.rulings.get(pair, ()),
                *self.law.subject_ends.get(subject, ()),
                *self.law.cases.get(case, ()),
            )
        )


def causes(evidence: CausalEvidence, earlier: int, later: int, stretch: AccountDifference) -> list[int]:
    """The positions of the events after `earlier`, up to `later`, that made a stretch's difference, in log order."""
    entries = evidence.behind(stretch)
    recent = {
        name: its
        for name, steps in entries.items()
        if (its := [(position, state) for position, state in steps if earlier < position <= later])
    }
    now = _record_state(entries, later)
    found = []
    for name, steps in recent.items():
        tried = [_at(entries[name], earlier), *(state for _, state in steps)]
        answers = [difference_text(now | {name: state}, stretch) for state in tried]
        if answers[0] != answers[-1]:
            pairs = zip(steps, answers, answers[1:], strict=False)
            found += [position for (position, _), was, is_ in pairs if was != is_]
    return sorted(found) or list(
        _causes_in_log_order(_record_state(entries, earlier), recent, lambda world: difference_text(world, stretch))
    )


def _causes_in_log_order(
    world: RecordState, recent: Mapping[str, Steps], answer: Callable[[RecordState], Item | None]
) -> Iterator[int]:
    was = answer(world)
    for position, name, state in sorted(
        ((position, name, state) for name, steps in recent.items() for position, state in steps),
        key=lambda one: one[:2],
    ):
        world = world | {name: state}
        now = answer(world)
        if now != was:
            yield position
        was = now


def difference_text(world: RecordState, stretch: AccountDifference) -> Item | None:
    """What the item of a stretch would be on its first day in a world."""
    place, day = world[PLACE], stretch.first
    if not isinstance(place, Place):
        return None
    held = {entry: one for entry, one in world.items() if isinstance(one, FactVersion)}
    facts = sorted(
        (one.fact for one in held.values() if not one.retracted and one.fact.latest <= day),
        key=lambda fact: fact.effect,
    )
    if stretch.track == "court":
        case, _, subject = stretch.key.partition(" ")
        on_line = (fact for fact in facts if _on_court_line(fact, place, (case, subject)))
        item = court_line(place, (case, subject), on_line, _circuit(held.values(), case), day)
    else:
        folded = fold(place, facts, lambda entry: _list_of(held.get(entry)), day)
        if stretch.track in ("stage", "response"):
            item = folded["reviews"].get(stretch.key, {}).get(stretch.track)
        else:
            item = folded[stretch.track].get(stretch.key)
    return None if item is None else {name: item[name] for name in ("value", "since", "entry")}


def _bears_on(fact: Fact, track: str, key: str) -> bool:
    """Whether an act can bear on an item: what names it, and what decides for what does."""
    match track:
        case "stage":
            return fact.review == key or key in fact.ends_reviews
        case "response":
            return fact.review == key or key in fact.ends_reviews or bool(fact.answers) or fact.demand is not None
        case "listing":
            return fact.list == key or key in fact.ends_lists or bool(fact.disputes)
        case "funding":
            return key in fact.grants or fact.stage is not None or bool(fact.ends_reviews)
        case _:
            return fact.policy == key


def _on_court_line(fact: Fact, place: Place, pair: Pair) -> bool:
    """Whether an act is on the line of a case and subject for a place (others only say which circuit's the case is)."""
    return (
        pair[1] in fact.ends_subjects
        or any((holding.case, holding.subject) == pair for holding in fact.holdings)
        or (fact.case == pair[0] and not place.touched_by.isdisjoint(fact.roles or ()))
    )


def _circuit(versions: Iterable[FactVersion], case: str) -> CircuitLookup:
    """As `Law.circuit_of` has it: from the first act in order of occurrence that gives it, retracted or not."""
    facts = [held.fact for held in versions if held.fact.case == case and held.fact.circuit is not None]
    return min(facts, key=lambda fact: fact.occurrence).circuit if facts else None


def _list_of(held: FactVersion | None) -> str | None:
    """As `Law.list_of` has it: the list of a disputed entry, which must stand; its own dates do not matter."""
    return None if held is None or held.retracted else held.fact.list


def _by_entry(versions: Iterable[FactVersion]) -> dict[str, Steps]:
    """Per entry its versions, and where one that bears was superseded by one that does not, None."""
    held_by: dict[str, dict[int, FactVersion]] = defaultdict(dict)
    for held in versions:
        held_by[held.fact.id][held.since] = held
    return {
        entry: sorted(
            [*its.items(), *((held.until, None) for held in its.values() if held.until not in its)],
            key=lambda step: step[0],
        )
        for entry, its in held_by.items()
    }


def _at(steps: Steps, position: int) -> RecordedState:
    return next((state for since, state in reversed(steps) if since <= position), None)


def _record_state(entries: Mapping[str, Steps], position: int) -> RecordState:
    return {name: _at(steps, position) for name, steps in entries.items()}
