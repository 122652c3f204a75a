"""The status of a place, or of everyone, through time."""

from __future__ import annotations

from itertools import islice

from fastapi import APIRouter, Request, Response

from api.addresses import PlaceId, slug_of
from api.answers import encoded
from api.clocks import Clocks, snapshot_for
from api.documents import in_formats
from api.formats.of_history import KEY, START, Transitions
from api.formats.publish import published
from api.formats.table import JSON, LISTS, Format, chosen
from api.paging import Paging, cursor_of, key_of
from api.questions import read
from api.shapes import StatusHistory
from projections.status_history import all_histories, status_history

router = APIRouter(prefix="/api/v1", tags=["audit"])


class HistoryQuestion(Clocks, Paging):
    """Which part of a history."""


@router.get("/jurisdictions/{id}/history", **in_formats(HistoryQuestion, StatusHistory, LISTS, 400, 404, 406))
def history_of_a_place(request: Request, id: PlaceId) -> Response:
    """Every transition of every track, in order of the first day on which the status says so."""
    return history_in(request, read(HistoryQuestion, request), id, chosen(request))


@router.get("/history", **in_formats(HistoryQuestion, StatusHistory, LISTS, 400, 406))
def history(request: Request) -> Response:
    """Everyone's transitions, place by place."""
    return history_in(request, read(HistoryQuestion, request), None, chosen(request))


def history_in(request: Request, question: HistoryQuestion, id_: str | None, its: Format) -> Response:
    """A history in a format."""
    if its is not JSON:
        return published(Transitions(request, question, id_), its)
    with snapshot_for(request, question) as snapshot:
        if id_ is not None:
            start = key_of(question.cursor, START) or 0
            found, following, rests_on = status_history(snapshot, slug_of(snapshot, id_), start, question.limit)
            return encoded(snapshot, {"transitions": found, "next": cursor_of(following), "position": rests_on})
        taken = list(islice(all_histories(snapshot, key_of(question.cursor, KEY)), question.limit + 1))
        shown = taken[: question.limit]
        cursor = cursor_of(shown[-1][0]) if len(taken) > question.limit else None
        position = max((its for _, _, its in shown), default=0)
        return encoded(snapshot, {"transitions": [one for _, one, _ in shown], "next": cursor, "position": position})
