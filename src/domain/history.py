"""A place's account through time: what each item of its status is from which day on, of what certainly counts.

A status is asked of one day; here the same folds are asked of every day on which an answer can change, so that a
history and a difference between two accounts say what `status` would say on each day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from domain.courts import pairs_before
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, Law
from domain.status import PRESENT, Rules, bearing, fold, status

TRACKS = ("stage", "response", "listing", "funding", "court", "policies")
ItemKey = tuple[str, str]
"""A track, and the item's key in it: a review, list, grant, "case subject" or policy."""
Item = dict[str, Any]
ValueHistory = list[tuple[str, Item | None]]
"""What an item is from each day on, first day first; None where there is no such item."""
ValueHistories = dict[ItemKey, ValueHistory]


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def value_history(
    place: Place, own: Iterable[FactVersion], law: Law, at: Clocks, rules: Rules = PRESENT
) -> ValueHistories:
    """The course of every item up to `at.as_of`, on the other two clocks as asked."""
    courses: ValueHistories = {}
    facts = _certain_facts(bearing(place, own, law), at)
    for day, known in _days_of_change(facts, at, (day for fact in facts for day in (fact.due, fact.extended_to))):
        folded = fold(place, known, lambda entry: law.list_of(entry, at), day, rules)
        items = {
            (track, key): item for track in ("listing", "funding", "policies") for key, item in folded[track].items()
        }
        for review, item in folded["reviews"].items():
            items["stage", review], items["response", review] = item["stage"], item["response"]
        _extend_all(courses, day, items)
    for pair, acts in pairs_before(place, law, at).items():
        key = ("court", " ".join(pair))
        circuit = law.circuit_of(pair[0], at)
        rulings = _certain_facts(acts, at)
        for day, known in _days_of_change(
            rulings, at, (holding.until for fact in rulings for holding in fact.holdings)
        ):
            line = rules.court(place, pair, known, circuit, day)
            _extend(courses, key, day, line)
    return courses


def _certain_facts(versions: Iterable[FactVersion], at: Clocks) -> list[Fact]:
    """The facts on record that count on the public clock, in order of effect: certain from their latest day on."""
    facts = [
        held.fact
        for held in versions
        if not held.retracted
        and held.since <= at.position < held.until
        and (at.public_by is None or held.fact.public_latest <= at.public_by)
    ]
    return sorted(facts, key=lambda fact: fact.effect)


def _days_of_change(facts: list[Fact], at: Clocks, last_days: Iterable[str | None]) -> Iterator[tuple[str, list[Fact]]]:
    """Each day on which something may change, with the facts that certainly count by then.

    The order of effect begins with the latest day, so these are always a beginning of the list.
    """
    latest = [fact.latest for fact in facts]
    days = {*latest, *(_day_after(day) for day in last_days if day is not None)}
    for day in sorted(days):
        if day <= at.as_of:
            yield day, facts[: bisect_right(latest, day)]


def _extend_all(courses: ValueHistories, day: str, items: dict[ItemKey, Item]) -> None:
    for key in [key for key in courses if key not in items]:
        _extend(courses, key, day, None)
    for key, item in items.items():
        _extend(courses, key, day, item)


def _extend(courses: ValueHistories, key: ItemKey, day: str, item: Item | None) -> None:
    shown = None if item is None else {name: item[name] for name in ("value", "since", "entry")}
    course = courses.setdefault(key, [])
    if shown != (course[-1][1] if course else None):
        course.append((day, shown))


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an item's value or entry, on the first day that says so; `since` is what the item then has."""

    on: str
    track: str
    key: str
    before: str | None
    after: str | None
    since: str | None
    entry: str | None


def transitions(courses: ValueHistories) -> list[Transition]:
    """Every transition in order of day, track and key."""
    found = []
    for (track, key), course in courses.items():
        was: Item = {}
        for day, item in course:
            now = item or {}
            if (was.get("value"), was.get("entry")) != (now.get("value"), now.get("entry")):
                found.append(
                    Transition(day, track, key, was.get("value"), now.get("value"), now.get("since"), now.get("entry"))
                )
            was = now
    return sorted(found, key=lambda one: (one.on, TRACKS.index(one.track), one.key))


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """Days on which two accounts say different things of one item, and what each says. `last` None: to this day."""

    track: str
    key: str
    first: str
    last: str | None
    before: Item | None
    after: Item | None


def account_differences(earlier: ValueHistories, later: ValueHistories) -> Iterator[AccountDifference]:
    """The stretches of days about which two accounts differ, item by item, in order of track, key and day."""
    for key in sorted(earlier.keys() | later.keys(), key=lambda one: (TRACKS.index(one[0]), one[1])):
        one, other = earlier.get(key, []), later.get(key, [])
        runs: list[tuple[str, Item | None, Item | None]] = []
        for day in sorted({day for day, _ in (*one, *other)}):
            before, after = value_on(one, day), value_on(other, day)
            if not runs or runs[-1][1:] != (before, after):
                runs.append((day, before, after))
        for number, (first, before, after) in enumerate(runs):
            if before != after:
                last = _day_before(runs[number + 1][0]) if number + 1 < len(runs) else None
                yield AccountDifference(*key, first, last, before, after)


def value_on(course: ValueHistory, day: str) -> Item | None:
    """What an item is on a day."""
    item = None
    for first, its in course:
        if first > day:
            break
        item = its
    return item


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


LAST_DAY = "9000-01-01"
"""Later than any day in a record: a course up to here is cut where a question ends."""
PossibleValues = dict[ItemKey, list[tuple[str, str | None]]]
"""What an item may be from each day on; None where that is what it is."""
_ITEMS = (("listing", "list"), ("funding", "grant"), ("policies", "policy"))


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


def possible_values(place: Place, own: Iterable[FactVersion], law: Law, at: Clocks) -> PossibleValues:
    """What every item may be on the days on which some act only may count, on the other two clocks as asked."""
    own = list(own)
    acts = [*bearing(place, own, law), *(held for acts in pairs_before(place, law, at).values() for held in acts)]
    windows = list(_windows(acts, at))
    days = {day for window in windows for day in window} | {_after(last) for _, last in windows}
    for held in acts:
        days |= {held.fact.earliest, held.fact.latest}
        until = (holding.until for holding in held.fact.holdings)
        days |= {_after(day) for day in (held.fact.due, held.fact.extended_to, *until) if day is not None}
    found: PossibleValues = {}
    for day in sorted(days):
        maybe: Mapping[ItemKey, str] = {}
        if any(first <= day <= last for first, last in windows):
            maybe = possibly(status(place, own, law, replace(at, as_of=day))[0])
        for key in found.keys() | maybe.keys():
            course = found.setdefault(key, [])
            if (course[-1][1] if course else None) != maybe.get(key):
                course.append((day, maybe.get(key)))
    return found


def possibly(answer: Mapping[str, Any]) -> dict[ItemKey, str]:
    """What the items of a status may be, where that is another value than theirs."""
    found: dict[ItemKey, str] = {}
    for review in answer["reviews"]:
        found |= {(part, review["review"]): value for part, value in review["possibly"].items()}
    for track, name in _ITEMS:
        found |= {(track, item[name]): item["possibly"] for item in answer[track] if "possibly" in item}
    lines = (line for line in answer["court"] if "possibly" in line)
    return found | {("court", f"{line['case']} {line['subject']}"): line["possibly"] for line in lines}


def intervals(account: ValueHistories, maybe: PossibleValues) -> IntervalsByItem:
    """The course of every item, day by day with what it may be."""
    courses: IntervalsByItem = {}
    for key in account.keys() | maybe.keys():
        certain, may = account.get(key, []), maybe.get(key, [])
        days = sorted({day for day, _ in certain} | {day for day, _ in may})
        courses[key] = list(_intervals(certain, may, days))
    return courses


def cut_at(courses: IntervalsByItem, day: str) -> IntervalsByItem:
    """The same, as a question of that day has it."""
    cut: IntervalsByItem = {}
    for key, course in courses.items():
        known = [span for span in course if span.first <= day]
        if known and (known[-1].last is not None and known[-1].last >= day):
            known[-1] = replace(known[-1], last=None)
        if known:
            cut[key] = known
    return cut


def _intervals(certain: ValueHistory, may: list[tuple[str, str | None]], days: list[str]) -> Iterable[Interval]:
    for number, first in enumerate(days):
        last = _before(days[number + 1]) if number + 1 < len(days) else None
        item = value_on(certain, first)
        doubt = next((value for day, value in reversed(may) if day <= first), None)
        if item is not None:
            yield Interval(first, last, item["value"], item["since"], item["entry"], doubt)
        elif doubt is not None:
            yield Interval(first, last, None, None, None, doubt)


def _windows(acts: Iterable[FactVersion], at: Clocks) -> Iterable[tuple[str, str]]:
    """The first and last day on which each act only may count."""
    for held in acts:
        fact = held.fact
        if held.retracted or not held.since <= at.position < held.until:
            continue
        public = 2 if at.public_by is None else fact.certainty(None, at.public_by)
        if public == 1:
            yield fact.earliest, at.as_of
        elif public and fact.earliest < fact.latest:
            yield fact.earliest, _before(fact.latest)


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
