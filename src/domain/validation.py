"""What makes an act invalid: names, links, dates and sources that the record cannot carry (rules, section 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from domain.acts import Act
from domain.dates import LATEST_DAY
from domain.errors import Problem
from domain.events import ACT_CLASSES
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.refusals import did_you_mean
from domain.values import SLUG

_MOST_TOLD = 10
"""Names in the message of a problem, which may be one of many."""
DefinedName = tuple[str, str]
"""What an entry makes known: ("review" | "policy" | "subject" | "case" | "list", id)."""
TitledReference = tuple[str, str, str | None]
"""A thing as an entry names it: its kind as in `DefinedName`, its id, and the title or caption given with it."""


Near = Callable[[str, str], Sequence[str]]
"""Gives the ids on record that are much like one that is not, from a kind of thing and that id."""


@dataclass(slots=True)
class ValidationContext:
    """What acts are validated against: the record and everything recorded with them, as far as they name it."""

    places: dict[str, Place] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    names: set[DefinedName] = field(default_factory=set)
    identified: dict[tuple[str, str], str] = field(default_factory=dict)
    """Which place has an identifier from elsewhere, by its field (`geoid`, `ocd`) and value."""
    follows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What the acts validated follow, and what those that they follow do, as far as a ring could lead."""
    today: Callable[[Sequence[str]], str] = lambda _: LATEST_DAY
    """The latest day that it now is in any of the places named."""
    near: Near = lambda _kind, _id: ()
    _ring: Mapping[str, str] | None = None

    def include(self, act: Act, fact: Fact) -> None:
        self.facts[act.id] = fact
        self.names |= names_defined_by(act, fact)
        self.follows[act.id] = act.follows

    def with_fact(self, fact: Fact) -> ValidationContext:
        """The same, with another version of one of its facts."""
        return replace(self, facts=self.facts | {fact.id: fact})

    def ring(self) -> Mapping[str, str]:
        """Entries that follow each other in a ring, each with the one that it follows; none where there are none."""
        if self._ring is None:
            self._ring = _ring_among(self.follows)
        return self._ring


def _ring_among(follows: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    try:
        TopologicalSorter(follows).prepare()
    except CycleError as error:
        # The library names the ring from an entry to itself, each followed by the next.
        return dict(pairwise(error.args[1][::-1]))
    return {}


def _fields_of_each_kind(*names: str) -> dict[type[Act], tuple[str, ...]]:
    """Those of the fields named that each kind of act has. Once per class, as pydantic attribute misses are slow."""
    return {cls: tuple(name for name in names if name in cls.model_fields) for cls in ACT_CLASSES.values()}


_FIELDS_OF_PLACES = ("jurisdictions", "roles", "added", "removed")
_FIELDS_OF_LINKS = ("follows", "answers", "disputes", "revokes", "demand")
_NAMING_PLACES = _fields_of_each_kind(*_FIELDS_OF_PLACES)
_MENTIONING = _fields_of_each_kind("review", "subjects", "list", "policy", "case")
_HOLDING = _fields_of_each_kind("holdings")
_ENDING = _fields_of_each_kind("ends_reviews", "ends_lists", "ends_subjects")
_LINKING = _fields_of_each_kind(*_FIELDS_OF_LINKS)
_ASKING = _fields_of_each_kind("respond_by")
_CHANGING_A_LIST = _fields_of_each_kind("added", "removed")


def _values(fields: Mapping[type[Act], tuple[str, ...]], act: Act) -> Iterator[tuple[str, Any]]:
    """Each value of those of the fields that the act has, with the field's name; a field holds several, one or none."""
    for name in fields[type(act)]:
        value = getattr(act, name)
        for item in value if isinstance(value, (tuple, dict)) else () if value is None else (value,):
            yield name, item


def defined_names(entry: str, kind: str, review: str | None, named: Sequence[TitledReference]) -> set[DefinedName]:
    """The reviews, policies, subjects, cases and lists that an entry makes known.

    Those to which it gives a title or caption, and its own: the `review` that it belongs to, where it opens that
    itself, and the policy of a change that names none.
    """
    names = {(thing, id_) for thing, id_, title in named if title is not None}
    if review == entry:
        names.add(("review", entry))
    if kind == "policy_change" and not any(thing == "policy" for thing, _, _ in named):
        names.add(("policy", entry))
    return names


def names_defined_by(act: Act, fact: Fact) -> set[DefinedName]:
    named = [(kind, thing.id, thing.caption if kind == "case" else thing.title) for _, kind, thing in _references(act)]
    return defined_names(act.id, act.kind, fact.review, named)


def mentions(act: Act) -> Iterator[tuple[str, str, str]]:
    """Every named thing that an act relies on: field, kind of thing, id."""
    for name, kind, reference in _references(act):
        yield name, kind, reference.id
    for number, (_, holding) in enumerate(_values(_HOLDING, act)):
        yield f"holdings.{number}.subject", "subject", holding.subject
        if holding.case is not None:
            yield f"holdings.{number}.case", "case", holding.case
    for name, id_ in _values(_ENDING, act):
        yield name, name.removeprefix("ends_").removesuffix("s"), id_


def _references(act: Act) -> Iterator[tuple[str, str, Any]]:
    for name, reference in _values(_MENTIONING, act):
        yield name, name.removesuffix("s"), reference


def places_named(act: Act) -> Iterator[tuple[str, str]]:
    """Every jurisdiction that an act names, with the field that names it."""
    yield from _values(_NAMING_PLACES, act)
    for number, (_, holding) in enumerate(_values(_HOLDING, act)):
        for place in holding.jurisdictions:
            yield f"holdings.{number}.jurisdictions", place


def links(act: Act) -> Iterator[tuple[str, str]]:
    """Every entry that an act names, with the field that names it."""
    return _values(_LINKING, act)


def names_as_written(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The places and entries that fields name that are no act: field, `jurisdiction` or `entry`, id."""
    for names, kind in ((_FIELDS_OF_PLACES, "jurisdiction"), (_FIELDS_OF_LINKS, "entry")):
        for name in names:
            written = fields.get(name)
            for id_ in written if isinstance(written, list | tuple | dict) else (written,):
                if isinstance(id_, str) and re.fullmatch(SLUG, id_):
                    yield name, kind, id_


def validate(act: Act, fact: Fact, context: ValidationContext) -> list[Problem]:
    """Everything for which an act is refused; empty where it may be recorded."""
    return [
        *_unknown_names(act, context),
        *validate_alone(act, fact, context),
        *_following(act, context),
        *(problem for name, entry in links(act) if entry in context.facts
          for problem in _link(name, context.facts[entry], fact, context)),
    ]  # fmt: skip


def validate_alone(act: Act, fact: Fact, context: ValidationContext) -> list[Problem]:
    """What is wrong with an act whatever else is on record: of the context only `today` is asked."""
    return [*_sources(act), *_dates(fact, context), *_days_to_come(act, fact), *_lists(act)]


def _unknown_names(act: Act, context: ValidationContext) -> Iterator[Problem]:
    for name, place in places_named(act):
        if place not in context.places:
            yield unknown_jurisdiction(name, place, context.near)
    for name, entry in links(act):
        if entry not in context.facts:
            yield unknown_entry(name, entry, context.near)
    for name, kind, id_ in mentions(act):
        if (kind, id_) not in context.names:
            how = "caption" if kind == "case" else "title"
            message = f"no {kind} {id_!r} is known: the entry that first names it gives its {how}"
            yield Problem(name, id_, message + did_you_mean(context.near(kind, id_)))


def unknown_jurisdiction(name: str, place: str, near: Near) -> Problem:
    message = f"no jurisdiction {place!r} is on record{did_you_mean(near('jurisdiction', place))}"
    return Problem(name, place, message)


def unknown_entry(name: str, entry: str, near: Near) -> Problem:
    message = f"no entry {entry!r} is on record or among those recorded with it{did_you_mean(near('entry', entry))}"
    return Problem(name, entry, message)


def _sources(act: Act) -> Iterator[Problem]:
    own = {source.id for source in act.sources}
    cited = [
        *((f"quotes.{number}.source", quote.source) for number, quote in enumerate(act.quotes)),
        *((f"claims.{number}.source", claim.source) for number, claim in enumerate(act.claims)),
    ]
    for name, respond_by in _values(_ASKING, act):
        if respond_by.source is not None:
            cited.append((f"{name}.source", respond_by.source))
    known = ", ".join(sorted(own)[:_MOST_TOLD])
    for name, source in cited:
        if source not in own:
            yield Problem(name, source, f"{source!r} is none of the entry's sources ({known})")


def _dates(fact: Fact, context: ValidationContext) -> Iterator[Problem]:
    today = context.today(fact.jurisdictions)
    if fact.earliest > today:
        yield Problem("occurred", fact.occurred, f"is wholly in the future (today is {today})")
    if fact.public_latest < fact.earliest:
        yield Problem("public", fact.public_latest, f"is before the act's own earliest day, {fact.earliest}")
    if fact.public_earliest > today and fact.public_earliest > fact.latest:
        yield Problem("public", fact.public_earliest, f"is wholly in the future (today is {today})")


def _days_to_come(act: Act, fact: Fact) -> Iterator[Problem]:
    """Days that an act sets lie after it: to answer, a demand's new day, a holding's last."""
    set_days: list[tuple[str, str | None]] = []
    for name, respond_by in _values(_ASKING, act):
        set_days.append((f"{name}.date", respond_by.date))
        if respond_by.days is not None and respond_by.days < 1:
            yield Problem(f"{name}.days", respond_by.days, "is below 1: a period to answer in is at least a day")
    set_days += [
        (f"holdings.{number}.until", holding.until) for number, (_, holding) in enumerate(_values(_HOLDING, act))
    ]
    set_days.append(("extended_to", fact.extended_to))
    for name, day in set_days:
        if day is not None and day < fact.earliest:
            yield Problem(name, day, f"is before the act itself, {fact.occurred}")


def _following(act: Act, context: ValidationContext) -> Iterator[Problem]:
    for name, entry in links(act):
        if entry == act.id:
            yield Problem(name, entry, "is the entry itself")
    ring = context.ring()
    if act.id in ring and len(ring) > 1:
        around = [act.id]
        while len(around) < _MOST_TOLD and (around[-1] != act.id or len(around) == 1):
            around.append(ring[around[-1]])
        named = " follows ".join(map(repr, around))
        yield Problem("follows", list(act.follows), f"leads in a ring: {named}")


def _lists(act: Act) -> Iterator[Problem]:
    addressees = set(act.jurisdictions)
    for name, place in _values(_CHANGING_A_LIST, act):
        if place not in addressees:
            yield Problem(name, place, f"{place!r} is not among the entry's jurisdictions")


def _link(name: str, target: Fact, fact: Fact, context: ValidationContext) -> Iterator[Problem]:
    """What is wrong with a link that must hold: an answer, a dispute, an extension or a withdrawal."""
    if name not in ("answers", "disputes", "demand"):
        return
    if name == "disputes" and target.list is None:
        yield Problem(name, target.id, f"{target.id!r} is a {target.kind}, not an entry of a list")
    if name != "disputes" and not target.respond_by:
        yield Problem(name, target.id, f"{target.id!r} asks for nothing: it has no respond_by")
    elif name != "disputes" and not _reaches(target, fact.jurisdictions, context.places):
        whom = ", ".join(target.jurisdictions) or "nobody by name"
        whose = "the answerer" if name == "answers" else "those whom this act names"
        yield Problem(name, target.id, f"{target.id!r} went to {whom}: to nobody of the family of {whose}")
    if fact.extended_to is not None and target.due is not None and fact.extended_to < target.due:
        yield Problem("extended_to", fact.extended_to, f"is before the day that {target.id!r} itself set, {target.due}")
    if fact.latest < target.earliest:
        yield Problem(name, target.id, f"{target.id!r} came later: {target.occurred}, and this act {fact.occurred}")
    elif fact.earliest == fact.latest == target.earliest == target.latest and fact.occurrence < target.occurrence:
        above = target.occurrence[2]
        message = f"{name} names {target.id!r}, which comes later on the same day: give this act one above {above}"
        yield Problem("sequence", fact.occurrence[2], message)


def _reaches(demand: Fact, named: Sequence[str], places: Mapping[str, Place]) -> bool:
    """Whether an act that names these comes from, or concerns, the family of an addressee of the demand."""
    ours = set(named)
    return any(
        not ours.isdisjoint(places[addressee].family(addressee))
        for addressee in demand.jurisdictions
        if addressee in places
    )
