"""What happened: the timeline of a place, and of everyone."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field

from api.addresses import PlaceId, StateCode, slug_of
from api.answers import joined
from api.clocks import Clocks, snapshot_for
from api.documents import in_formats
from api.formats.of_timeline import KEY, Entries, wanted_by
from api.formats.publish import published
from api.formats.table import JSON, LISTS, Format, chosen
from api.paging import Paging, key_of
from api.questions import read
from api.shapes import Timeline
from domain.dates import Day
from domain.facts import Kind
from domain.sources import Party
from projections.snapshot import Snapshot
from projections.timeline import page

router = APIRouter(prefix="/api/v1", tags=["timeline"])


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


@router.get("/jurisdictions/{id}/timeline", **in_formats(Filters, Timeline, LISTS, 400, 404, 406))
def timeline_of_a_place(request: Request, id: PlaceId) -> Response:
    """What happened in a place, in order of occurrence; its agencies' acts are its own."""
    return timeline_in(request, read(Filters, request), id, chosen(request))


@router.get("/timeline", **in_formats(EveryonesFilters, Timeline, LISTS, 400, 404, 406))
def timeline(request: Request) -> Response:
    """What happened anywhere, in order of occurrence."""
    filters = read(EveryonesFilters, request)
    return timeline_in(request, filters, filters.jurisdiction, chosen(request))


def timeline_in(request: Request, filters: Filters, id_: str | None, its: Format) -> Response:
    """A timeline in a format."""
    if its is not JSON:
        return published(Entries(request, filters, id_), its)
    with snapshot_for(request, filters) as snapshot:
        return _page(snapshot, filters, None if id_ is None else slug_of(snapshot, id_))


def _page(snapshot: Snapshot, filters: Filters, place: str | None) -> Response:
    found = page(snapshot, wanted_by(filters, place), filters.limit, key_of(filters.cursor, KEY))
    return joined(snapshot, "entries", found.bodies, found.next, found.rests_on)
