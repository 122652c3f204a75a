"""The timeline, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from fastapi import Request

from api.addresses import slug_of
from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing
from api.formats.words import html_of, title_of, web_address
from api.paging import Number, Text, key_of
from domain.dates import bounds
from projections.feed import latest, revision
from projections.snapshot import Snapshot
from projections.timeline import Wanted, page

KEY = msgspec.json.Decoder(tuple[Text, Text, Number, Text])
_FEED_KEY = msgspec.json.Decoder(int)
_PIECE = 1_000
_SEPARATOR = " | "
_SAID = {
    "EntryCorrected": "Corrected",
    "EntryDisputed": "Disputed",
    "EntryRetracted": "Retracted",
    "EntryReinstated": "Reinstated",
}


def wanted_by(filters: Any, place: str | None) -> Wanted:  # noqa: ANN401 - the filters of two addresses, which differ by one
    """What the filters of a timeline ask for."""
    return Wanted(
        jurisdiction=place,
        state=filters.state,
        kind=filters.kind,
        party=filters.party,
        first=filters.from_,
        last=filters.to,
        words=filters.q,
        context=filters.context,
        newest=filters.order == "newest",
    )


class Entries(Listing):
    """Entries, in order of occurrence; in feeds in order of recording."""

    columns = (
        "id", "kind", "occurred", "earliest", "latest", "public", "certain", "standing", "party", "actor", "office",
        "jurisdictions", "summary", "respond_by", "review", "answers", "quotes", "sources", "source_urls", "note",
        "confidence", "position", "recorded_at", "version", "revised_position", "revised_at", "url",
    )  # fmt: skip

    def __init__(self, request: Request, filters: Any, id_: str | None) -> None:  # noqa: ANN401 - as above
        self._id = id_ if id_ is not None else getattr(filters, "jurisdiction", None)
        super().__init__(request, filters)

    def begin(self, snapshot: Snapshot) -> None:
        """Finds the place."""
        place = None if self._id is None else slug_of(snapshot, self._id)
        self._wanted = wanted_by(self.question, place)
        self.title = "Dispute timeline" if place is None else f"Dispute timeline: {place}"
        self.as_of = snapshot.clocks(*([] if place is None else [snapshot.place(place).time_zone])).as_of

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        after, left = key_of(self.question.cursor, KEY), self.limit
        while True:
            with self.look() as snapshot:
                found = page(snapshot, self._wanted, _PIECE if left is None else left, after)
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
        earliest, latest_ = bounds(entry["occurred"])
        asked = entry.get("respond_by", {})
        yield (
            entry["id"], entry["kind"], entry["occurred"], earliest, latest_, entry.get("public"), entry["certain"],
            entry["standing"], actor["party"], actor.get("name"), actor.get("office"),
            _SEPARATOR.join(entry["jurisdictions"]), entry["summary"],
            asked.get("date") or (f"{asked['days']} days" if "days" in asked else None),
            entry.get("review", {}).get("id"), _SEPARATOR.join(entry.get("answers", ())),
            _SEPARATOR.join(one["text"] for one in entry.get("quotes", ())),
            _SEPARATOR.join(one["title"] for one in sources),
            _SEPARATOR.join(one["url"] for one in sources if one.get("url")), entry.get("note"),
            entry.get("confidence"), log["position"], log["recorded_at"], log["version"], log["revised"]["position"],
            log["revised"]["recorded_at"], self.entry_address(entry["id"]),
        )  # fmt: skip

    def feed(self, limit: int) -> Feed:
        """What was recorded, corrected or came about last."""
        with self.look() as snapshot:
            found = latest(snapshot, self._wanted, limit, key_of(self.question.cursor, _FEED_KEY))
            return Feed([self._item(snapshot, position, body) for position, body in found.found], found.next)

    def _item(self, snapshot: Snapshot, position: int, body: bytes) -> FeedItem:
        entry = msgspec.json.decode(body)
        revised = revision(snapshot, self.service.log, position)
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
    return f"{_SAID[event]}{by}: {said['reason']}"
