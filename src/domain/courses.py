"""A place's status through time, with what it may be: what each item is from which day to which, and why.

`accounts` follows what certainly counts. Here the days on which an act only may count are looked at as well, so that
a picture can show where `possibly` differs. What is said of a day does not depend on the day asked: a course that was
worked out once is cut where a question ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from domain.accounts import Account, Course, Key, said_on
from domain.courts import pairs_before
from domain.jurisdictions import Place
from domain.law import Clocks, Held, Law
from domain.status import bearing, status

LAST_DAY = "9000-01-01"
"""Later than any day in a record: a course up to here is cut where a question ends."""
Doubts = dict[Key, list[tuple[str, str | None]]]
"""What an item may be from each day on; None where that is what it is."""
_ITEMS = (("listing", "list"), ("funding", "grant"), ("policies", "policy"))


@dataclass(frozen=True, slots=True)
class Span:
    """Days on which an item stays as it is, `last` included (None: to the day asked), and what it may be meanwhile."""

    first: str
    last: str | None
    value: str | None
    since: str | None
    entry: str | None
    possibly: str | None


Courses = dict[Key, list[Span]]


def doubts(place: Place, own: Iterable[Held], law: Law, at: Clocks) -> Doubts:
    """What every item may be on the days on which some act only may count, on the other two clocks as asked."""
    own = list(own)
    acts = [*bearing(place, own, law), *(held for acts in pairs_before(place, law, at).values() for held in acts)]
    windows = list(_windows(acts, at))
    days = {day for window in windows for day in window} | {_after(last) for _, last in windows}
    for held in acts:
        days |= {held.fact.lo, held.fact.hi}
        until = (holding.until for holding in held.fact.holdings)
        days |= {_after(day) for day in (held.fact.due, held.fact.extended_to, *until) if day is not None}
    found: Doubts = {}
    for day in sorted(days):
        maybe: Mapping[Key, str] = {}
        if any(first <= day <= last for first, last in windows):
            maybe = possibly(status(place, own, law, replace(at, as_of=day))[0])
        for key in found.keys() | maybe.keys():
            course = found.setdefault(key, [])
            if (course[-1][1] if course else None) != maybe.get(key):
                course.append((day, maybe.get(key)))
    return found


def possibly(answer: Mapping[str, Any]) -> dict[Key, str]:
    """What the items of a status may be, where that is another value than theirs."""
    found: dict[Key, str] = {}
    for review in answer["reviews"]:
        found |= {(part, review["review"]): value for part, value in review["possibly"].items()}
    for track, name in _ITEMS:
        found |= {(track, item[name]): item["possibly"] for item in answer[track] if "possibly" in item}
    lines = (line for line in answer["court"] if "possibly" in line)
    return found | {("court", f"{line['case']} {line['subject']}"): line["possibly"] for line in lines}


def spans(account: Account, maybe: Doubts) -> Courses:
    """The course of every item, day by day with what it may be."""
    courses: Courses = {}
    for key in account.keys() | maybe.keys():
        certain, may = account.get(key, []), maybe.get(key, [])
        days = sorted({day for day, _ in certain} | {day for day, _ in may})
        courses[key] = list(_spans(certain, may, days))
    return courses


def up_to(courses: Courses, day: str) -> Courses:
    """The same, as a question of that day has it."""
    cut: Courses = {}
    for key, course in courses.items():
        known = [span for span in course if span.first <= day]
        if known and (known[-1].last is not None and known[-1].last >= day):
            known[-1] = replace(known[-1], last=None)
        if known:
            cut[key] = known
    return cut


def _spans(certain: Course, may: list[tuple[str, str | None]], days: list[str]) -> Iterable[Span]:
    for number, first in enumerate(days):
        last = _before(days[number + 1]) if number + 1 < len(days) else None
        item = said_on(certain, first)
        doubt = next((value for day, value in reversed(may) if day <= first), None)
        if item is not None:
            yield Span(first, last, item["value"], item["since"], item["entry"], doubt)
        elif doubt is not None:
            yield Span(first, last, None, None, None, doubt)


def _windows(acts: Iterable[Held], at: Clocks) -> Iterable[tuple[str, str]]:
    """The first and last day on which each act only may count."""
    for held in acts:
        fact = held.fact
        if held.retracted or not held.since <= at.position < held.until:
            continue
        public = 2 if at.public_by is None else fact.certainty(None, at.public_by)
        if public == 1:
            yield fact.lo, at.as_of
        elif public and fact.lo < fact.hi:
            yield fact.lo, _before(fact.hi)


def _after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
