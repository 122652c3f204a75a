"""The status of a place: five tracks, each with its value, since when, the entry that caused it, and what may be.

`value` is the fold of what certainly counts; `possibly` the value that the fold of all that may count ends in, where
that is another (rules, section 2).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, TypeVar

from domain.answers import (
    CourtLine,
    FoldedTracks,
    FundingItem,
    ListingItem,
    ListingValue,
    PolicyItem,
    ReviewItems,
    ReviewStatus,
    Status,
)
from domain.courts import CourtFold, court_line, court_track
from domain.facts import ENDS_THREATS, Fact
from domain.jurisdictions import Place
from domain.national import Clocks, CountedFacts, FactVersion, NationalActs, Pair, by_effect, count_facts
from domain.reviews import Links, Move, fold_reviews, stage_moves

ListOf = Callable[[str], str | None]
"""The list that a disputed entry belongs to, or None."""
K = TypeVar("K", str, Pair)
ItemT = TypeVar("ItemT", ListingItem, FundingItem, CourtLine, PolicyItem)


def fold_listing(touched: frozenset[str], facts: Iterable[Fact], list_of: ListOf) -> dict[str, ListingItem]:
    """Per list: listed, listed_disputed, removed, list_taken_down or dormant (section 4)."""
    items: dict[str, ListingItem] = {}

    def move(list_: str, value: ListingValue, fact: Fact) -> None:
        items[list_] = {"list": list_, "value": value, "since": fact.occurred, "entry": fact.id}

    def stands_on(list_: str) -> bool:
        return list_ in items and items[list_]["value"] in ("listed", "listed_disputed")

    for fact in facts:
        for list_ in fact.ends_lists:
            if stands_on(list_):
                move(list_, "dormant", fact)
        if fact.list is not None:
            if fact.listing == "withdrawn":
                if stands_on(fact.list):
                    move(fact.list, "list_taken_down", fact)
            elif fact.listing == "published":
                if not touched.isdisjoint(fact.jurisdictions):
                    move(fact.list, "listed", fact)
            else:
                if not touched.isdisjoint(fact.added):
                    move(fact.list, "listed", fact)
                if not touched.isdisjoint(fact.removed):
                    move(fact.list, "removed", fact)
        if fact.disputes and not touched.isdisjoint(fact.jurisdictions):
            for disputed in map(list_of, fact.disputes):
                if disputed in items and items[disputed]["value"] == "listed":
                    move(disputed, "listed_disputed", fact)
    return items


def fold_funding(touched: frozenset[str], facts: Iterable[Fact], moves: Iterable[Move]) -> dict[str, FundingItem]:
    """Per grant: the last act counts, but once withheld nothing except a release moves it (section 4)."""
    items: dict[str, FundingItem] = {}
    threatened_in: dict[str, str | None] = {}
    moves_by: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        moves_by[move.fact.id].append(move)
    for fact in facts:
        if fact.funding is not None:
            touches = not touched.isdisjoint(fact.jurisdictions)
            for grant in fact.grants:
                before = items[grant]["value"] if grant in items else None
                if fact.funding == "condition_withdrawn":
                    moves_it = (touches or not fact.jurisdictions) and before in ("threatened", "condition_in_award")
                else:
                    moves_it = touches and (before != "withheld" or fact.funding == "released")
                if moves_it:
                    items[grant] = {"grant": grant, "value": fact.funding, "since": fact.occurred, "entry": fact.id}
                    threatened_in[grant] = fact.review
        for move in moves_by.get(fact.id, ()):
            if move.stage in ENDS_THREATS:
                for grant, item in items.items():
                    if item["value"] == "threatened" and threatened_in[grant] == move.review:
                        items[grant] = item | {"value": "threat_ended", "since": fact.occurred, "entry": fact.id}
    return items


def fold_policies(touched: frozenset[str], facts: Iterable[Fact]) -> dict[str, PolicyItem]:
    """Per policy: the last change that touches the place; reaffirming moves only what was not known (section 4)."""
    items: dict[str, PolicyItem] = {}
    for fact in facts:
        policy, effect = fact.policy, fact.policy_effect
        if policy is None or effect is None or touched.isdisjoint(fact.jurisdictions):
            continue
        known = items.get(policy)
        if effect == "reaffirmed" and known is not None:
            continue
        items[policy] = {
            "policy": policy,
            "value": effect if effect in ("amended", "rescinded") else "in_force",
            # What is reaffirmed was in force before, and since when is not known.
            "since": None if effect == "reaffirmed" else fact.occurred,
            "entry": fact.id,
            "direction": fact.direction or (known["direction"] if known else "limits"),
        }
    return items


@dataclass(frozen=True, slots=True)
class Rules:
    """One function a track, and `stage_moves`, which both the review and the funding track read."""

    name: str
    stage_moves: Callable[[frozenset[str], Sequence[Fact]], list[Move]] = stage_moves
    reviews: Callable[[Place, Sequence[Fact], Sequence[Move], Links, str], dict[str, ReviewItems]] = fold_reviews
    listing: Callable[[frozenset[str], Iterable[Fact], ListOf], dict[str, ListingItem]] = fold_listing
    funding: Callable[[frozenset[str], Iterable[Fact], Sequence[Move]], dict[str, FundingItem]] = fold_funding
    policies: Callable[[frozenset[str], Iterable[Fact]], dict[str, PolicyItem]] = fold_policies
    court: CourtFold = court_line

    def but(self, name: str, **folds: Any) -> Self:  # noqa: ANN401 - the folds above, which the fields describe
        """This set under another name, with some of its folds replaced."""
        return replace(self, name=name, **folds)


PRESENT = Rules("present")


def _lasting_threats(touched: frozenset[str], facts: Iterable[Fact], _moves: Sequence[Move]) -> dict[str, FundingItem]:
    return fold_funding(touched, facts, ())


LASTING_THREATS = PRESENT.but("lasting-threats", funding=_lasting_threats)
"""An example: a threat outlasts the review in which it was made, until the money moves or the condition goes."""

RULE_SETS = {rules.name: rules for rules in (PRESENT, LASTING_THREATS)}

_NO_REVIEW: ReviewItems = {
    "stage": {"value": "none_known", "since": None, "entry": None},
    "response": {"value": "none_demanded", "since": None, "entry": None, "demand": None, "due": None},
}


def counted_facts(
    place: Place, own_acts: Iterable[FactVersion], national: NationalActs, clocks: Clocks
) -> CountedFacts:
    """What counts for a place on the clocks asked, in order of effect."""
    return count_facts(sorted(relevant_versions(place, own_acts, national), key=by_effect), clocks)


def relevant_versions(place: Place, own_acts: Iterable[FactVersion], national: NationalActs) -> list[FactVersion]:
    """Every version that bears on a place: the acts of its relatives, and the national acts that end what they began.

    `own_acts` are the versions that name the place or a relative of it.
    """
    touched = place.touched_by
    versions = [
        version
        for version in own_acts
        if version.fact.answers or version.fact.demand or not touched.isdisjoint(version.fact.jurisdictions)
    ]
    facts = [version.fact for version in versions]
    # By version, not by entry: one that names the place may be corrected to one that does not, and still end things.
    positions = {version.since for version in versions}
    reviews = {fact.review for fact in facts if fact.review is not None}
    grants = {grant for fact in facts for grant in fact.grants}
    lists = {fact.list for fact in facts if fact.list is not None}
    ends = [
        *(version for review in reviews for version in national.review_ends.get(review, ())),
        *(version for list_ in lists for version in national.list_acts.get(list_, ()) if _takes_down(version.fact)),
        *(version for grant in grants for version in national.grant_ends.get(grant, ())),
    ]
    return [*versions, *{id(version): version for version in ends if version.since not in positions}.values()]


def _takes_down(fact: Fact) -> bool:
    return fact.listing == "withdrawn" or bool(fact.ends_lists)


def status(
    place: Place, own_acts: Iterable[FactVersion], national: NationalActs, clocks: Clocks, rules: Rules = PRESENT
) -> tuple[Status, int]:
    """The answer of section 4 for a place on the clocks asked, and the last log position that it rests on."""
    counted = counted_facts(place, own_acts, national, clocks)

    def list_of(entry: str) -> str | None:
        return national.list_of(entry, clocks.position)

    certain = possible = fold(place, counted.certain, list_of, clocks.as_of, rules)
    if len(counted.may) > len(counted.certain):
        possible = fold(place, counted.may, list_of, clocks.as_of, rules)
    lines, possible_lines, court_rests_on = court_track(place, national, clocks, rules.court)
    answer: Status = {
        "jurisdiction": place.id,
        "as_of": clocks.as_of,
        "public_by": clocks.public_by,
        "reviews": _reviews(certain["reviews"], possible["reviews"]),
        "listing": _items(certain["listing"], possible["listing"], _not_listed),
        "funding": _items(certain["funding"], possible["funding"], _no_funding),
        "court": _items(lines, possible_lines, _no_line),
        "policies": _items(certain["policies"], possible["policies"], _no_policy),
    }
    return answer, max(counted.rests_on, court_rests_on)


def fold(place: Place, facts: Sequence[Fact], list_of: ListOf, day: str, rules: Rules = PRESENT) -> FoldedTracks:
    """Four tracks of a place from facts in order of effect (the fifth needs no facts of its own: see courts)."""
    touched = place.touched_by
    moves = rules.stage_moves(touched, facts)
    return {
        "reviews": rules.reviews(place, facts, moves, Links.among(facts), day),
        "listing": rules.listing(touched, facts, list_of),
        "funding": rules.funding(touched, facts, moves),
        "policies": rules.policies(touched, facts),
    }


def _reviews(certain: Mapping[str, ReviewItems], possible: Mapping[str, ReviewItems]) -> list[ReviewStatus]:
    answers: list[ReviewStatus] = []
    for review in sorted(certain.keys() | possible.keys()):
        items = certain.get(review, _NO_REVIEW)
        may = possible.get(review, items)
        differing: dict[Literal["stage", "response"], str] = {}
        if may["stage"]["value"] != items["stage"]["value"]:
            differing["stage"] = may["stage"]["value"]
        if may["response"]["value"] != items["response"]["value"]:
            differing["response"] = may["response"]["value"]
        answers.append(
            {"review": review, "stage": items["stage"], "response": items["response"], "possibly": differing}
        )
    return answers


def _items(certain: Mapping[K, ItemT], possible: Mapping[K, ItemT], absent: Callable[[K], ItemT]) -> list[ItemT]:
    """The items in order of key, with `possibly` where all that may count gives another value.

    An item that only may exist has the absent value itself, and no entry.
    """
    items = []
    for key in sorted(certain.keys() | possible.keys()):
        item = certain[key] if key in certain else absent(key)
        value = possible[key]["value"] if key in possible else absent(key)["value"]
        items.append(item if value == item["value"] else {**item, "possibly": value})
    return items


def _not_listed(list_: str) -> ListingItem:
    return {"list": list_, "value": "not_listed", "since": None, "entry": None}


def _no_funding(grant: str) -> FundingItem:
    return {"grant": grant, "value": "none_known", "since": None, "entry": None}


def _no_line(pair: Pair) -> CourtLine:
    case, subject = pair
    return {"case": case, "subject": subject, "role": None, "value": "none_known", "since": None, "entry": None}


def _no_policy(policy: str) -> PolicyItem:
    return {"policy": policy, "value": "none_known", "since": None, "entry": None, "direction": None}
