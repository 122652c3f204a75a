"""Three of the five tracks: lists, grants and policies, each a fold over facts in order of effect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from domain.facts import ENDS_THREATS, Fact
from domain.reviews import Move

Item = dict[str, Any]


def _item(value: str, fact: Fact) -> Item:
    return {"value": value, "since": fact.occurred, "entry": fact.id}


def fold_listing(
    touched: frozenset[str], facts: Iterable[Fact], list_of: Callable[[str], str | None]
) -> dict[str, Item]:
    """Per list: listed, listed_disputed, removed, list_taken_down or dormant (section 4)."""
    items: dict[str, Item] = {}

    def stood_on(list_: str) -> bool:
        return list_ in items and items[list_]["value"] in ("listed", "listed_disputed")

    for fact in facts:
        for list_ in fact.ends_lists:
            if stood_on(list_):
                items[list_] = _item("dormant", fact)
        if fact.list is not None:
            if fact.listing == "withdrawn":
                if stood_on(fact.list):
                    items[fact.list] = _item("list_taken_down", fact)
            elif fact.listing == "published":
                if not touched.isdisjoint(fact.jurisdictions):
                    items[fact.list] = _item("listed", fact)
            else:
                if not touched.isdisjoint(fact.added):
                    items[fact.list] = _item("listed", fact)
                if not touched.isdisjoint(fact.removed):
                    items[fact.list] = _item("removed", fact)
        if fact.disputes and not touched.isdisjoint(fact.jurisdictions):
            for named in map(list_of, fact.disputes):
                if named is not None and items.get(named, {}).get("value") == "listed":
                    items[named] = _item("listed_disputed", fact)
    return items


def fold_funding(touched: frozenset[str], facts: Iterable[Fact], moves: Iterable[Move]) -> dict[str, Item]:
    """Per grant: the last act counts, but once withheld nothing except a release moves it (section 4)."""
    items: dict[str, Item] = {}
    threats: dict[str, str | None] = {}
    moved: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        moved[move.fact.id].append(move)
    for fact in facts:
        if fact.funding is not None:
            touches = not touched.isdisjoint(fact.jurisdictions)
            for grant in fact.grants:
                was: str | None = items.get(grant, {}).get("value")
                if fact.funding == "condition_withdrawn":
                    moves_it = (touches or not fact.jurisdictions) and was in (
                        "threatened",
                        "condition_in_award",
                    )
                else:
                    moves_it = touches and (was != "withheld" or fact.funding == "released")
                if moves_it:
                    items[grant] = _item(fact.funding, fact)
                    threats[grant] = fact.review
        for move in moved.get(fact.id, ()):
            if move.stage in ENDS_THREATS:
                for grant, item in items.items():
                    if item["value"] == "threatened" and threats[grant] == move.review:
                        items[grant] = _item("threat_ended", fact)
    return items


def fold_policies(touched: frozenset[str], facts: Iterable[Fact]) -> dict[str, Item]:
    """Per policy: the last change that touches the place; reaffirming moves only what was not known (section 4)."""
    items: dict[str, Item] = {}
    for fact in facts:
        if fact.policy is None or touched.isdisjoint(fact.jurisdictions):
            continue
        known = items.get(fact.policy)
        if fact.policy_effect == "reaffirmed":
            if known is None:
                item = _item("in_force", fact) | {"since": None}
                items[fact.policy] = item | {"direction": fact.direction or "limits"}
            continue
        value = "in_force" if fact.policy_effect == "adopted" else str(fact.policy_effect)
        direction = fact.direction or (known["direction"] if known else "limits")
        items[fact.policy] = _item(value, fact) | {"direction": direction}
    return items
