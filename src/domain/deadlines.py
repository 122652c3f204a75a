"""Deadlines: one dated demand x one addressee, and what became of it (rules, section 5).

Only what certainly counts on the clocks asked makes, moves or closes a deadline.
"""

from collections.abc import Iterable

from domain.answers import Deadline, DeadlineState, PeriodHolidays, PeriodSteps
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, NationalActs
from domain.periods import NOT_COUNTED, Period
from domain.reviews import DueDate, Links, Move, resolve_due_date, stage_moves
from domain.status import counted_facts


def deadlines(
    place: Place,
    own_acts: Iterable[FactVersion],
    national: NationalActs,
    clocks: Clocks,
    agencies: Iterable[Place] = (),
) -> tuple[list[Deadline], int]:
    """The deadlines of a place and its `agencies`, by due, demand and addressee, and the position they rest on."""
    counted = counted_facts(place, own_acts, national, clocks)
    links = Links.among(counted.certain)
    answers: list[Deadline] = []
    for addressee in (place, *agencies):
        family = place.family(addressee.id)
        moves = stage_moves(addressee.touched_by, counted.certain)
        for demand in counted.certain:
            if demand.respond_by and addressee.id in demand.jurisdictions:
                due_date = resolve_due_date(demand, family, links)
                if due_date.due is not None:
                    answer = links.answer(demand.id, family)
                    state = _state(demand, due_date.due, due_date, answer, moves, clocks.as_of)
                    answers.append(_deadline(demand, addressee, due_date.due, due_date, answer, state))
    answers.sort(key=lambda deadline: (deadline["due"], deadline["demand"], deadline["addressee"]))
    return answers, counted.rests_on


def _state(
    demand: Fact, due: str, due_date: DueDate, answer: Fact | None, moves: Iterable[Move], day: str
) -> DeadlineState:
    if due_date.withdrawn_by is not None:
        return "withdrawn"
    if answer is not None:
        return "answered"
    if _is_moot(demand, due, moves):
        return "moot"
    return "lapsed" if day > due else "open"


def _deadline(
    demand: Fact, addressee: Place, due: str, due_date: DueDate, answer: Fact | None, state: DeadlineState
) -> Deadline:
    return {
        "demand": demand.id,
        "addressee": addressee.id,
        "due": due,
        "original_due": due_date.original_due or due,
        "words": demand.words,
        "source": demand.words_source,
        "computed": None if demand.period is None else period_steps(demand.period),
        "claims": demand.claims,
        "state": state,
        "late": state == "answered" and answer is not None and answer.earliest > due,
        "answer": answer.id if answer else None,
        "for": "compliance" if demand.compliance else "answer",
        "time_zone": addressee.time_zone,
        "review": demand.review,
        "extended_by": due_date.extended_by.id if due_date.extended_by else None,
        "withdrawn_by": due_date.withdrawn_by.id if due_date.withdrawn_by else None,
    }


def period_steps(period: Period) -> PeriodSteps:
    """How a period came to its day, as an answer says it."""
    holidays: PeriodHolidays = {"federal": period.federal, "state": period.state, "not_counted": NOT_COUNTED}
    return {"from": period.trigger, "days": period.days, "steps": period.steps, "holidays": holidays}


def _is_moot(demand: Fact, due: str, moves: Iterable[Move]) -> bool:
    """Whether the demand's review came to ask nothing by the day due, through an act that is itself no demand."""
    return any(
        move.review == demand.review
        and move.asks_nothing
        and move.fact.effect > demand.effect
        and move.fact.latest <= due
        and not move.fact.respond_by
        for move in moves
    )
