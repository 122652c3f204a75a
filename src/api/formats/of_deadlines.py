"""Deadlines, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request

from api.addresses import slug_of
from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.words import day_words
from api.paging import Text, key_of
from projections.deadlines import Key, Wanted, all_deadlines, place_deadlines
from projections.feed import span
from projections.snapshot import Snapshot

KEY = msgspec.json.Decoder(tuple[Text, Text, Text])
_FEED_KEY = msgspec.json.Decoder(tuple[str, str])
_NAMED = ("demand", "answer", "extended_by", "withdrawn_by")


def key_of_deadline(deadline: dict[str, Any]) -> Key:
    """Where a deadline stands in the list."""
    return deadline["due"], deadline["demand"], deadline["addressee"]


class DueDays(Listing):
    """Deadlines, in order of the day due; in feeds in order of what last happened to them."""

    columns: ClassVar = {
        "demand": Type.TEXT, "addressee": Type.TEXT, "due": Type.DAY, "original_due": Type.DAY, "words": Type.TEXT,
        "state": Type.TEXT, "late": Type.FLAG, "answer": Type.TEXT, "for": Type.TEXT, "time_zone": Type.TEXT,
        "review": Type.TEXT, "extended_by": Type.TEXT, "withdrawn_by": Type.TEXT,
    }  # fmt: skip

    def __init__(self, request: Request, filters: Any, id_: str | None) -> None:  # noqa: ANN401 - the filters of a question
        self._id = id_
        self._wanted = Wanted(filters.state, filters.from_, filters.to)
        super().__init__(request, filters)

    def begin(self, snapshot: Snapshot) -> None:
        """Finds the place."""
        self._place = None if self._id is None else slug_of(snapshot, self._id)
        self.title = "Deadlines" if self._place is None else f"Deadlines: {self._place}"

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        yield from self.in_pieces(
            lambda snapshot, after: ((key_of_deadline(one), one) for one in self._found(snapshot, after)),
            key_of(self.question.cursor, KEY),
        )

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """A row each."""
        deadline = msgspec.json.decode(item)
        yield [deadline[name] for name in self.columns]

    def feed(self, limit: int) -> Feed:
        """What was recorded, corrected or came about last."""
        before = key_of(self.question.cursor, _FEED_KEY)
        with self.look() as snapshot:
            spans: dict[str, tuple[int, int] | None] = {}
            items = [self._item(snapshot, one, spans) for one in self._found(snapshot, None)]
        items.sort(key=_recency, reverse=True)
        items = [one for one in items if before is None or _recency(one) < before]
        return Feed(items[:limit], _recency(items[limit - 1]) if len(items) > limit else None)

    def _found(self, snapshot: Snapshot, after: Key | None) -> Iterator[dict[str, Any]]:
        if self._place is None:
            return (one for one, _ in all_deadlines(snapshot, self._wanted, after))
        found, _ = place_deadlines(snapshot, self._place, self._wanted)
        return (one for one in found if after is None or key_of_deadline(one) > after)

    def _item(self, snapshot: Snapshot, deadline: dict[str, Any], spans: dict[str, tuple[int, int] | None]) -> FeedItem:
        named = [deadline[name] for name in _NAMED if deadline[name] is not None]
        for entry in named:
            if entry not in spans:
                spans[entry] = span(snapshot, entry)
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
