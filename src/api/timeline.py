"""What happened: the timeline of a place, and of everyone."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field

from api.addresses import PlaceId, StateCode, slug_of
from api.answers import joined
from api.clocks import Clocks, snapshot_for
from api.documents import documented
from api.paging import Number, Paging, Text, key_of
from api.questions import read
from api.shapes import Timeline
from domain.dates import Day
from domain.facts import Kind
from domain.sources import Party
from projections.snapshot import Snapshot
from projections.timeline import Wanted, page

router = APIRouter(prefix="/api/v1", tags=["timeline"])
_KEY = msgspec.json.Decoder(tuple[Text, Text, Number, Text])


def _some_words(text: str) -> str:
    if not text.strip():
        raise ValueError("give the words to look for")
    return text


class Filters(Clocks, Paging):
    """Which entries, and in which order."""

    state: StateCode | None = Field(None, description="Entries that name a place in this state.")
    kind: Kind | None = Field(None, description="Entries of this kind.")
    party: Party | None = Field(None, description="Entries in which this side acted.")
    from_: Day | None = Field(None, alias="from", description="Entries that may have occurred on or after this day.")
    to: Day | None = Field(None, description="Entries that may have occurred on or before this day.")
    q: Annotated[str, AfterValidator(_some_words)] | None = Field(
        None,
        max_length=200,
        description="Words that stand in an entry's summary, quotes, actor, or a source's title or publisher.",
    )
    context: bool = Field(default=False, description="Acts that name nobody, too: the national line.")
    order: Literal["oldest", "newest"] = Field("oldest", description="Which end comes first.")


class EveryonesFilters(Filters):
    """The same, of everyone or of one place."""

    jurisdiction: PlaceId | None = Field(None, description="Entries that name this place or an agency of it.")


@router.get("/jurisdictions/{id}/timeline", **documented(Filters, Timeline, 400, 404))
def timeline_of_a_place(request: Request, id: PlaceId) -> Response:
    """What happened in a place, in order of occurrence; its agencies' acts are its own."""
    filters = read(Filters, request)
    with snapshot_for(request, filters) as snapshot:
        return _page(snapshot, filters, slug_of(snapshot, id))


@router.get("/timeline", **documented(EveryonesFilters, Timeline, 400, 404))
def timeline(request: Request) -> Response:
    """What happened anywhere, in order of occurrence."""
    filters = read(EveryonesFilters, request)
    with snapshot_for(request, filters) as snapshot:
        place = None if filters.jurisdiction is None else slug_of(snapshot, filters.jurisdiction)
        return _page(snapshot, filters, place)


def _page(snapshot: Snapshot, filters: Filters, place: str | None) -> Response:
    wanted = Wanted(
        jurisdiction=place,
        state=filters.state,
        kind=filters.kind,
        party=filters.party,
        first=filters.from_,
        last=filters.to,
        words=filters.q,
        context=filters.context,
        newest=filters.order == "newest",
    )
    found = page(snapshot, wanted, filters.limit, key_of(filters.cursor, _KEY))
    return joined(snapshot, "entries", found.bodies, found.next, found.rests_on)
