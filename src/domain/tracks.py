"""Three of the five tracks: lists, grants and policies, each a fold over facts in order of effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from domain.answers import FundingItem, ListingItem, ListingValue, PolicyItem
from domain.facts import ENDS_THREATS, Fact
from domain.reviews import Move

ListOf = Callable[[str], str | None]
"""The list that a disputed entry belongs to, or None."""


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
                        items[grant] = {
                            "grant": grant,
                            "value": "threat_ended",
                            "since": fact.occurred,
                            "entry": fact.id,
                        }
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
