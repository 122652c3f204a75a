"""A place's account through time: what each item of its status is from which day on, of what certainly counts.

A status is asked of one day; here the same folds are asked of every day on which an answer can change, so that a
history and a difference between two accounts say what `status` would say on each day.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.answers import TRACKS, AnyItem, FoldedTracks, Item, ItemKey, Status, Track
from domain.courts import acts_by_pair
from domain.dates import shift
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import CERTAIN, MAYBE, Clocks, FactVersion, NationalActs, by_effect
from domain.status import PRESENT, Rules, fold, relevant_versions, status

ValueHistory = list[tuple[str, Item | None]]
"""What an item is from each day on, first day first; None where there is no such item."""
ValueHistories = dict[ItemKey, ValueHistory]


def value_history(
    place: Place, own_acts: Iterable[FactVersion], national: NationalActs, clocks: Clocks, rules: Rules = PRESENT
) -> ValueHistories:
    """The history of every item up to `clocks.as_of`, on the other two clocks as asked."""
    histories: ValueHistories = {}
    facts = _certain_facts(relevant_versions(place, own_acts, national), clocks)
    due_days = (day for fact in facts for day in (fact.due, fact.extended_to))
    for day, known in _days_of_change(facts, clocks, due_days):
        items = items_by_key(fold(place, known, lambda entry: national.list_of(entry, clocks.position), day, rules))
        for key in [key for key in histories if key not in items]:
            _extend(histories, key, day, None)
        for key, item in items.items():
            _extend(histories, key, day, item)
    for pair, versions in acts_by_pair(place, national, clocks.position).items():
        circuit = national.circuit_of(pair[0], clocks.position)
        rulings = _certain_facts(versions, clocks)
        last_days = (holding.until for fact in rulings for holding in fact.holdings)
        for day, known in _days_of_change(rulings, clocks, last_days):
            _extend(histories, ("court", " ".join(pair)), day, rules.court(place, pair, known, circuit, day))
    return histories


def items_by_key(folded: FoldedTracks) -> dict[ItemKey, AnyItem]:
    """The items of four tracks by track and key: a review has two, its stage and its response."""
    items: dict[ItemKey, AnyItem] = {("listing", list_): item for list_, item in folded["listing"].items()}
    items.update({("funding", grant): item for grant, item in folded["funding"].items()})
    items.update({("policies", policy): item for policy, item in folded["policies"].items()})
    for review, parts in folded["reviews"].items():
        items["stage", review], items["response", review] = parts["stage"], parts["response"]
    return items


def common_part(item: AnyItem) -> Item:
    return {"value": item["value"], "since": item["since"], "entry": item["entry"]}


def _certain_facts(versions: Iterable[FactVersion], clocks: Clocks) -> list[Fact]:
    """The facts on record that count on the public clock, in order of effect: certain from their latest day on."""
    counting = [
        version
        for version in versions
        if not version.retracted
        and version.holds_at(clocks.position)
        and (clocks.public_by is None or version.fact.public_latest <= clocks.public_by)
    ]
    return [version.fact for version in sorted(counting, key=by_effect)]


def _days_of_change(
    facts: Sequence[Fact], clocks: Clocks, last_days: Iterable[str | None]
) -> Iterator[tuple[str, Sequence[Fact]]]:
    """Each day on which something may change, with the facts that certainly count by then.

    The order of effect begins with the latest day, so these are always a beginning of the list.
    """
    latest = [fact.latest for fact in facts]
    days = {*latest, *(shift(day, 1) for day in last_days if day is not None)}
    for day in sorted(days):
        if day <= clocks.as_of:
            yield day, facts[: bisect_right(latest, day)]


def _extend(histories: ValueHistories, key: ItemKey, day: str, item: AnyItem | None) -> None:
    value = None if item is None else common_part(item)
    history = histories.setdefault(key, [])
    if value != (history[-1][1] if history else None):
        history.append((day, value))


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an item's value or entry, on the first day that says so; `since` is what the item then has."""

    on: str
    track: Track
    key: str
    before: str | None
    after: str | None
    since: str | None
    entry: str | None


def transitions(histories: ValueHistories) -> list[Transition]:
    changes = []
    for (track, key), history in histories.items():
        before: tuple[str | None, str | None] = (None, None)
        for day, item in history:
            value, since, entry = (item["value"], item["since"], item["entry"]) if item else (None, None, None)
            if (value, entry) != before:
                changes.append(Transition(day, track, key, before[0], value, since, entry))
            before = value, entry
    return sorted(changes, key=lambda change: (change.on, TRACKS.index(change.track), change.key))


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """Days on which two accounts say different things of one item, and what each says. `last` None: to this day."""

    track: Track
    key: str
    first: str
    last: str | None
    before: Item | None
    after: Item | None


def account_differences(earlier: ValueHistories, later: ValueHistories) -> Iterator[AccountDifference]:
    """The stretches of days about which two accounts differ, item by item, in order of track, key and day."""
    for track, key in sorted(earlier.keys() | later.keys(), key=lambda item: (TRACKS.index(item[0]), item[1])):
        old, new = earlier.get((track, key), []), later.get((track, key), [])
        runs: list[tuple[str, Item | None, Item | None]] = []
        for day in sorted({day for day, _ in (*old, *new)}):
            before, after = value_on(old, day), value_on(new, day)
            if not runs or runs[-1][1:] != (before, after):
                runs.append((day, before, after))
        for number, (first, before, after) in enumerate(runs):
            if before != after:
                last = shift(runs[number + 1][0], -1) if number + 1 < len(runs) else None
                yield AccountDifference(track, key, first, last, before, after)


def value_on(history: ValueHistory, day: str) -> Item | None:
    item = None
    for first, value in history:
        if first > day:
            break
        item = value
    return item


LAST_DAY = "9000-01-01"
"""Later than any day in a record: intervals up to here are cut where a question ends."""
PossibleValues = dict[ItemKey, list[tuple[str, str | None]]]
"""What an item may be from each day on; None where that is what it is."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Days on which an item stays as it is, `last` included (None: to the day asked), and what it may be meanwhile."""

    first: str
    last: str | None
    value: str | None
    since: str | None
    entry: str | None
    possibly: str | None


IntervalsByItem = dict[ItemKey, list[Interval]]


def possible_values(
    place: Place, own_acts: Iterable[FactVersion], national: NationalActs, clocks: Clocks
) -> PossibleValues:
    """What every item may be on the days on which some act only may count, on the other two clocks as asked."""
    own_acts = list(own_acts)
    by_pair = acts_by_pair(place, national, clocks.position)
    acts = [
        *relevant_versions(place, own_acts, national),
        *(version for versions in by_pair.values() for version in versions),
    ]
    windows = list(_uncertain_days(acts, clocks))
    days = {day for window in windows for day in window} | {shift(last, 1) for _, last in windows}
    for version in acts:
        fact = version.fact
        days |= {fact.earliest, fact.latest}
        last_days = (fact.due, fact.extended_to, *(holding.until for holding in fact.holdings))
        days |= {shift(day, 1) for day in last_days if day is not None}
    possible: PossibleValues = {}
    for day in sorted(days):
        values: Mapping[ItemKey, str] = {}
        if any(first <= day <= last for first, last in windows):
            values = differing_values(status(place, own_acts, national, replace(clocks, as_of=day))[0])
        for key in possible.keys() | values.keys():
            history = possible.setdefault(key, [])
            if (history[-1][1] if history else None) != values.get(key):
                history.append((day, values.get(key)))
    return possible


def differing_values(answer: Status) -> dict[ItemKey, str]:
    """What the items of a status may be, where that is another value than theirs."""
    values: dict[ItemKey, str] = {}
    for review in answer["reviews"]:
        values.update({(part, review["review"]): value for part, value in review["possibly"].items()})
    values.update({("listing", item["list"]): item["possibly"] for item in answer["listing"] if "possibly" in item})
    values.update({("funding", item["grant"]): item["possibly"] for item in answer["funding"] if "possibly" in item})
    values.update({("policies", item["policy"]): item["possibly"] for item in answer["policies"] if "possibly" in item})
    for line in answer["court"]:
        if "possibly" in line:
            values["court", f"{line['case']} {line['subject']}"] = line["possibly"]
    return values


def intervals(histories: ValueHistories, possible: PossibleValues) -> IntervalsByItem:
    """The intervals of every item, each with what it is and what it may be."""
    by_item: IntervalsByItem = {}
    for key in histories.keys() | possible.keys():
        history, values = histories.get(key, []), possible.get(key, [])
        days = sorted({day for day, _ in history} | {day for day, _ in values})
        by_item[key] = list(_intervals(history, values, days))
    return by_item


def cut_at(by_item: IntervalsByItem, day: str) -> IntervalsByItem:
    """The same, as a question of that day has it."""
    cut: IntervalsByItem = {}
    for key, item_intervals in by_item.items():
        known = [interval for interval in item_intervals if interval.first <= day]
        if known and (known[-1].last is not None and known[-1].last >= day):
            known[-1] = replace(known[-1], last=None)
        if known:
            cut[key] = known
    return cut


def _intervals(
    history: ValueHistory, possible: Sequence[tuple[str, str | None]], days: Sequence[str]
) -> Iterator[Interval]:
    for number, first in enumerate(days):
        last = shift(days[number + 1], -1) if number + 1 < len(days) else None
        item = value_on(history, first)
        possibly = next((value for day, value in reversed(possible) if day <= first), None)
        if item is not None:
            yield Interval(first, last, item["value"], item["since"], item["entry"], possibly)
        elif possibly is not None:
            yield Interval(first, last, None, None, None, possibly)


def _uncertain_days(versions: Iterable[FactVersion], clocks: Clocks) -> Iterator[tuple[str, str]]:
    """The first and last day on which each act only may count."""
    for version in versions:
        fact = version.fact
        if version.retracted or not version.holds_at(clocks.position):
            continue
        level = CERTAIN if clocks.public_by is None else fact.certainty(None, clocks.public_by)
        if level == MAYBE:
            yield fact.earliest, clocks.as_of
        elif level and fact.earliest < fact.latest:
            yield fact.earliest, shift(fact.latest, -1)
