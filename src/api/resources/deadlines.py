"""Deadlines, everyone's or a place's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter
from pydantic import Field

from api.formats.listing import AUTHORITY, Cell, ComputedList, FeedItem, Type
from api.formats.publish import ListAddress, list_routes
from api.formats.words import day_words
from api.http.parameters import ClockQuery, PageParameters, slug_of
from api.openapi.schemas import Deadlines
from domain.answers import Deadline
from domain.dates import Day
from projections.deadlines import DeadlineFilter, DeadlineKey, all_deadlines, place_deadlines
from projections.feed import recorded_span
from projections.paging import KeyText, Page, take_page
from projections.snapshot import Snapshot

_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyText])


class DeadlineQuery(ClockQuery, PageParameters):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None, description="Deadlines that stand so on the day asked."
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")


class DeadlineList(ComputedList[DeadlineQuery, DeadlineKey, Deadline]):
    """Deadlines in order of the day due; in feeds in order of what last happened to them."""

    plural = "deadlines"
    cursor_shape = _KEY
    columns: ClassVar = {
        "demand": Type.TEXT, "addressee": Type.TEXT, "due": Type.DAY, "original_due": Type.DAY, "words": Type.TEXT,
        "state": Type.TEXT, "late": Type.FLAG, "answer": Type.TEXT, "for": Type.TEXT, "time_zone": Type.TEXT,
        "review": Type.TEXT, "extended_by": Type.TEXT, "withdrawn_by": Type.TEXT,
    }  # fmt: skip

    def prepare(self, snapshot: Snapshot, place: str | None) -> None:
        """Resolves the place."""
        self._place = None if place is None else slug_of(snapshot, place)
        self._filter = DeadlineFilter(self.query.state, self.query.from_, self.query.to)
        self._spans: dict[str, tuple[int, int] | None] = {}
        self.title = "Deadlines" if self._place is None else f"Deadlines: {self._place}"

    def find(self, snapshot: Snapshot, after: DeadlineKey | None) -> Iterator[tuple[DeadlineKey, Deadline, int]]:
        """By day due, demand and addressee."""
        if self._place is None:
            rows = all_deadlines(snapshot, self._filter, after)
            return ((_key(deadline), deadline, position) for deadline, position in rows)
        return _beyond(after, *place_deadlines(snapshot, self._place, self._filter))

    def page(self, snapshot: Snapshot, after: DeadlineKey | None, limit: int) -> Page[DeadlineKey, Deadline]:
        """A page. A place's list rests on a position also where it is empty."""
        if self._place is None:
            return super().page(snapshot, after, limit)
        deadlines, rests_on = place_deadlines(snapshot, self._place, self._filter)
        return take_page(_beyond(after, deadlines, rests_on), limit, rests_on)

    def rows(self, item: Deadline) -> Iterator[Sequence[Cell]]:
        """A row each."""
        cells: Mapping[str, Any] = item
        yield [cells[name] for name in self.columns]

    def feed_item(self, snapshot: Snapshot, item: Deadline) -> FeedItem:
        """Updated with each entry of the deadline, and at the end of the day due where it lapsed."""
        named = (item["demand"], item["answer"], item["extended_by"], item["withdrawn_by"])
        entries = [entry for entry in named if entry is not None]
        for entry in entries:
            if entry not in self._spans:
                self._spans[entry] = recorded_span(snapshot, entry)
        spans = [span for entry in entries if (span := self._spans[entry]) is not None]
        updated = max(self.instant(snapshot, last) for _, last in spans)
        if item["state"] == "lapsed":
            updated = max(updated, _end_of_day(item["due"], item["time_zone"]))
        title = f"{item['addressee']}: {item['for']} due {day_words(item['due'])}, {item['state']}"
        words = item["words"] or ""
        return FeedItem(
            id=f"{AUTHORITY}:deadline/{item['demand']}/{item['addressee']}",
            address=self.entry_address(item["demand"]),
            title=title,
            summary=f"{title}. {words}".strip(),
            html=f"<p>{escape(title)}</p>" + (f"<blockquote>{escape(words)}</blockquote>" if words else ""),
            published=self.instant(snapshot, spans[0][0]),
            updated=updated,
            tags=(item["state"], item["addressee"]),
            data=item,
        )


def _key(deadline: Deadline) -> DeadlineKey:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _beyond(
    after: DeadlineKey | None, deadlines: list[Deadline], rests_on: int
) -> Iterator[tuple[DeadlineKey, Deadline, int]]:
    rows = ((_key(deadline), deadline, rests_on) for deadline in deadlines)
    return (row for row in rows if after is None or row[0] > after)


def _end_of_day(day: str, zone: str) -> str:
    """The instant at which a day is over where it was due, as the log writes instants."""
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(zone))
    return f"{midnight.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


router = APIRouter(prefix="/api/v1", tags=["deadlines"])
list_routes(
    router,
    DeadlineList,
    Deadlines,
    [
        ListAddress(
            "/jurisdictions/{id}/deadlines",
            DeadlineQuery,
            "deadlines_of_a_place",
            "The deadlines of a place and of its agencies, in order of the day due.",
            "deadlines_of_a_place_as",
            "A place's deadlines in a format.",
        ),
        ListAddress(
            "/deadlines",
            DeadlineQuery,
            "deadlines",
            "Everyone's deadlines, in order of the day due.",
            "deadlines_as",
            "Everyone's deadlines in a format.",
        ),
    ],
)
