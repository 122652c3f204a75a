"""Transitions of statuses, everyone's or a place's."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, ClassVar

import msgspec
from fastapi import APIRouter

from api.formats.listing import AUTHORITY, Cell, ComputedList, FeedItem, Type
from api.formats.publish import ListAddress, list_routes
from api.formats.words import day_words, web_addresses
from api.http.parameters import ClockQuery, ListParameters
from api.openapi.schemas import StatusHistory
from domain.answers import StatusTransition
from domain.dates import bounds
from projections.history import (
    PLACE_TRANSITION_KEY,
    TRANSITION_KEY,
    TransitionKey,
    find_place_transitions,
    find_transitions,
)
from projections.paging import Rows
from projections.places import slug_of
from projections.snapshot import Snapshot


class HistoryQuery(ClockQuery, ListParameters):
    """Which part of a history."""


class TransitionList(ComputedList[HistoryQuery, TransitionKey | int]):
    """Transitions, place by place in order of the day; in feeds in order of when they were first shown."""

    plural = "transitions"
    columns: ClassVar = {
        "jurisdiction": Type.TEXT, "track": Type.TEXT, "key": Type.TEXT, "from": Type.TEXT, "to": Type.TEXT,
        "on": Type.DAY, "since": Type.TEXT, "earliest": Type.DAY, "latest": Type.DAY, "entry": Type.TEXT,
        "sources": Type.TEXTS, "source_urls": Type.TEXTS,
    }  # fmt: skip

    def prepare(self, snapshot: Snapshot, place: str | None) -> None:
        self._place = None if place is None else snapshot.place(slug_of(snapshot, place)).id
        self.title = "Status history"
        if self._place is not None:
            self.title = f"Status history: {self.place_name(snapshot, self._place)}"

    @property
    def cursor_shape(self) -> msgspec.json.Decoder[Any]:
        return TRANSITION_KEY if self._place is None else PLACE_TRANSITION_KEY

    def find(
        self, snapshot: Snapshot, after: TransitionKey | int | None
    ) -> Rows[TransitionKey | int, StatusTransition]:
        if self._place is None:
            return find_transitions(snapshot, after if isinstance(after, tuple) else None)
        return find_place_transitions(snapshot, self._place, after if isinstance(after, int) else None)

    def rows(self, item: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
        earliest, latest = (None, None) if item["since"] is None else bounds(item["since"])
        sources = item["sources"]
        yield (
            item["jurisdiction"], item["track"], item["key"], item["from"], item["to"], item["on"], item["since"],
            earliest, latest, item["entry"], [source["title"] for source in sources],
            [source["url"] for source in sources if source.get("url")],
        )  # fmt: skip

    def feed_item(self, snapshot: Snapshot, item: Mapping[str, Any]) -> FeedItem:
        """Updated with its entry, but not before the day that it is on."""
        first, last = (item["entry"] and self.recorded(snapshot, item["entry"])) or ("", "")
        place, day = item["jurisdiction"], f"{item['on']}T00:00:00.000000Z"
        before, after = item["from"] or "nothing", item["to"] or "nothing"
        name = self.place_name(snapshot, place)
        title = f"{name}, {item['track']} {item['key']}: {before}, from {day_words(item['on'])} {after}"
        return FeedItem(
            id="/".join((f"{AUTHORITY}:status", place, item["track"], item["key"].replace(" ", "/"), item["on"])),
            address=f"{self.place_address(place)}?as_of={item['on']}",
            title=title,
            summary=f"{title}, because of {item['entry']}." if item["entry"] else f"{title}.",
            html=f"<p>{escape(title)}</p>",
            published=max(first, day),
            updated=max(last, day),
            tags=(item["track"], place),
            sources=web_addresses(item["sources"]),
            data=item,
        )


router = APIRouter(prefix="/api/v1", tags=["audit"])
list_routes(
    router,
    TransitionList,
    StatusHistory,
    [
        ListAddress(
            "/jurisdictions/{id}/history",
            HistoryQuery,
            "history_of_a_place",
            "Every transition of every track, in order of the first day on which the status says so.",
            "history_of_a_place_as",
            "A place's transitions in a format.",
        ),
        ListAddress(
            "/history",
            HistoryQuery,
            "history",
            "Everyone's transitions, place by place.",
            "history_as",
            "Everyone's transitions in a format.",
        ),
    ],
)
