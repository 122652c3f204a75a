"""Transitions of statuses, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from typing import Annotated, Any, ClassVar

import msgspec
from fastapi import APIRouter, Request, Response

from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.publish import publish
from api.formats.words import day_words, web_address
from api.http.negotiation import JSON, LISTS, Format, negotiated_format
from api.http.parameters import (
    ClockQuery,
    KeyText,
    PageParameters,
    PlaceId,
    decode_cursor,
    encode_cursor,
    parse_query,
    slug_of,
)
from api.http.responses import ResourceResponse, raw_json
from api.http.routes import on_clocks
from api.openapi.document import documented_in_formats
from api.openapi.schemas import StatusHistory
from domain.dates import bounds
from projections.feed import recorded_span
from projections.history import TransitionKey, all_transitions, place_transitions
from projections.snapshot import Snapshot

_Number = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
TRANSITION_KEY = msgspec.json.Decoder(tuple[KeyText, _Number])
"""Where a transition stands in everyone's list."""
TRANSITIONS_START = msgspec.json.Decoder(_Number)
"""Where one stands in a place's."""
_TRANSITION_FEED_KEY = msgspec.json.Decoder(tuple[str, str])


class TransitionListing(Listing):
    """Transitions, place by place in order of the day; in feeds in order of when we first said so."""

    columns: ClassVar = {
        "jurisdiction": Type.TEXT, "track": Type.TEXT, "key": Type.TEXT, "from": Type.TEXT, "to": Type.TEXT,
        "on": Type.DAY, "since": Type.TEXT, "earliest": Type.DAY, "latest": Type.DAY, "entry": Type.TEXT,
        "sources": Type.TEXTS, "source_urls": Type.TEXTS,
    }  # fmt: skip

    def __init__(self, request: Request, question: Any, id_: str | None) -> None:  # noqa: ANN401 - the question of either address
        self._id = id_
        super().__init__(request, question)

    def begin(self, snapshot: Snapshot) -> None:
        """Finds the place."""
        self._place = None if self._id is None else snapshot.place(slug_of(snapshot, self._id)).id
        self.title = "Status history" if self._place is None else f"Status history: {self._place}"

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        yield from self.in_pieces(self._found, self._begun())
        if self._place is not None and isinstance(self.following, tuple):
            _, number = self.following
            self.following = number + 1  # a place's list goes on from a number alone

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """A row each."""
        one = msgspec.json.decode(item)
        earliest, latest = (None, None) if one["since"] is None else bounds(one["since"])
        sources = one["sources"]
        yield (
            one["jurisdiction"], one["track"], one["key"], one["from"], one["to"], one["on"], one["since"], earliest,
            latest, one["entry"], [its["title"] for its in sources], [its["url"] for its in sources if its.get("url")],
        )  # fmt: skip

    def feed(self, limit: int) -> Feed:
        """What was last recorded or corrected, or came about by the passing of days."""
        before = decode_cursor(self.question.cursor, _TRANSITION_FEED_KEY)
        with self.look() as snapshot:
            stamps: dict[str | None, tuple[str, str]] = {None: ("", "")}
            items = [self._item(snapshot, one, stamps) for _, one in self._found(snapshot, None)]
        items.sort(key=_recency, reverse=True)
        items = [one for one in items if before is None or _recency(one) < before]
        return Feed(items[:limit], _recency(items[limit - 1]) if len(items) > limit else None)

    def _begun(self) -> TransitionKey | None:
        """Behind which transition the list goes on."""
        if self._place is None:
            return decode_cursor(self.question.cursor, TRANSITION_KEY)
        start = decode_cursor(self.question.cursor, TRANSITIONS_START) or 0
        return (self._place, start - 1)

    def _found(self, snapshot: Snapshot, after: TransitionKey | None) -> Iterator[tuple[TransitionKey, dict[str, Any]]]:
        if self._place is None:
            return ((key, one) for key, one, _ in all_transitions(snapshot, after))
        start = 0 if after is None else after[1] + 1
        found, _, _ = place_transitions(snapshot, self._place, start, None)
        return (((self._place or "", number), one) for number, one in enumerate(found, start))

    def _item(self, snapshot: Snapshot, one: dict[str, Any], stamps: dict[str | None, tuple[str, str]]) -> FeedItem:
        entry, place = one["entry"], one["jurisdiction"]
        if entry not in stamps:
            known = recorded_span(snapshot, entry)
            stamps[entry] = (
                ("", "") if known is None else (self.instant(snapshot, known[0]), self.instant(snapshot, known[1]))
            )
        first, last = stamps[entry]
        day = f"{one['on']}T00:00:00.000000Z"
        was, now = one["from"] or "nothing", one["to"] or "nothing"
        said = f"{place}, {one['track']} {one['key']}: {was}, from {day_words(one['on'])} {now}"
        addresses = (web_address(its.get("url")) for its in one["sources"])
        return FeedItem(
            id="/".join((f"{AUTHORITY}:status", place, one["track"], one["key"].replace(" ", "/"), one["on"])),
            address=f"{self.api}/jurisdictions/{place}/status?as_of={one['on']}",
            title=said,
            summary=f"{said}, because of {entry}." if entry else f"{said}.",
            html=f"<p>{escape(said)}</p>",
            published=max(first, day),
            updated=max(last, day),
            tags=(one["track"], place),
            sources=tuple(dict.fromkeys(its for its in addresses if its is not None)),
            data=one,
        )


def _recency(item: FeedItem) -> tuple[str, str]:
    return item.updated, item.id


router = APIRouter(prefix="/api/v1", tags=["audit"])


class HistoryQuery(ClockQuery, PageParameters):
    """Which part of a history."""


@router.get("/jurisdictions/{id}/history", **documented_in_formats(HistoryQuery, StatusHistory, LISTS, 400, 404, 406))
def history_of_a_place(request: Request, id: PlaceId) -> Response:
    """Every transition of every track, in order of the first day on which the status says so."""
    return history_response(request, parse_query(HistoryQuery, request), id, negotiated_format(request))


@router.get("/history", **documented_in_formats(HistoryQuery, StatusHistory, LISTS, 400, 406))
def history(request: Request) -> Response:
    """Everyone's transitions, place by place."""
    return history_response(request, parse_query(HistoryQuery, request), None, negotiated_format(request))


def history_response(request: Request, question: HistoryQuery, id_: str | None, its: Format) -> Response:
    """A history in a format."""
    if its is not JSON:
        return publish(TransitionListing(request, question, id_), its)
    id_in_path = request.path_params.get("id")

    def make(snapshot: Snapshot) -> ResourceResponse:
        if id_ is not None:
            start = decode_cursor(question.cursor, TRANSITIONS_START) or 0
            found, following, rests_on = place_transitions(snapshot, slug_of(snapshot, id_), start, question.limit)
            return raw_json(snapshot, {"transitions": found, "next": encode_cursor(following), "position": rests_on})
        taken = list(
            islice(all_transitions(snapshot, decode_cursor(question.cursor, TRANSITION_KEY)), question.limit + 1)
        )
        shown = taken[: question.limit]
        cursor = encode_cursor(shown[-1][0]) if len(taken) > question.limit else None
        position = max((its for _, _, its in shown), default=0)
        return raw_json(snapshot, {"transitions": [one for _, one, _ in shown], "next": cursor, "position": position})

    return on_clocks(request, question, make, stream=None if id_in_path is None else f"jurisdiction:{id_in_path}")
