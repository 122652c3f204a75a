"""What is due: the deadlines of a place and its agencies, and of everyone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.addresses import PlaceId, slug_of
from api.answers import encoded
from api.clocks import Clocks, snapshot_for
from api.documents import in_formats
from api.formats.of_deadlines import KEY, DueDays, key_of_deadline
from api.formats.publish import published
from api.formats.table import JSON, LISTS, Format, chosen
from api.paging import Paging, cursor_of, key_of
from api.questions import read
from api.shapes import Deadlines
from domain.dates import Day
from projections.deadlines import Wanted, all_deadlines, place_deadlines
from projections.snapshot import Snapshot

router = APIRouter(prefix="/api/v1", tags=["deadlines"])


class Filters(Clocks, Paging):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None, description="Deadlines that stand so on the day asked."
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")


@router.get("/jurisdictions/{id}/deadlines", **in_formats(Filters, Deadlines, LISTS, 400, 404, 406))
def deadlines_of_a_place(request: Request, id: PlaceId) -> Response:
    """The deadlines of a place and of its agencies, in order of the day due."""
    return deadlines_in(request, read(Filters, request), id, chosen(request))


@router.get("/deadlines", **in_formats(Filters, Deadlines, LISTS, 400, 406))
def deadlines(request: Request) -> Response:
    """Everyone's deadlines, in order of the day due."""
    return deadlines_in(request, read(Filters, request), None, chosen(request))


def deadlines_in(request: Request, filters: Filters, id_: str | None, its: Format) -> Response:
    """Deadlines in a format."""
    if its is not JSON:
        return published(DueDays(request, filters, id_), its)
    after = key_of(filters.cursor, KEY)
    with snapshot_for(request, filters) as snapshot:
        if id_ is None:
            return _page(snapshot, all_deadlines(snapshot, _wanted(filters), after), filters.limit, 0)
        found, rests_on = place_deadlines(snapshot, slug_of(snapshot, id_), _wanted(filters))
        rest = ((one, rests_on) for one in found if after is None or key_of_deadline(one) > after)
        return _page(snapshot, rest, filters.limit, rests_on)


def _wanted(filters: Filters) -> Wanted:
    return Wanted(filters.state, filters.from_, filters.to)


def _page(snapshot: Snapshot, found: Iterable[tuple[dict[str, Any], int]], limit: int, rests_on: int) -> Response:
    """As many as are wanted; one more is looked for, to know whether there is a next page."""
    taken = list(islice(found, limit + 1))
    shown = taken[:limit]
    following = cursor_of(key_of_deadline(shown[-1][0])) if len(taken) > limit else None
    position = max((position for _, position in shown), default=rests_on)
    return encoded(snapshot, {"deadlines": [one for one, _ in shown], "next": following, "position": position})
