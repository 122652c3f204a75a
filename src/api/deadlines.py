"""What is due: the deadlines of a place and its agencies, and of everyone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.addresses import PlaceId, slug_of
from api.answers import encoded
from api.clocks import Clocks, snapshot_for
from api.documents import documented
from api.paging import Paging, Text, cursor_of, key_of
from api.questions import read
from api.shapes import Deadlines
from domain.dates import Day
from projections.deadlines import Key, Wanted, all_deadlines, place_deadlines
from projections.snapshot import Snapshot

router = APIRouter(prefix="/api/v1", tags=["deadlines"])
_KEY = msgspec.json.Decoder(tuple[Text, Text, Text])


class Filters(Clocks, Paging):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None, description="Deadlines that stand so on the day asked."
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")


@router.get("/jurisdictions/{id}/deadlines", **documented(Filters, Deadlines, 400, 404))
def deadlines_of_a_place(request: Request, id: PlaceId) -> Response:
    """The deadlines of a place and of its agencies, in order of the day due."""
    filters = read(Filters, request)
    after = key_of(filters.cursor, _KEY)
    with snapshot_for(request, filters) as snapshot:
        found, rests_on = place_deadlines(snapshot, slug_of(snapshot, id), _wanted(filters))
        rest = ((one, rests_on) for one in found if after is None or _key(one) > after)
        return _page(snapshot, rest, filters.limit, rests_on)


@router.get("/deadlines", **documented(Filters, Deadlines, 400))
def deadlines(request: Request) -> Response:
    """Everyone's deadlines, in order of the day due."""
    filters = read(Filters, request)
    after = key_of(filters.cursor, _KEY)
    with snapshot_for(request, filters) as snapshot:
        return _page(snapshot, all_deadlines(snapshot, _wanted(filters), after), filters.limit, 0)


def _wanted(filters: Filters) -> Wanted:
    return Wanted(filters.state, filters.from_, filters.to)


def _key(deadline: dict[str, Any]) -> Key:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _page(snapshot: Snapshot, found: Iterable[tuple[dict[str, Any], int]], limit: int, rests_on: int) -> Response:
    """As many as are wanted; one more is looked for, to know whether there is a next page."""
    taken = list(islice(found, limit + 1))
    shown = taken[:limit]
    following = cursor_of(_key(shown[-1][0])) if len(taken) > limit else None
    position = max((position for _, position in shown), default=rests_on)
    return encoded(snapshot, {"deadlines": [one for one, _ in shown], "next": following, "position": position})
