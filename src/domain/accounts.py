"""A place's account through time: what each item of its status is from which day on, of what certainly counts.

A status is asked of one day; here the same folds are asked of every day on which an answer can change, so that a
history and a difference between two accounts say what `status` would say on each day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from domain.courts import pairs_before
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.law import Clocks, Held, Law
from domain.rules import PRESENT, Rules
from domain.status import bearing, fold

TRACKS = ("stage", "response", "listing", "funding", "court", "policies")
Key = tuple[str, str]
"""A track, and the item's key in it: a review, list, grant, "case subject" or policy."""
Item = dict[str, Any]
Course = list[tuple[str, Item | None]]
"""What an item is from each day on, first day first; None where there is no such item."""
Account = dict[Key, Course]


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def account(place: Place, own: Iterable[Held], law: Law, at: Clocks, rules: Rules = PRESENT) -> Account:
    """The course of every item up to `at.as_of`, on the other two clocks as asked."""
    courses: Account = {}
    facts = _certain(bearing(place, own, law), at)
    for day, known in _days(facts, at, (day for fact in facts for day in (fact.due, fact.extended_to))):
        folded = fold(place, known, lambda entry: law.list_of(entry, at), day, rules)
        items = {
            (track, key): item for track in ("listing", "funding", "policies") for key, item in folded[track].items()
        }
        for review, item in folded["reviews"].items():
            items["stage", review], items["response", review] = item["stage"], item["response"]
        _go_on(courses, day, items)
    for pair, acts in pairs_before(place, law, at).items():
        key = ("court", " ".join(pair))
        circuit = law.circuit_of(pair[0], at)
        rulings = _certain(acts, at)
        for day, known in _days(rulings, at, (holding.until for fact in rulings for holding in fact.holdings)):
            line = rules.court(place, pair, known, circuit, day)
            _go_on_one(courses, key, day, line)
    return courses


def _certain(versions: Iterable[Held], at: Clocks) -> list[Fact]:
    """The facts on record that count on the public clock, in order of effect: certain from their latest day on."""
    facts = [
        held.fact
        for held in versions
        if not held.retracted
        and held.since <= at.position < held.until
        and (at.public_by is None or held.fact.public_hi <= at.public_by)
    ]
    return sorted(facts, key=lambda fact: fact.effect)


def _days(facts: list[Fact], at: Clocks, last_days: Iterable[str | None]) -> Iterator[tuple[str, list[Fact]]]:
    """Each day on which something may change, with the facts that certainly count by then.

    The order of effect begins with the latest day, so these are always a beginning of the list.
    """
    latest = [fact.hi for fact in facts]
    days = {*latest, *(_day_after(day) for day in last_days if day is not None)}
    for day in sorted(days):
        if day <= at.as_of:
            yield day, facts[: bisect_right(latest, day)]


def _go_on(courses: Account, day: str, items: dict[Key, Item]) -> None:
    for key in [key for key in courses if key not in items]:
        _go_on_one(courses, key, day, None)
    for key, item in items.items():
        _go_on_one(courses, key, day, item)


def _go_on_one(courses: Account, key: Key, day: str, item: Item | None) -> None:
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


def transitions(courses: Account) -> list[Transition]:
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
class Stretch:
    """Days on which two accounts say different things of one item, and what each says. `last` None: to this day."""

    track: str
    key: str
    first: str
    last: str | None
    before: Item | None
    after: Item | None


def differences(earlier: Account, later: Account) -> Iterator[Stretch]:
    """The stretches of days about which two accounts differ, item by item, in order of track, key and day."""
    for key in sorted(earlier.keys() | later.keys(), key=lambda one: (TRACKS.index(one[0]), one[1])):
        one, other = earlier.get(key, []), later.get(key, [])
        runs: list[tuple[str, Item | None, Item | None]] = []
        for day in sorted({day for day, _ in (*one, *other)}):
            before, after = said_on(one, day), said_on(other, day)
            if not runs or runs[-1][1:] != (before, after):
                runs.append((day, before, after))
        for number, (first, before, after) in enumerate(runs):
            if before != after:
                last = _day_before(runs[number + 1][0]) if number + 1 < len(runs) else None
                yield Stretch(*key, first, last, before, after)


def said_on(course: Course, day: str) -> Item | None:
    """What an item is on a day."""
    item = None
    for first, its in course:
        if first > day:
            break
        item = its
    return item


def _day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
