"""Deadlines, everyone's or a place's."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field

from api.formats.listing import AUTHORITY, Cell, ComputedList, FeedItem, Type
from api.formats.publish import ListAddress, list_routes
from api.formats.words import day_words
from api.http.parameters import ClockQuery, ListParameters
from api.openapi.schemas import Deadlines
from domain.answers import Deadline, DeadlineState
from domain.dates import Day
from projections.deadlines import DEADLINE_KEY, DeadlineFilter, DeadlineKey, find_deadlines
from projections.paging import Rows
from projections.places import slug_of
from projections.snapshot import Snapshot

_ENTRIES = ("demand", "answer", "extended_by", "withdrawn_by")


class DueQuery(ClockQuery):
    state: DeadlineState | None = Field(None, description="Deadlines that stand so on the day asked.")
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")


class DeadlineQuery(DueQuery, ListParameters):
    """Which deadlines, and which page of them."""


class DeadlineList(ComputedList[DeadlineQuery, DeadlineKey]):
    """Deadlines in order of the day due; in feeds in order of what last happened to them."""

    plural = "deadlines"
    page_path = "/deadlines"
    cursor_shape = DEADLINE_KEY
    columns: ClassVar = {
        "demand": Type.TEXT, "addressee": Type.TEXT, "due": Type.DAY, "original_due": Type.DAY, "words": Type.TEXT,
        "state": Type.TEXT, "late": Type.FLAG, "answer": Type.TEXT, "for": Type.TEXT, "time_zone": Type.TEXT,
        "review": Type.TEXT, "extended_by": Type.TEXT, "withdrawn_by": Type.TEXT,
    }  # fmt: skip

    def prepare(self, snapshot: Snapshot, place: str | None) -> None:
        self._place = None if place is None else slug_of(snapshot, place)
        self._filter = DeadlineFilter(self.query.state, self.query.from_, self.query.to)
        self.title = "Deadlines" if self._place is None else f"Deadlines: {self.place_name(snapshot, self._place)}"

    def find(self, snapshot: Snapshot, after: DeadlineKey | None) -> Rows[DeadlineKey, Deadline]:
        return find_deadlines(snapshot, self._place, self._filter, after)

    def rows(self, item: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
        yield [item[name] for name in self.columns]

    def feed_item(self, snapshot: Snapshot, item: Mapping[str, Any]) -> FeedItem:
        """Updated with each entry of the deadline, and at the end of the day due where it lapsed."""
        entries = [item[name] for name in _ENTRIES if item[name] is not None]
        spans = [span for entry in entries if (span := self.recorded(snapshot, entry)) is not None]
        updated = max(last for _, last in spans)
        if item["state"] == "lapsed":
            updated = max(updated, _end_of_day(item["due"], item["time_zone"]))
        name = self.place_name(snapshot, item["addressee"])
        title = f"{name}: {item['for']} due {day_words(item['due'])}, {item['state']}"
        words = item["words"] or ""
        return FeedItem(
            id=f"{AUTHORITY}:deadline/{item['demand']}/{item['addressee']}",
            address=self.entry_address(item["demand"]),
            title=title,
            summary=f"{title}. {words}".strip(),
            html=f"<p>{escape(title)}</p>" + (f"<blockquote>{escape(words)}</blockquote>" if words else ""),
            published=spans[0][0],
            updated=updated,
            tags=(item["state"], item["addressee"]),
            data=item,
        )


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
