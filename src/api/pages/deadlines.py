"""The deadlines: what is due, and what became of what was due."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby, islice
from typing import get_args

from fastapi import APIRouter
from pydantic import Field

from api.pages.dates import in_words
from api.pages.entry_view import entry_views
from api.pages.labels import LABELS, Label, label_of
from api.pages.page import PageContent, html_page, page
from api.pages.places import FilterLink
from api.pages.urls import PageQuery, PageRequest
from domain.answers import Deadline, DeadlineState
from domain.dates import Day
from projections.deadlines import DeadlineFilter, all_deadlines
from projections.snapshot import Snapshot

router = APIRouter()
_MOST = 1_000
_STATES: tuple[DeadlineState, ...] = get_args(DeadlineState)


class DeadlinesPageQuery(PageQuery):
    """Which deadlines: their state, and the first and last day due."""

    state: DeadlineState | None = None
    from_: Day | None = Field(None, alias="from")
    to: Day | None = None


@dataclass(frozen=True, slots=True)
class DemandDue:
    """A demand on one day due, with its deadlines by state: one for each place that it is addressed to."""

    due: str
    demand: str
    words: str | None
    asks_for_change: bool
    states: list[tuple[Label, list[Deadline]]]


@page(router, "/deadlines", query=DeadlinesPageQuery)
def deadlines_page(request: PageRequest, query: DeadlinesPageQuery, snapshot: Snapshot) -> PageContent:
    in_range = all_deadlines(snapshot, DeadlineFilter(None, query.from_, query.to))
    deadlines = [deadline for deadline, _ in islice(in_range, _MOST)]
    counts = Counter(deadline["state"] for deadline in deadlines)
    shown = [deadline for deadline in deadlines if query.state in (None, deadline["state"])]
    by_demand = groupby(shown, key=lambda deadline: (deadline["due"], deadline["demand"]))
    demands = [_demand_due(list(group)) for _, group in by_demand]
    by_state = ((LABELS["deadline", state].brief, state, counts[state]) for state in _STATES if counts[state])
    as_of = snapshot.clocks().as_of
    return html_page(
        "deadlines.html",
        request,
        snapshot,
        title="Deadlines: what is due, and what became of what was",
        description=f"Every day by which an answer or a change was asked of a place, as of {in_words(as_of)}.",
        feeds=[("Deadlines", "/deadlines")],
        coming=[demand for demand in demands if demand.due >= as_of],
        past=[demand for demand in reversed(demands) if demand.due < as_of],
        entries=entry_views(snapshot, [id_ for deadline in shown for id_ in (deadline["demand"], deadline["answer"])]),
        state_links=[
            FilterLink(label, request.with_changes(state=state), count, query.state == state)
            for label, state, count in (("All states", None, len(deadlines)), *by_state)
        ],
        cut_off=len(deadlines) == _MOST,
    )


def _demand_due(deadlines: list[Deadline]) -> DemandDue:
    first = deadlines[0]
    by_state = {state: [deadline for deadline in deadlines if deadline["state"] == state] for state in _STATES}
    states = [(label_of("deadline", state), of_state) for state, of_state in by_state.items() if of_state]
    return DemandDue(first["due"], first["demand"], first["words"], first["for"] == "compliance", states)
