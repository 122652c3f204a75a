"""The timeline, everyone's or a place's."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from fastapi import APIRouter
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, RecordList, Type
from api.formats.publish import ListAddress, list_routes
from api.formats.words import html_of, title_of, web_addresses
from api.http.negotiation import TIMELINEJS
from api.http.parameters import ClockQuery, ListParameters, PlaceId, StateCode, read_cursor
from api.http.routes import ResourceResponse, page_response
from api.openapi.schemas import Shape, Timeline
from domain.dates import Day, bounds
from domain.facts import Kind
from domain.values import Party
from projections.facets import Facet, count_facets, parse_facets
from projections.feed import latest_entries, revision_at
from projections.paging import Page
from projections.places import slug_of
from projections.search_text import LONGEST_QUESTION, parse_search
from projections.snapshot import Snapshot
from projections.timeline import (
    RANKED_TIMELINE_KEY,
    TIMELINE_KEY,
    RankedTimelineKey,
    TimelineFilter,
    TimelineKey,
    timeline_page,
)

_FEED_KEY = msgspec.json.Decoder(int)
_NOTICES = {
    "EntryCorrected": "Corrected",
    "EntryDisputed": "Disputed",
    "EntryRetracted": "Retracted",
    "EntryReinstated": "Reinstated",
}
AnyKey = TimelineKey | RankedTimelineKey


def _valid_search(text: str) -> str:
    parse_search(text)  # ValueError, with the reason, where it is none
    return text


def _valid_facets(text: str) -> str:
    parse_facets(text)
    return text


class TimelineQuery(ClockQuery, ListParameters):
    state: StateCode | None = Field(None, description="Entries that name a place in this state.")
    kind: Kind | None = Field(None, description="Entries of this kind.")
    party: Party | None = Field(None, description="Entries in which this side acted.")
    from_: Day | None = Field(None, alias="from", description="Entries that may have occurred on or after this day.")
    to: Day | None = Field(None, description="Entries that may have occurred on or before this day.")
    q: Annotated[str, AfterValidator(_valid_search)] | None = Field(
        None,
        max_length=LONGEST_QUESTION,
        description="Words that all stand in an entry's summary, quotes, actor, a source's title or publisher, or the "
        "names of its places and case, "
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
    facets: Annotated[str, AfterValidator(_valid_facets)] | None = Field(
        None,
        max_length=100,
        description="Counts over all pages, by any of `kind`, `jurisdiction`, `party`, `year`, joined by commas. An "
        "entry counts for each place that it touches, for none where it names nobody; and in the year of its "
        "earliest bound.",
        examples=["kind,jurisdiction,party,year"],
    )

    @field_validator("order")
    @classmethod
    def _relevance_needs_words(cls, order: str | None, info: ValidationInfo) -> str | None:
        if order == "relevance" and info.data.get("q", "") is None:
            raise ValueError("relevance is to words that are looked for: give them as `q`")
        return order

    @property
    def ranked(self) -> bool:
        return self.q is not None and self.order in (None, "relevance")

    @property
    def counted(self) -> tuple[Facet, ...]:
        return () if self.facets is None else parse_facets(self.facets)


class EveryonesTimelineQuery(TimelineQuery):
    jurisdiction: PlaceId | None = Field(None, description="Entries that name this place or an agency of it.")


class TimelineList(RecordList[TimelineQuery, AnyKey, bytes]):
    """Entries in the order asked; in feeds in order of recording."""

    plural = "entries"
    piece = 1_000
    only_in_json = ("facets",)
    columns: ClassVar = {
        "id": Type.TEXT, "kind": Type.TEXT, "occurred": Type.TEXT, "earliest": Type.DAY, "latest": Type.DAY,
        "public": Type.TEXT, "public_earliest": Type.DAY, "public_latest": Type.DAY, "certain": Type.FLAG,
        "standing": Type.TEXT, "party": Type.TEXT, "actor": Type.TEXT, "office": Type.TEXT,
        "jurisdictions": Type.TEXTS, "summary": Type.TEXT, "respond_by": Type.TEXT, "review": Type.TEXT,
        "answers": Type.TEXTS, "quotes": Type.TEXTS, "sources": Type.TEXTS, "source_urls": Type.TEXTS,
        "note": Type.TEXT, "confidence": Type.TEXT, "position": Type.WHOLE, "recorded_at": Type.INSTANT,
        "version": Type.WHOLE, "revised_position": Type.WHOLE, "revised_at": Type.INSTANT, "url": Type.TEXT,
    }  # fmt: skip

    def prepare(self, snapshot: Snapshot, place: str | None) -> None:
        query = self.query
        if place is None and isinstance(query, EveryonesTimelineQuery):
            place = query.jurisdiction
        self._place = None if place is None else slug_of(snapshot, place)
        self.title = "Dispute timeline"
        if self._place is not None:
            self.title = f"Dispute timeline: {self.place_name(snapshot, self._place)}"
        self.filter = TimelineFilter(
            jurisdiction=self._place,
            state=query.state,
            kind=query.kind,
            party=query.party,
            first=query.from_,
            last=query.to,
            words=query.q,
            context=query.context,
            newest=query.order == "newest",
            ranked=query.ranked,
        )

    def as_of(self, snapshot: Snapshot) -> str:
        """The day in the place's time zone, where the list is of one."""
        if self._place is None:
            return super().as_of(snapshot)
        return snapshot.clocks(snapshot.place(self._place).time_zone).as_of

    @property
    def cursor_shape(self) -> msgspec.json.Decoder[Any]:
        return RANKED_TIMELINE_KEY if self.query.ranked else TIMELINE_KEY

    def page(self, snapshot: Snapshot, after: AnyKey | None, limit: int) -> Page[AnyKey, bytes]:
        page = timeline_page(snapshot, self.filter, limit, after)
        return Page(page.bodies, page.next, page.rests_on)

    def respond(self, snapshot: Snapshot) -> ResourceResponse:
        if not self.query.counted:
            return super().respond(snapshot)
        after = self.after
        page = self.page(snapshot, after, self.query.limit)
        facets = count_facets(snapshot, self.filter, after, self.query.counted)
        rests_on = max(page.rests_on, facets.rests_on)
        return page_response(snapshot, self.plural, page.items, page.next_key, rests_on, facets=facets.counts)

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        entry = msgspec.json.decode(item)
        log, actor, sources = entry["log"], entry["actor"], entry["sources"]
        respond_by = entry.get("respond_by", {})
        yield (
            entry["id"], entry["kind"], entry["occurred"], *bounds(entry["occurred"]),
            entry.get("public"), *bounds(entry.get("public", entry["occurred"])), entry["certain"],
            entry["standing"], actor["party"], actor.get("name"), actor.get("office"),
            entry["jurisdictions"], entry["summary"],
            respond_by.get("date") or (f"{respond_by['days']} days" if "days" in respond_by else None),
            entry.get("review", {}).get("id"), entry.get("answers", []),
            [quote["text"] for quote in entry.get("quotes", ())], [source["title"] for source in sources],
            [source["url"] for source in sources if source.get("url")], entry.get("note"),
            entry.get("confidence"), log["position"], log["recorded_at"], log["version"], log["revised"]["position"],
            log["revised"]["recorded_at"], self.entry_address(entry["id"]),
        )  # fmt: skip

    def feed(self, snapshot: Snapshot, limit: int) -> Feed:
        latest = latest_entries(snapshot, self.filter, limit, read_cursor(self.query.cursor, _FEED_KEY))
        items = [self._feed_item(snapshot, position, body) for position, body in latest.entries]
        return Feed(items, latest.next)

    def _feed_item(self, snapshot: Snapshot, position: int, body: bytes) -> FeedItem:
        entry = msgspec.json.decode(body)
        revision = revision_at(snapshot, self.service.log, position)
        notices = () if revision is None else (_notice(*revision),)
        return FeedItem(
            id=f"{AUTHORITY}:entry/{entry['id']}",
            address=self.entry_address(entry["id"]),
            title=title_of(entry),
            summary=" ".join((*notices, entry["summary"])),
            html=html_of(entry, notices),
            published=entry["log"]["recorded_at"],
            updated=entry["log"]["revised"]["recorded_at"],
            tags=(entry["kind"], entry["actor"]["party"], entry["standing"], *entry["jurisdictions"]),
            sources=web_addresses(entry["sources"]),
            data=entry,
        )


def _notice(event: str, details: dict[str, Any]) -> str:
    by = f" by {details['by']}" if details.get("by") else ""
    return f"{_NOTICES[event]}{by}: {details['reason']}"


class ForTimelineJS(Shape):
    """A timeline as TimelineJS 3 reads it."""

    title: dict[str, Any]
    events: list[dict[str, Any]]


router = APIRouter(prefix="/api/v1", tags=["timeline"])
list_routes(
    router,
    TimelineList,
    Timeline,
    [
        ListAddress(
            "/jurisdictions/{id}/timeline",
            TimelineQuery,
            "timeline_of_a_place",
            "What happened in a place, in order of occurrence, or of relevance to `q`; its agencies' acts are its own.",
            "timeline_of_a_place_as",
            "A place's timeline in a format.",
        ),
        ListAddress(
            "/timeline",
            EveryonesTimelineQuery,
            "timeline",
            "What happened anywhere, in order of occurrence, or of relevance to `q`.",
            "timeline_as",
            "The timeline in a format; in feeds what was recorded or corrected last comes first.",
        ),
    ],
    TIMELINEJS,
    or_else=ForTimelineJS,
)
