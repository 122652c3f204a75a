"""What happened: the timeline of a place, and of everyone."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from api.addresses import PlaceId, StateCode, slug_of
from api.answers import joined
from api.clocks import Clocks, snapshot_for
from api.documents import in_formats
from api.errors import Malformed
from api.formats.of_timeline import Entries, key_in, wanted_by
from api.formats.publish import published
from api.formats.table import JSON, LISTS, Format, chosen
from api.paging import Paging
from api.questions import read
from api.shapes import Timeline
from domain.dates import Day
from domain.facts import Kind
from domain.refusals import Problem
from domain.sources import Party
from projections.facets import Facet, facets, facets_in
from projections.snapshot import Snapshot
from projections.timeline import page
from projections.words import LONGEST_QUESTION, sought

router = APIRouter(prefix="/api/v1", tags=["timeline"])


def _some_words(text: str) -> str:
    sought(text)  # or it says what is wrong
    return text


def _some_facets(text: str) -> str:
    facets_in(text)
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
        max_length=LONGEST_QUESTION,
        description="Words that all stand in an entry's summary, quotes, actor, or a source's title or publisher, "
        'whatever their case and diacritics. "Words in quotes" stand one after the other, a word* may go on, and '
        "what has a -word is left out. All else is searched as the words in it.",
        examples=['"new orleans" detainer* -lawsuit'],
    )
    context: bool = Field(default=False, description="Acts that name nobody, too: the national line.")
    order: Literal["oldest", "newest", "relevance"] | None = Field(
        None,
        description="Which comes first. `relevance`, for a search: entries with all the words in the summary, then in "
        "summary and quotes, then the rest; among equals, the newest. Its further pages are read at the log position "
        "of the first. Left out: `relevance` with `q`, else `oldest`.",
    )
    facets: Annotated[str, AfterValidator(_some_facets)] | None = Field(
        None,
        max_length=100,
        description="Counts over all pages, by any of `kind`, `jurisdiction`, `party`, `year`, joined by commas. An "
        "entry counts for each place that it touches, for none where it names nobody; and in the year of its "
        "earliest bound.",
        examples=["kind,jurisdiction,party,year"],
    )

    @field_validator("order")
    @classmethod
    def _to_something(cls, order: str | None, given: ValidationInfo) -> str | None:
        if order == "relevance" and given.data.get("q", "") is None:
            raise ValueError("relevance is to words that are looked for: give them as `q`")
        return order

    @property
    def ranked(self) -> bool:
        """Whether the answer is in order of relevance."""
        return self.q is not None and self.order in (None, "relevance")

    @property
    def counted(self) -> tuple[Facet, ...]:
        """The facets asked for."""
        return () if self.facets is None else facets_in(self.facets)


class EveryonesFilters(Filters):
    """The same, of everyone or of one place."""

    jurisdiction: PlaceId | None = Field(None, description="Entries that name this place or an agency of it.")


@router.get("/jurisdictions/{id}/timeline", **in_formats(Filters, Timeline, LISTS, 400, 404, 406))
def timeline_of_a_place(request: Request, id: PlaceId) -> Response:
    """What happened in a place, in order of occurrence, or of relevance to `q`; its agencies' acts are its own."""
    return timeline_in(request, read(Filters, request), id, chosen(request))


@router.get("/timeline", **in_formats(EveryonesFilters, Timeline, LISTS, 400, 404, 406))
def timeline(request: Request) -> Response:
    """What happened anywhere, in order of occurrence, or of relevance to `q`."""
    filters = read(EveryonesFilters, request)
    return timeline_in(request, filters, filters.jurisdiction, chosen(request))


def timeline_in(request: Request, filters: Filters, id_: str | None, its: Format) -> Response:
    """A timeline in a format."""
    if its is not JSON:
        if filters.facets is not None:
            message = f"facets are told in JSON alone, not in {its.media_type}"
            raise Malformed(f"facets: {message}", problems=[Problem("facets", filters.facets, message)])
        return published(Entries(request, filters, id_), its)
    with snapshot_for(request, filters) as snapshot:
        return _page(snapshot, filters, None if id_ is None else slug_of(snapshot, id_))


def _page(snapshot: Snapshot, filters: Filters, place: str | None) -> Response:
    wanted, after = wanted_by(filters, place), key_in(filters)
    found = page(snapshot, wanted, filters.limit, after)
    if not filters.counted:
        return joined(snapshot, "entries", found.bodies, found.next, found.rests_on)
    its = facets(snapshot, wanted, after, filters.counted)
    rests_on = max(found.rests_on, its.rests_on)
    return joined(snapshot, "entries", found.bodies, found.next, rests_on, facets=its.counts)
