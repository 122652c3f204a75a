"""The review track: the stage of each federal inquiry into a place, and what became of its current demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.facts import ASKS_NOTHING, OPEN, Fact, Stage
from domain.jurisdictions import Place

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Move:
    """An act that entered a stage of a review, for one place."""

    fact: Fact
    review: str
    stage: Stage

    @property
    def asks_nothing(self) -> bool:
        """Whether the stage is one in which nothing is asked."""
        return self.stage in ASKS_NOTHING


def stage_moves(touched: frozenset[str], facts: Iterable[Fact]) -> list[Move]:
    """Every entering of a stage for the place touched by those ids, from facts in order of effect (section 4)."""
    now: dict[str, Stage] = {}
    moves = []
    for fact in facts:
        entered: list[tuple[str, Stage]] = [
            (review, "dormant") for review in fact.ends_reviews if now.get(review) in OPEN
        ]
        if fact.stage is not None and fact.review is not None and not touched.isdisjoint(fact.jurisdictions):
            was = now.get(fact.review, "none_known")
            if fact.stage != "flagged" or not (was in OPEN or was in ("flagged", "violation_found")):
                entered.append((fact.review, fact.stage))
        for review, stage in entered:
            now[review] = stage
            moves.append(Move(fact, review, stage))
    return moves


@dataclass(slots=True)
class Links:
    """Who answers, extends or withdraws which demand, in order of effect; one pass over the facts."""

    answers: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def among(cls, facts: Iterable[Fact]) -> Links:
        """The links that facts in order of effect carry."""
        links = cls()
        for fact in facts:
            for demand in fact.answers:
                links.answers[demand].append(fact)
            if fact.demand is not None:
                links.changes[fact.demand].append(fact)
        return links

    def answer(self, demand: str, family: frozenset[str]) -> Fact | None:
        """The first answer to a demand that comes from a family."""
        return next((fact for fact in self.answers.get(demand, ()) if not family.isdisjoint(fact.jurisdictions)), None)


@dataclass(frozen=True, slots=True)
class DueDate:
    """What extensions and withdrawals made of a demand for one addressee."""

    due: str | None
    original_due: str | None
    extended_by: Fact | None
    withdrawn_by: Fact | None


def resolve_due_date(demand: Fact, family: frozenset[str], links: Links) -> DueDate:
    """The day due of a demand for the addressee of a family: section 5, in order of effect."""
    due = first = demand.due
    extended = withdrawn = None
    for fact in links.changes.get(demand.id, ()):
        if family.isdisjoint(fact.jurisdictions):
            continue
        if fact.kind == "deadline_extended":
            due, extended, withdrawn = fact.extended_to, fact, None
            first = first or due
        else:
            withdrawn = withdrawn or fact
    return DueDate(due, first, extended, withdrawn)


def fold_reviews(place: Place, facts: Sequence[Fact], moves: Iterable[Move], links: Links, day: str) -> dict[str, Item]:
    """Per review that an act touching the place belongs to: `{"stage": {...}, "response": {...}}`."""
    touched = place.touched_by
    mine = [fact for fact in facts if fact.review is not None and not touched.isdisjoint(fact.jurisdictions)]
    by_review: dict[str, list[Move]] = {fact.review: [] for fact in mine if fact.review is not None}
    demands: dict[str, Fact] = {}
    for fact in mine:
        if fact.respond_by and not fact.compliance and fact.review is not None:
            demands[fact.review] = fact
    for move in moves:
        by_review.setdefault(move.review, []).append(move)
    return {
        review: {
            "stage": _stage(its_moves),
            "response": _response(place, demands.get(review), its_moves, links, day),
        }
        for review, its_moves in by_review.items()
    }


def _stage(moves: list[Move]) -> Item:
    if not moves:
        return {"value": "none_known", "since": None, "entry": None}
    last = moves[-1]
    return {"value": last.stage, "since": last.fact.occurred, "entry": last.fact.id}


def _response(place: Place, demand: Fact | None, moves: list[Move], links: Links, day: str) -> Item:
    """The first of section 4's table of responses that fits."""
    if demand is None:
        return _words_of("none_demanded", None, None)
    addressee = place.id if place.id in demand.jurisdictions else min(set(place.agencies) & set(demand.jurisdictions))
    family = place.family(addressee)
    reckoning = resolve_due_date(demand, family, links)
    ended = [
        move.fact
        for move in moves
        if move.asks_nothing and move.fact.effect > demand.effect and (not move.fact.respond_by or move.fact.compliance)
    ][:1]
    if reckoning.withdrawn_by is not None:
        ended.append(reckoning.withdrawn_by)
    if ended:
        first = min(ended, key=lambda fact: fact.effect)
        return _words_of("none_demanded", first.occurred, first.id)
    if (answer := links.answer(demand.id, family)) is not None:
        return _words_of("responded", answer.occurred, answer.id, demand, reckoning.due)
    if reckoning.due is not None and day > reckoning.due:
        return _words_of("no_response_known", reckoning.due, demand.id, demand, reckoning.due)
    return _words_of("due", demand.occurred, demand.id, demand, reckoning.due)


def _words_of(
    value: str, since: str | None, entry: str | None, demand: Fact | None = None, due: str | None = None
) -> Item:
    return {
        "value": value,
        "since": since,
        "entry": entry,
        "demand": demand.id if demand else None,
        "due": due,
    }
