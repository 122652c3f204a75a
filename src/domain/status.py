"""The status of a place: five tracks, each with its value, since when, the entry that caused it, and what may be.

`value` is the fold of what certainly counts; `possibly` the value that the fold of all that may count ends in, where
that is another (rules, section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from domain.courts import LineOf, court_line, court_track
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, CountedFact, FactVersion, Law, count_facts
from domain.reviews import Links, Move, fold_reviews, stage_moves
from domain.tracks import fold_funding, fold_listing, fold_policies

Items = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rules:
    """One function a track, and `stage_moves`, which both the review and the funding track read."""

    name: str
    stage_moves: Callable[[frozenset[str], Sequence[Fact]], list[Move]] = stage_moves
    reviews: Callable[[Place, Sequence[Fact], Sequence[Move], Links, str], Items] = fold_reviews
    listing: Callable[[frozenset[str], Iterable[Fact], Callable[[str], str | None]], Items] = fold_listing
    funding: Callable[[frozenset[str], Iterable[Fact], Sequence[Move]], Items] = fold_funding
    policies: Callable[[frozenset[str], Iterable[Fact]], Items] = fold_policies
    court: LineOf = court_line

    def but(self, name: str, **folds: Any) -> Rules:  # noqa: ANN401 - the folds above, which the fields describe
        """This set under another name, with some of its folds replaced."""
        return replace(self, name=name, **folds)


PRESENT = Rules("present")


def _lasting_threats(touched: frozenset[str], facts: Iterable[Fact], _moves: Sequence[Move]) -> Items:
    return fold_funding(touched, facts, ())


LASTING_THREATS = PRESENT.but("lasting-threats", funding=_lasting_threats)
"""An example: a threat outlasts the review in which it was made, until the money moves or the condition goes."""

RULE_SETS = {rules.name: rules for rules in (PRESENT, LASTING_THREATS)}


Item = dict[str, Any]
K = TypeVar("K", str, tuple[str, str])

NO_REVIEW: Item = {
    "stage": {"value": "none_known", "since": None, "entry": None},
    "response": {"value": "none_demanded", "since": None, "entry": None, "demand": None, "due": None},
}
ABSENT: Item = {"since": None, "entry": None}


def counted(place: Place, own: Iterable[FactVersion], law: Law, at: Clocks) -> CountedFact:
    """What counts for a place on the clocks asked, in order of effect."""
    return count_facts(sorted(bearing(place, own, law), key=lambda held: held.fact.effect), at)


def bearing(place: Place, own: Iterable[FactVersion], law: Law) -> list[FactVersion]:
    """Every version that bears on a place: the acts of its relatives, and the law that ends what they began."""
    touched = place.touched_by
    versions = [
        held for held in own if held.fact.answers or held.fact.demand or not touched.isdisjoint(held.fact.jurisdictions)
    ]
    facts = [held.fact for held in versions]
    # By version, not by entry: one that names the place may be corrected to one that does not, and still end things.
    seen = {held.since for held in versions}
    reviews = {fact.review for fact in facts if fact.review is not None}
    grants = {grant for fact in facts for grant in fact.grants}
    lists = {fact.list for fact in facts if fact.list is not None}
    ends = [
        *(held for review in reviews for held in law.review_ends.get(review, ())),
        *(held for list_ in lists for held in law.list_acts.get(list_, ()) if _takes_down(held.fact)),
        *(held for grant in grants for held in law.grant_ends.get(grant, ())),
    ]
    return [*versions, *{id(held): held for held in ends if held.since not in seen}.values()]


def _takes_down(fact: Fact) -> bool:
    return fact.listing == "withdrawn" or bool(fact.ends_lists)


def status(place: Place, own: Iterable[FactVersion], law: Law, at: Clocks, rules: Rules = PRESENT) -> tuple[Item, int]:
    """The answer of section 4 for a place on the clocks asked, and the last log position that it rests on."""
    acts = counted(place, own, law, at)

    def list_of(entry: str) -> str | None:
        return law.list_of(entry, at)

    sure = fold(place, acts.certain, list_of, at.as_of, rules)
    maybe = fold(place, acts.may, list_of, at.as_of, rules) if len(acts.may) > len(acts.certain) else sure
    lines, lines_maybe, court_rests_on = court_track(place, law, at, rules.court)
    answer = {
        "jurisdiction": place.id,
        "as_of": at.as_of,
        "public_by": at.public_by,
        "reviews": _reviews(sure["reviews"], maybe["reviews"]),
        "listing": _items("list", "not_listed", sure["listing"], maybe["listing"]),
        "funding": _items("grant", "none_known", sure["funding"], maybe["funding"]),
        "court": [
            {"case": case, "subject": subject} | _with_possibly("none_known", lines, lines_maybe, (case, subject))
            for case, subject in sorted(lines.keys() | lines_maybe.keys())
        ],
        "policies": _items("policy", "none_known", sure["policies"], maybe["policies"]),
    }
    return answer, max(acts.rests_on, court_rests_on)


def fold(
    place: Place, facts: Sequence[Fact], list_of: Callable[[str], str | None], day: str, rules: Rules = PRESENT
) -> dict[str, dict[str, Item]]:
    """Four tracks of a place from facts in order of effect (the fifth needs no facts of its own: see courts)."""
    touched = place.touched_by
    moves = rules.stage_moves(touched, facts)
    return {
        "reviews": rules.reviews(place, facts, moves, Links.among(facts), day),
        "listing": rules.listing(touched, facts, list_of),
        "funding": rules.funding(touched, facts, moves),
        "policies": rules.policies(touched, facts),
    }


def _reviews(sure: dict[str, Item], maybe: dict[str, Item]) -> list[Item]:
    answers = []
    for review in sorted(sure.keys() | maybe.keys()):
        item = sure.get(review, NO_REVIEW)
        may = maybe.get(review, item)
        differing = {
            part: may[part]["value"] for part in ("stage", "response") if may[part]["value"] != item[part]["value"]
        }
        answers.append({"review": review} | item | {"possibly": differing})
    return answers


def _items(key: str, absent: str, sure: dict[str, Item], maybe: dict[str, Item]) -> list[Item]:
    return [{key: name} | _with_possibly(absent, sure, maybe, name) for name in sorted(sure.keys() | maybe.keys())]


def _with_possibly(absent: str, sure: dict[K, Item], maybe: dict[K, Item], key: K) -> Item:
    """An item with `possibly` where it differs; one that only may exist has itself the absent value, and no entry."""
    item, may = sure.get(key), maybe.get(key)
    if item is None:
        nothing = dict.fromkeys(may or {}) | {"value": absent}
        return nothing | {"possibly": (may or {})["value"]}
    value = may["value"] if may is not None else absent
    return item if value == item["value"] else item | {"possibly": value}
