"""Which events made a difference between two accounts: those without which it would not be there.

Each is tried alone: the account with one entry (or the place, with its agencies) as it stood before the event, all
else as it stands after, against the account with it as it stood behind the event. Where no single one decides (two
acts, each enough), the events are applied in the order of the log, and those at which the answer moves are named.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from domain.answers import Item, Track
from domain.courts import acts_by_pair, court_line
from domain.facts import Fact
from domain.history import AccountDifference, common_part, items_by_key
from domain.jurisdictions import Place
from domain.national import FactVersion, NationalActs, Pair, by_effect, circuit_of, list_of
from domain.status import fold, relevant_versions

State = FactVersion | Place | None
Steps = list[tuple[int, State]]
"""What an entry, or the place, was from each log position on; None where it was nothing that bears on the place."""
RecordState = dict[str, State]
"""One state of each: a state that the record was or might have been in. The place goes by `PLACE`."""
PLACE = ""


@dataclass(frozen=True, slots=True)
class CausalEvidence:
    """Whatever bears on a place: itself and its relatives through the log, their acts, and the national acts."""

    place: Steps
    own_acts: Mapping[str, Steps]
    national: NationalActs

    @classmethod
    def of(
        cls, place: Sequence[tuple[int, Place | None]], own_acts: Iterable[FactVersion], national: NationalActs
    ) -> Self:
        """From the place as it was from each position on, and every version of its acts."""
        own_acts = list(own_acts)
        versions = {
            id(version): version
            for _, state in place
            if state is not None
            for version in relevant_versions(state, own_acts, national)
        }
        disputed = {entry for version in versions.values() for entry in version.fact.disputes}
        lists = (version for entry in disputed for version in national.entries.get(entry, ()))
        return cls(list(place), _by_entry((*versions.values(), *lists)), national)

    def changed(self, earlier: int, later: int) -> bool:
        """Whether any of it was recorded, revised or moved after one position, up to another."""
        court = (self._of_pair(pair) for pair in self._pairs(earlier, later))
        return any(
            earlier < position <= later
            for entries in ({PLACE: self.place}, self.own_acts, *court)
            for steps in entries.values()
            for position, _ in steps
        )

    def behind(self, difference: AccountDifference) -> dict[str, Steps]:
        """What may bear on the item that differs."""
        if difference.track == "court":
            return self._of_pair(_pair_of(difference)) | {PLACE: self.place}
        return {
            entry: steps
            for entry, steps in self.own_acts.items()
            if any(
                isinstance(state, FactVersion) and _bears_on(state.fact, difference.track, difference.key)
                for _, state in steps
            )
        } | {PLACE: self.place}

    def _pairs(self, *positions: int) -> set[Pair]:
        places = [place for _, place in self.place if isinstance(place, Place)]
        return {
            pair for place in places for position in positions for pair in acts_by_pair(place, self.national, position)
        }

    def _of_pair(self, pair: Pair) -> dict[str, Steps]:
        case, subject = pair
        parties = {party for _, place in self.place if isinstance(place, Place) for party in place.touched_by}
        filings = (version for party in parties for version in self.national.filings.get(party, ()))
        in_case = (version for version in filings if version.fact.case == case)
        acts = (self.national.rulings.get(pair, ()), self.national.subject_ends.get(subject, ()))
        return _by_entry(chain(in_case, *acts, self.national.cases.get(case, ())))


def causes(evidence: CausalEvidence, earlier: int, later: int, difference: AccountDifference) -> list[int]:
    """The positions of the events after `earlier`, up to `later`, that made a difference, in log order."""
    entries = evidence.behind(difference)
    recent: dict[str, Steps] = {}
    for name, steps in entries.items():
        between = [(position, state) for position, state in steps if earlier < position <= later]
        if between:
            recent[name] = between
    after = record_state(entries, later)
    positions = []
    for name, steps in recent.items():
        states = [_state_at(entries[name], earlier), *(state for _, state in steps)]
        items = [item_in(after | {name: state}, difference) for state in states]
        if items[0] != items[-1]:
            pairs = zip(steps, items, items[1:], strict=False)
            positions += [position for (position, _), before, now in pairs if before != now]
    return sorted(positions) or list(
        _causes_in_log_order(record_state(entries, earlier), recent, lambda record: item_in(record, difference))
    )


def _causes_in_log_order(
    record: RecordState, recent: Mapping[str, Steps], item_of: Callable[[RecordState], Item | None]
) -> Iterator[int]:
    before = item_of(record)
    events = ((position, name, state) for name, steps in recent.items() for position, state in steps)
    for position, name, state in sorted(events, key=lambda event: event[:2]):
        record = record | {name: state}
        now = item_of(record)
        if now != before:
            yield position
        before = now


def item_in(record: RecordState, difference: AccountDifference) -> Item | None:
    """What the item that differs would be, on the first day of the difference, in a state of the record."""
    place, day = record[PLACE], difference.first
    if not isinstance(place, Place):
        return None
    versions = {entry: state for entry, state in record.items() if isinstance(state, FactVersion)}
    counting = (version for version in versions.values() if not version.retracted and version.fact.latest <= day)
    facts = [version.fact for version in sorted(counting, key=by_effect)]
    if difference.track == "court":
        pair = _pair_of(difference)
        on_line = (fact for fact in facts if _on_court_line(fact, place, pair))
        circuit = circuit_of(version for version in versions.values() if version.fact.case == pair[0])
        line = court_line(place, pair, on_line, circuit, day)
        return None if line is None else common_part(line)
    folded = fold(place, facts, lambda entry: list_of(versions.get(entry)), day)
    item = items_by_key(folded).get((difference.track, difference.key))
    return None if item is None else common_part(item)


def _pair_of(difference: AccountDifference) -> Pair:
    case, _, subject = difference.key.partition(" ")
    return case, subject


def _bears_on(fact: Fact, track: Track, key: str) -> bool:
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
    """Whether an act is on the line of a case and subject for a place; some acts only give the case's circuit."""
    return (
        pair[1] in fact.ends_subjects
        or any((holding.case, holding.subject) == pair for holding in fact.holdings)
        or (fact.case == pair[0] and not place.touched_by.isdisjoint(fact.roles or ()))
    )


def _by_entry(versions: Iterable[FactVersion]) -> dict[str, Steps]:
    """Per entry its versions, and None from where one that bears on the place was superseded by one that does not."""
    by_entry: dict[str, dict[int, FactVersion]] = defaultdict(dict)
    for version in versions:
        by_entry[version.fact.id][version.since] = version
    steps: dict[str, Steps] = {}
    for entry, by_position in by_entry.items():
        ends = [(version.until, None) for version in by_position.values() if version.until not in by_position]
        steps[entry] = sorted([*by_position.items(), *ends], key=lambda step: step[0])
    return steps


def record_state(entries: Mapping[str, Steps], position: int) -> RecordState:
    return {name: _state_at(steps, position) for name, steps in entries.items()}


def _state_at(steps: Steps, position: int) -> State:
    return next((state for since, state in reversed(steps) if since <= position), None)
