"""Deadlines: what is due, and what became of what was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from fastapi import Request
from pydantic import Field

from api.pages.dates import in_words
from api.pages.entry_view import entry_views
from api.pages.filters import Choice
from api.pages.labels import LABELS, Label, label
from api.pages.page import PageContent, html_response, page_context, page_route
from api.pages.urls import PageQuery, PageRequest
from domain.answers import Deadline
from domain.dates import Day
from projections.deadlines import DeadlineFilter, all_deadlines
from projections.snapshot import Snapshot

_MOST = 1_000
_STATES = ("open", "answered", "lapsed", "moot", "withdrawn")


class DeadlinesPageQuery(PageQuery):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = None
    from_: Day | None = Field(None, alias="from")
    to: Day | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """One day due of one demand, with everyone it is asked of, by what became of it."""

    due: str
    demand: str
    words: str | None
    change: bool
    states: list[tuple[Label, list[Deadline]]]


def _deadlines(_request: Request, visit: PageRequest, asked: PageQuery, snapshot: Snapshot) -> PageContent:
    assert isinstance(asked, DeadlinesPageQuery)  # noqa: S101 - the route's own question
    wanted = DeadlineFilter(None, asked.from_, asked.to)
    found = [one for one, _ in zip((one for one, _ in all_deadlines(snapshot, wanted)), range(_MOST), strict=False)]
    counts = Counter[str](one["state"] for one in found)
    shown = [one for one in found if asked.state in (None, one["state"])]
    as_of = snapshot.clocks().as_of
    demands = [_demand(list(its)) for _, its in groupby(shown, key=lambda one: (one["due"], one["demand"]))]
    context = page_context(
        visit,
        snapshot,
        title="Deadlines: what is due, and what became of what was",
        description=f"Every day by which an answer or a change was asked of a place, as of {in_words(as_of)}.",
        feeds=[("Deadlines", "/deadlines")],
        coming=[one for one in demands if one.due >= as_of],
        past=[one for one in reversed(demands) if one.due < as_of],
        acts=entry_views(snapshot, [*(one["demand"] for one in shown), *(one["answer"] for one in shown)]),
        choices=[Choice("All states", visit.here(state=None), len(found), asked.state is None)]
        + [
            Choice(LABELS["deadline", state].brief, visit.here(state=state), counts[state], asked.state == state)
            for state in _STATES
            if counts[state]
        ],
        full=len(found) == _MOST,
    )
    return PageContent(html_response("deadlines.html", context))


def _demand(deadlines: list[Deadline]) -> Demand:
    first = deadlines[0]
    by_state = [
        (label("deadline", state), [one for one in deadlines if one["state"] == state])
        for state in _STATES
        if any(one["state"] == state for one in deadlines)
    ]
    return Demand(first["due"], first["demand"], first["words"], first["for"] == "compliance", by_state)


ROUTES = [page_route("/deadlines", DeadlinesPageQuery, _deadlines)]
