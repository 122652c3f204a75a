"""The timeline, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.publish import publish
from api.formats.words import html_of, title_of, web_address
from api.http.errors import MalformedQuery
from api.http.negotiation import JSON, LISTS, Format, negotiated_format
from api.http.parameters import (
    ClockQuery,
    Fit,
    KeyNumber,
    KeyText,
    PageParameters,
    PlaceId,
    PositionKey,
    StateCode,
    decode_cursor,
    parse_query,
    slug_of,
)
from api.http.responses import ResourceResponse, page_response
from api.http.routes import on_clocks
from api.openapi.document import documented_in_formats
from api.openapi.schemas import Timeline
from domain.dates import Day, bounds
from domain.errors import Problem
from domain.facts import Kind
from domain.values import Party
from projections.facets import Facet, count_facets, parse_facets
from projections.feed import latest_entries, revision_at
from projections.search_text import LONGEST_QUESTION, parse_search
from projections.snapshot import Snapshot
from projections.timeline import RankedTimelineKey, TimelineFilter, TimelineKey, timeline_page

_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyNumber, KeyText])
_RANKED_KEY = msgspec.json.Decoder(tuple[PositionKey, Fit, KeyText, KeyText, KeyNumber, KeyText])
_ENTRY_FEED_KEY = msgspec.json.Decoder(int)
_PIECE = 1_000
_NOTICES = {
    "EntryCorrected": "Corrected",
    "EntryDisputed": "Disputed",
    "EntryRetracted": "Retracted",
    "EntryReinstated": "Reinstated",
}


def timeline_filter(filters: Any, place: str | None) -> TimelineFilter:  # noqa: ANN401 - the filters of two addresses, which differ by one
    """What the filters of a timeline ask for."""
    return TimelineFilter(
        jurisdiction=place,
        state=filters.state,
        kind=filters.kind,
        party=filters.party,
        first=filters.from_,
        last=filters.to,
        words=filters.q,
        context=filters.context,
        newest=filters.order == "newest",
        ranked=filters.ranked,
    )


def timeline_key(filters: Any) -> TimelineKey | RankedTimelineKey | None:  # noqa: ANN401 - as above
    """The key that the cursor of the filters stands for, in the order that they ask for."""
    return decode_cursor(filters.cursor, _RANKED_KEY) if filters.ranked else decode_cursor(filters.cursor, _KEY)


class EntryListing(Listing):
    """Entries, in the order asked; in feeds in order of recording."""

    columns: ClassVar = {
        "id": Type.TEXT, "kind": Type.TEXT, "occurred": Type.TEXT, "earliest": Type.DAY, "latest": Type.DAY,
        "public": Type.TEXT, "public_earliest": Type.DAY, "public_latest": Type.DAY, "certain": Type.FLAG,
        "standing": Type.TEXT, "party": Type.TEXT, "actor": Type.TEXT, "office": Type.TEXT,
        "jurisdictions": Type.TEXTS, "summary": Type.TEXT, "respond_by": Type.TEXT, "review": Type.TEXT,
        "answers": Type.TEXTS, "quotes": Type.TEXTS, "sources": Type.TEXTS, "source_urls": Type.TEXTS,
        "note": Type.TEXT, "confidence": Type.TEXT, "position": Type.WHOLE, "recorded_at": Type.INSTANT,
        "version": Type.WHOLE, "revised_position": Type.WHOLE, "revised_at": Type.INSTANT, "url": Type.TEXT,
    }  # fmt: skip

    def __init__(self, request: Request, filters: Any, id_: str | None) -> None:  # noqa: ANN401 - as above
        self._id = id_ if id_ is not None else getattr(filters, "jurisdiction", None)
        super().__init__(request, filters)

    def begin(self, snapshot: Snapshot) -> None:
        """Finds the place."""
        place = None if self._id is None else slug_of(snapshot, self._id)
        self._wanted = timeline_filter(self.question, place)
        self.title = "Dispute timeline" if place is None else f"Dispute timeline: {place}"
        self.as_of = snapshot.clocks(*([] if place is None else [snapshot.place(place).time_zone])).as_of

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        after, left = timeline_key(self.question), self.limit
        while True:
            with self.look() as snapshot:
                found = timeline_page(snapshot, self._wanted, _PIECE if left is None else left, after)
            if left is not None:
                self.following = found.next
            yield found.bodies
            if found.next is None or left is not None:
                return
            after = found.next

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """A row each."""
        entry = msgspec.json.decode(item)
        log, actor, sources = entry["log"], entry["actor"], entry["sources"]
        asked = entry.get("respond_by", {})
        yield (
            entry["id"], entry["kind"], entry["occurred"], *bounds(entry["occurred"]),
            entry.get("public"), *bounds(entry.get("public", entry["occurred"])), entry["certain"],
            entry["standing"], actor["party"], actor.get("name"), actor.get("office"),
            entry["jurisdictions"], entry["summary"],
            asked.get("date") or (f"{asked['days']} days" if "days" in asked else None),
            entry.get("review", {}).get("id"), entry.get("answers", []),
            [one["text"] for one in entry.get("quotes", ())], [one["title"] for one in sources],
            [one["url"] for one in sources if one.get("url")], entry.get("note"),
            entry.get("confidence"), log["position"], log["recorded_at"], log["version"], log["revised"]["position"],
            log["revised"]["recorded_at"], self.entry_address(entry["id"]),
        )  # fmt: skip

    def feed(self, limit: int) -> Feed:
        """What was recorded, corrected or came about last."""
        with self.look() as snapshot:
            found = latest_entries(snapshot, self._wanted, limit, decode_cursor(self.question.cursor, _ENTRY_FEED_KEY))
            return Feed([self._item(snapshot, position, body) for position, body in found.entries], found.next)

    def _item(self, snapshot: Snapshot, position: int, body: bytes) -> FeedItem:
        entry = msgspec.json.decode(body)
        revised = revision_at(snapshot, self.service.log, position)
        notices = () if revised is None else (_notice(*revised),)
        tags = (entry["kind"], entry["actor"]["party"], entry["standing"], *entry["jurisdictions"])
        addresses = (web_address(one.get("url")) for one in entry["sources"])
        return FeedItem(
            id=f"{AUTHORITY}:entry/{entry['id']}",
            address=self.entry_address(entry["id"]),
            title=title_of(entry),
            summary=" ".join((*notices, entry["summary"])),
            html=html_of(entry, notices),
            published=entry["log"]["recorded_at"],
            updated=entry["log"]["revised"]["recorded_at"],
            tags=tags,
            sources=tuple(dict.fromkeys(one for one in addresses if one is not None)),
            data=entry,
        )


def _notice(event: str, said: dict[str, Any]) -> str:
    by = f" by {said['by']}" if said.get("by") else ""
    return f"{_NOTICES[event]}{by}: {said['reason']}"


router = APIRouter(prefix="/api/v1", tags=["timeline"])


def _some_words(text: str) -> str:
    parse_search(text)  # or it says what is wrong
    return text


def _some_facets(text: str) -> str:
    parse_facets(text)
    return text


class TimelineQuery(ClockQuery, PageParameters):
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
        return () if self.facets is None else parse_facets(self.facets)


class EveryonesTimelineQuery(TimelineQuery):
    """The same, of everyone or of one place."""

    jurisdiction: PlaceId | None = Field(None, description="Entries that name this place or an agency of it.")


@router.get("/jurisdictions/{id}/timeline", **documented_in_formats(TimelineQuery, Timeline, LISTS, 400, 404, 406))
def timeline_of_a_place(request: Request, id: PlaceId) -> Response:
    """What happened in a place, in order of occurrence, or of relevance to `q`; its agencies' acts are its own."""
    return timeline_response(request, parse_query(TimelineQuery, request), id, negotiated_format(request))


@router.get("/timeline", **documented_in_formats(EveryonesTimelineQuery, Timeline, LISTS, 400, 404, 406))
def timeline(request: Request) -> Response:
    """What happened anywhere, in order of occurrence, or of relevance to `q`."""
    filters = parse_query(EveryonesTimelineQuery, request)
    return timeline_response(request, filters, filters.jurisdiction, negotiated_format(request))


def timeline_response(request: Request, filters: TimelineQuery, id_: str | None, its: Format) -> Response:
    """A timeline in a format."""
    if its is not JSON:
        if filters.facets is not None:
            message = f"facets are told in JSON alone, not in {its.media_type}"
            raise MalformedQuery(f"facets: {message}", problems=[Problem("facets", filters.facets, message)])
        return publish(EntryListing(request, filters, id_), its)
    id_in_path = request.path_params.get("id")

    def make(snapshot: Snapshot) -> ResourceResponse:
        return _page(snapshot, filters, None if id_ is None else slug_of(snapshot, id_))

    return on_clocks(request, filters, make, stream=None if id_in_path is None else f"jurisdiction:{id_in_path}")


def _page(snapshot: Snapshot, filters: TimelineQuery, place: str | None) -> ResourceResponse:
    wanted, after = timeline_filter(filters, place), timeline_key(filters)
    found = timeline_page(snapshot, wanted, filters.limit, after)
    if not filters.counted:
        return page_response(snapshot, "entries", found.bodies, found.next, found.rests_on)
    its = count_facets(snapshot, wanted, after, filters.counted)
    rests_on = max(found.rests_on, its.rests_on)
    return page_response(snapshot, "entries", found.bodies, found.next, rests_on, facets=its.counts)
