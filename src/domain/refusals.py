"""What is refused: acts that the record, and what is recorded together with them, cannot carry (rules, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.facts import Fact
from domain.jurisdictions import Place
from domain.kinds import (
    Act,
    AgreementReached,
    CaseClosed,
    ConditionImposed,
    ConditionWithdrawn,
    CourtRuled,
    DeadlineExtended,
    DeadlineWithdrawn,
    Demanding,
    Ending,
    LawsuitFiled,
    ListChanged,
    ListPublished,
    ListWithdrawn,
    PolicyChanged,
    ReportIssued,
)

Name = tuple[str, str]
"""What an entry introduces: ("review" | "policy" | "subject" | "case" | "list", id)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the field's path, its value, what to do about it, and the file and entry it is in."""

    field: str
    value: Any
    message: str
    where: str = ""


@dataclass(slots=True)
class Register:
    """What an act is judged against: the log and everything recorded together with it, as far as the act names it."""

    places: dict[str, Place] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    names: set[Name] = field(default_factory=set)
    today: Callable[[Sequence[str]], str] = lambda _: "9999-12-31"


def introduces(act: Act, fact: Fact) -> Iterator[Name]:
    """The reviews, policies, subjects, cases and lists that an act makes known."""
    yield from ((kind, one.id) for kind, one in _mentions(act) if one.introduces)
    if fact.review == act.id:
        yield "review", act.id
    if fact.policy == act.id:
        yield "policy", act.id


def mentions(act: Act) -> Iterator[tuple[str, str, str]]:
    """Every named thing that an act relies on: field, kind of thing, id."""
    for kind, one in _mentions(act):
        yield {"subject": "subjects"}.get(kind, kind), kind, one.id
    if isinstance(act, CourtRuled | CaseClosed):
        for number, holding in enumerate(act.holdings):
            yield f"holdings.{number}.subject", "subject", holding.subject
            if holding.case is not None:
                yield f"holdings.{number}.case", "case", holding.case
    if isinstance(act, Ending):
        yield from (("ends_reviews", "review", one) for one in act.ends_reviews)
        yield from (("ends_lists", "list", one) for one in act.ends_lists)
        yield from (("ends_subjects", "subject", one) for one in act.ends_subjects)


def _mentions(act: Act) -> Iterator[tuple[str, Any]]:
    if isinstance(act, Demanding | ReportIssued | AgreementReached) and act.review is not None:
        yield "review", act.review
    if isinstance(act, ConditionImposed | ConditionWithdrawn | Ending | LawsuitFiled):
        yield from (("subject", subject) for subject in act.subjects)
    if isinstance(act, ListPublished | ListChanged | ListWithdrawn):
        yield "list", act.list
    if isinstance(act, PolicyChanged) and act.policy is not None:
        yield "policy", act.policy
    if isinstance(act, LawsuitFiled | CourtRuled | CaseClosed):
        yield "case", act.case


def places_named(act: Act) -> Iterator[tuple[str, str]]:
    """Every jurisdiction that an act names, with the field that names it."""
    yield from (("jurisdictions", one) for one in act.jurisdictions)
    if isinstance(act, LawsuitFiled):
        yield from (("roles", one) for one in act.roles)
    if isinstance(act, ListChanged):
        yield from (("added", one) for one in act.added)
        yield from (("removed", one) for one in act.removed)
    if isinstance(act, CourtRuled | CaseClosed):
        for number, holding in enumerate(act.holdings):
            yield from ((f"holdings.{number}.jurisdictions", one) for one in holding.jurisdictions)


def links(act: Act) -> Iterator[tuple[str, str]]:
    """Every entry that an act names, with the field that names it."""
    for name in ("follows", "answers", "disputes", "revokes"):
        yield from ((name, one) for one in getattr(act, name, ()))
    if isinstance(act, DeadlineExtended | DeadlineWithdrawn):
        yield "demand", act.demand


def refusals(act: Act, fact: Fact, register: Register) -> list[Problem]:
    """Everything for which an act is refused; empty where it may be recorded."""
    return [
        *_unknown(act, register),
        *_sources(act),
        *_dates(fact, register),
        *_lists(act),
        *(problem for name, entry in links(act) if entry in register.facts
          for problem in _link(name, register.facts[entry], fact, register)),
    ]  # fmt: skip


def _unknown(act: Act, register: Register) -> Iterator[Problem]:
    for name, one in places_named(act):
        if one not in register.places:
            yield Problem(name, one, f"no jurisdiction {one!r} is on record")
    for name, one in links(act):
        if one not in register.facts:
            yield Problem(name, one, f"no entry {one!r} is on record or among those recorded with it")
    for name, kind, one in mentions(act):
        if (kind, one) not in register.names:
            how = "caption" if kind == "case" else "title"
            yield Problem(name, one, f"no {kind} {one!r} is known: the entry that first names it gives its {how}")


def _sources(act: Act) -> Iterator[Problem]:
    own = {source.id for source in act.sources}
    cited = [
        *((f"quotes.{number}.source", quote.source) for number, quote in enumerate(act.quotes)),
        *((f"claims.{number}.source", claim.source) for number, claim in enumerate(act.claims)),
    ]
    if isinstance(act, Demanding) and act.respond_by is not None and act.respond_by.source is not None:
        cited.append(("respond_by.source", act.respond_by.source))
    for name, source in cited:
        if source not in own:
            yield Problem(name, source, f"{source!r} is none of the entry's sources ({', '.join(sorted(own))})")


def _dates(fact: Fact, register: Register) -> Iterator[Problem]:
    today = register.today(fact.jurisdictions)
    if fact.lo > today:
        yield Problem("occurred", fact.occurred, f"is wholly in the future (today is {today})")
    if fact.public_hi < fact.lo:
        yield Problem("public", fact.public_hi, f"is before the act's own earliest day, {fact.lo}")


def _lists(act: Act) -> Iterator[Problem]:
    if isinstance(act, ListChanged):
        for name, ones in (("added", act.added), ("removed", act.removed)):
            for one in ones:
                if one not in act.jurisdictions:
                    yield Problem(name, one, f"{one!r} is not among the entry's jurisdictions")


def _link(name: str, target: Fact, fact: Fact, register: Register) -> Iterator[Problem]:
    """What is wrong with a link that must hold: an answer, a dispute, an extension or a withdrawal."""
    if name not in ("answers", "disputes", "demand"):
        return
    if name == "disputes" and target.list is None:
        yield Problem(name, target.id, f"{target.id!r} is a {target.kind}, not an entry of a list")
    if name != "disputes" and not target.respond_by:
        yield Problem(name, target.id, f"{target.id!r} asks for nothing: it has no respond_by")
    elif name != "disputes" and not _reaches(target, fact.jurisdictions, register.places):
        whom = ", ".join(target.jurisdictions) or "nobody by name"
        whose = "the answerer" if name == "answers" else "those whom this act names"
        yield Problem(name, target.id, f"{target.id!r} went to {whom}: to nobody of the family of {whose}")
    if fact.hi < target.lo:
        yield Problem(name, target.id, f"{target.id!r} came later: {target.occurred}, and this act {fact.occurred}")
    elif fact.lo == fact.hi == target.lo == target.hi and fact.occurrence < target.occurrence:
        yield Problem(
            name,
            target.id,
            f"{target.id!r} comes later on the same day: give this act a sequence above {target.occurrence[2]}",
        )


def _reaches(demand: Fact, named: Sequence[str], places: Mapping[str, Place]) -> bool:
    """Whether an act that names these comes from, or concerns, the family of an addressee of the demand."""
    ours = set(named)
    return any(
        not ours.isdisjoint(places[addressee].family(addressee))
        for addressee in demand.jurisdictions
        if addressee in places
    )
