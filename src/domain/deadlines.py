"""Deadlines: one dated demand x one addressee, and what became of it (rules, section 5).

Only what certainly counts on the clocks asked makes, moves or closes a deadline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, Law
from domain.reviews import DueDate, Links, Move, resolve_due_date, stage_moves
from domain.status import counted

Deadline = dict[str, Any]


def deadlines(
    place: Place, own: Iterable[FactVersion], law: Law, at: Clocks, agencies: Iterable[Place] = ()
) -> tuple[list[Deadline], int]:
    """The deadlines of a place and its `agencies`, by due, demand and addressee, and the position they rest on."""
    acts = counted(place, own, law, at)
    links = Links.among(acts.certain)
    found = []
    for addressee in (place, *agencies):
        moves = stage_moves(addressee.touched_by, acts.certain)
        for demand in acts.certain:
            if demand.respond_by and addressee.id in demand.jurisdictions:
                family = place.family(addressee.id)
                reckoning = resolve_due_date(demand, family, links)
                if reckoning.due is not None:
                    answer = links.answer(demand.id, family)
                    found.append(_deadline(demand, addressee, reckoning, answer, moves, at.as_of))
    found.sort(key=lambda one: (one["due"], one["demand"], one["addressee"]))
    return found, acts.rests_on


def _deadline(
    demand: Fact, addressee: Place, reckoning: DueDate, answer: Fact | None, moves: Sequence[Move], day: str
) -> Deadline:
    due = str(reckoning.due)
    withdrawn = reckoning.withdrawn_by
    if withdrawn is not None:
        state = "withdrawn"
    elif answer is not None:
        state = "answered"
    elif _moot(demand, due, moves):
        state = "moot"
    else:
        state = "lapsed" if day > due else "open"
    return {
        "demand": demand.id,
        "addressee": addressee.id,
        "due": due,
        "original_due": reckoning.original_due,
        "words": demand.words,
        "source": demand.words_source,
        "computed": _computed(demand),
        "claims": demand.claims,
        "state": state,
        "late": state == "answered" and answer is not None and answer.earliest > due,
        "answer": answer.id if answer else None,
        "for": "compliance" if demand.compliance else "answer",
        "time_zone": addressee.time_zone,
        "review": demand.review,
        "extended_by": reckoning.extended_by.id if reckoning.extended_by else None,
        "withdrawn_by": withdrawn.id if withdrawn else None,
    }


def _computed(demand: Fact) -> dict[str, Any] | None:
    """How a period came to the first day due, step by step; None where the source names the day."""
    period = demand.period
    return None if period is None else {"from": period.trigger, "days": period.days, "steps": period.steps}


def _moot(demand: Fact, due: str, moves: Iterable[Move]) -> bool:
    """Whether the demand's review came to ask nothing by the day due, through an act that is itself no demand."""
    return any(
        move.review == demand.review
        and move.asks_nothing
        and move.fact.effect > demand.effect
        and move.fact.latest <= due
        and not move.fact.respond_by
        for move in moves
    )
