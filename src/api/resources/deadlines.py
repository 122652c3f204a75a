"""Deadlines, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from itertools import islice
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.publish import publish
from api.formats.words import day_words
from api.http.negotiation import JSON, LISTS, Format, negotiated_format
from api.http.parameters import (
    ClockQuery,
    KeyText,
    PageParameters,
    PlaceId,
    decode_cursor,
    encode_cursor,
    slug_of,
)
from api.http.responses import ResourceResponse, raw_json
from api.http.routes import get, on_clocks
from api.openapi.schemas import Deadlines
from domain.dates import Day
from projections.deadlines import DeadlineFilter, DeadlineKey, all_deadlines, place_deadlines
from projections.feed import recorded_span
from projections.snapshot import Snapshot

DEADLINE_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyText])
_DEADLINE_FEED_KEY = msgspec.json.Decoder(tuple[str, str])
_NAMED = ("demand", "answer", "extended_by", "withdrawn_by")


def key_of_deadline(deadline: dict[str, Any]) -> DeadlineKey:
    """Where a deadline stands in the list."""
    return deadline["due"], deadline["demand"], deadline["addressee"]


class DeadlineListing(Listing):
    """Deadlines, in order of the day due; in feeds in order of what last happened to them."""

    columns: ClassVar = {
        "demand": Type.TEXT, "addressee": Type.TEXT, "due": Type.DAY, "original_due": Type.DAY, "words": Type.TEXT,
        "state": Type.TEXT, "late": Type.FLAG, "answer": Type.TEXT, "for": Type.TEXT, "time_zone": Type.TEXT,
        "review": Type.TEXT, "extended_by": Type.TEXT, "withdrawn_by": Type.TEXT,
    }  # fmt: skip

    def __init__(self, request: Request, filters: Any, id_: str | None) -> None:  # noqa: ANN401 - the filters of a question
        self._id = id_
        self._wanted = DeadlineFilter(filters.state, filters.from_, filters.to)
        super().__init__(request, filters)

    def begin(self, snapshot: Snapshot) -> None:
        """Finds the place."""
        self._place = None if self._id is None else slug_of(snapshot, self._id)
        self.title = "Deadlines" if self._place is None else f"Deadlines: {self._place}"

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        yield from self.in_pieces(
            lambda snapshot, after: ((key_of_deadline(one), one) for one in self._found(snapshot, after)),
            decode_cursor(self.question.cursor, DEADLINE_KEY),
        )

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """A row each."""
        deadline = msgspec.json.decode(item)
        yield [deadline[name] for name in self.columns]

    def feed(self, limit: int) -> Feed:
        """What was recorded, corrected or came about last."""
        before = decode_cursor(self.question.cursor, _DEADLINE_FEED_KEY)
        with self.look() as snapshot:
            spans: dict[str, tuple[int, int] | None] = {}
            items = [self._item(snapshot, one, spans) for one in self._found(snapshot, None)]
        items.sort(key=_recency, reverse=True)
        items = [one for one in items if before is None or _recency(one) < before]
        return Feed(items[:limit], _recency(items[limit - 1]) if len(items) > limit else None)

    def _found(self, snapshot: Snapshot, after: DeadlineKey | None) -> Iterator[dict[str, Any]]:
        if self._place is None:
            return (one for one, _ in all_deadlines(snapshot, self._wanted, after))
        found, _ = place_deadlines(snapshot, self._place, self._wanted)
        return (one for one in found if after is None or key_of_deadline(one) > after)

    def _item(self, snapshot: Snapshot, deadline: dict[str, Any], spans: dict[str, tuple[int, int] | None]) -> FeedItem:
        named = [deadline[name] for name in _NAMED if deadline[name] is not None]
        for entry in named:
            if entry not in spans:
                spans[entry] = recorded_span(snapshot, entry)
        known = [one for entry in named if (one := spans[entry]) is not None]
        updated = max(self.instant(snapshot, last) for _, last in known)
        if deadline["state"] == "lapsed":
            updated = max(updated, _end_of_day(deadline["due"], deadline["time_zone"]))
        said = f"{deadline['addressee']}: {deadline['for']} due {day_words(deadline['due'])}, {deadline['state']}"
        words = deadline["words"] or ""
        return FeedItem(
            id=f"{AUTHORITY}:deadline/{deadline['demand']}/{deadline['addressee']}",
            address=self.entry_address(deadline["demand"]),
            title=said,
            summary=f"{said}. {words}".strip(),
            html=f"<p>{escape(said)}</p>" + (f"<blockquote>{escape(words)}</blockquote>" if words else ""),
            published=self.instant(snapshot, known[0][0]),
            updated=updated,
            tags=(deadline["state"], deadline["addressee"]),
            data=deadline,
        )


def _recency(item: FeedItem) -> tuple[str, str]:
    return item.updated, item.id


def _end_of_day(day: str, zone: str) -> str:
    """The instant at which a day is over where it was due, as the log writes instants."""
    midnight = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(zone))
    return f"{midnight.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


router = APIRouter(prefix="/api/v1", tags=["deadlines"])


class DeadlineQuery(ClockQuery, PageParameters):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None, description="Deadlines that stand so on the day asked."
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")


@get(router, "/jurisdictions/{id}/deadlines", query=DeadlineQuery, answer=Deadlines, formats=LISTS)
def deadlines_of_a_place(request: Request, query: DeadlineQuery, id: PlaceId) -> Response:
    """The deadlines of a place and of its agencies, in order of the day due."""
    return deadlines_response(request, query, id, negotiated_format(request))


@get(router, "/deadlines", query=DeadlineQuery, answer=Deadlines, formats=LISTS)
def deadlines(request: Request, query: DeadlineQuery) -> Response:
    """Everyone's deadlines, in order of the day due."""
    return deadlines_response(request, query, None, negotiated_format(request))


def deadlines_response(request: Request, filters: DeadlineQuery, id_: str | None, its: Format) -> Response:
    """Deadlines in a format."""
    if its is not JSON:
        return publish(DeadlineListing(request, filters, id_), its)
    after = decode_cursor(filters.cursor, DEADLINE_KEY)
    id_in_path = request.path_params.get("id")

    def make(snapshot: Snapshot) -> ResourceResponse:
        if id_ is None:
            return _page(snapshot, all_deadlines(snapshot, _deadline_filter(filters), after), filters.limit, 0)
        found, rests_on = place_deadlines(snapshot, slug_of(snapshot, id_), _deadline_filter(filters))
        rest = ((one, rests_on) for one in found if after is None or key_of_deadline(one) > after)
        return _page(snapshot, rest, filters.limit, rests_on)

    return on_clocks(request, filters, make, stream=None if id_in_path is None else f"jurisdiction:{id_in_path}")


def _deadline_filter(filters: DeadlineQuery) -> DeadlineFilter:
    return DeadlineFilter(filters.state, filters.from_, filters.to)


def _page(
    snapshot: Snapshot, found: Iterable[tuple[dict[str, Any], int]], limit: int, rests_on: int
) -> ResourceResponse:
    """As many as are wanted; one more is looked for, to know whether there is a next page."""
    taken = list(islice(found, limit + 1))
    shown = taken[:limit]
    following = encode_cursor(key_of_deadline(shown[-1][0])) if len(taken) > limit else None
    position = max((position for _, position in shown), default=rests_on)
    return raw_json(snapshot, {"deadlines": [one for one, _ in shown], "next": following, "position": position})
