"""The review track: the stage of each federal inquiry into a place, and what became of its current demand."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from domain.answers import ResponseItem, ReviewItems, StageItem
from domain.facts import ASKS_NOTHING, OPEN, Fact, Stage
from domain.jurisdictions import Place


@dataclass(frozen=True, slots=True)
class Move:
    """An act that entered a stage of a review, for one place."""

    fact: Fact
    review: str
    stage: Stage

    @property
    def asks_nothing(self) -> bool:
        return self.stage in ASKS_NOTHING


def stage_moves(touched: frozenset[str], facts: Iterable[Fact]) -> list[Move]:
    """Every entering of a stage for the place touched by those ids, from facts in order of effect (section 4)."""
    current: dict[str, Stage] = {}
    moves = []
    for fact in facts:
        entered: list[tuple[str, Stage]] = [
            (review, "dormant") for review in fact.ends_reviews if current.get(review) in OPEN
        ]
        if fact.stage is not None and fact.review is not None and not touched.isdisjoint(fact.jurisdictions):
            before = current.get(fact.review, "none_known")
            if fact.stage != "flagged" or not (before in OPEN or before in ("flagged", "violation_found")):
                entered.append((fact.review, fact.stage))
        for review, stage in entered:
            current[review] = stage
            moves.append(Move(fact, review, stage))
    return moves


@dataclass(slots=True)
class Links:
    """The answers to each demand, and the extensions and withdrawals of it, in order of effect."""

    answers: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def among(cls, facts: Iterable[Fact]) -> Self:
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
    due = original = demand.due
    extended = withdrawn = None
    for fact in links.changes.get(demand.id, ()):
        if family.isdisjoint(fact.jurisdictions):
            continue
        if fact.kind == "deadline_extended":
            due, extended, withdrawn = fact.extended_to, fact, None
            original = original or due
        else:
            withdrawn = withdrawn or fact
    return DueDate(due, original, extended, withdrawn)


def fold_reviews(
    place: Place, facts: Sequence[Fact], moves: Iterable[Move], links: Links, day: str
) -> dict[str, ReviewItems]:
    """The stage and the response of every review that an act touching the place belongs to."""
    touched = place.touched_by
    moves_of: dict[str, list[Move]] = {}
    demands: dict[str, Fact] = {}
    for fact in facts:
        if fact.review is not None and not touched.isdisjoint(fact.jurisdictions):
            moves_of[fact.review] = []
            if fact.respond_by and not fact.compliance:
                demands[fact.review] = fact
    for move in moves:
        moves_of.setdefault(move.review, []).append(move)
    return {
        review: {
            "stage": _stage(review_moves),
            "response": _response(place, demands.get(review), review_moves, links, day),
        }
        for review, review_moves in moves_of.items()
    }


def _stage(moves: Sequence[Move]) -> StageItem:
    if not moves:
        return {"value": "none_known", "since": None, "entry": None}
    last = moves[-1]
    return {"value": last.stage, "since": last.fact.occurred, "entry": last.fact.id}


def _response(place: Place, demand: Fact | None, moves: Iterable[Move], links: Links, day: str) -> ResponseItem:
    """The first of section 4's table of responses that fits."""
    if demand is None:
        return _none_demanded(None)
    addressee = place.id if place.id in demand.jurisdictions else min(set(place.agencies) & set(demand.jurisdictions))
    family = place.family(addressee)
    due_date = resolve_due_date(demand, family, links)
    ended_by = [
        move.fact
        for move in moves
        if move.asks_nothing and move.fact.effect > demand.effect and (not move.fact.respond_by or move.fact.compliance)
    ][:1]
    if due_date.withdrawn_by is not None:
        ended_by.append(due_date.withdrawn_by)
    if ended_by:
        return _none_demanded(min(ended_by, key=lambda fact: fact.effect))
    due = due_date.due
    if (answer := links.answer(demand.id, family)) is not None:
        return {"value": "responded", "since": answer.occurred, "entry": answer.id, "demand": demand.id, "due": due}
    if due is not None and day > due:
        return {"value": "no_response_known", "since": due, "entry": demand.id, "demand": demand.id, "due": due}
    return {"value": "due", "since": demand.occurred, "entry": demand.id, "demand": demand.id, "due": due}


def _none_demanded(ended_by: Fact | None) -> ResponseItem:
    """Nothing is asked: nothing ever was, or an act ended that."""
    return {
        "value": "none_demanded",
        "since": ended_by.occurred if ended_by else None,
        "entry": ended_by.id if ended_by else None,
        "demand": None,
        "due": None,
    }
