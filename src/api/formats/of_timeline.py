"""The timeline, everyone's or a place's, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import msgspec
from fastapi import Request

from api.addresses import slug_of
from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.words import html_of, title_of, web_address
from api.paging import At, Fit, Number, Text, key_of
from domain.dates import bounds
from projections.feed import latest, revision
from projections.snapshot import Snapshot
from projections.timeline import Key, RankedKey, Wanted, page

_KEY = msgspec.json.Decoder(tuple[Text, Text, Number, Text])
_RANKED_KEY = msgspec.json.Decoder(tuple[At, Fit, Text, Text, Number, Text])
_FEED_KEY = msgspec.json.Decoder(int)
_PIECE = 1_000
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
        ranked=filters.ranked,
    )


def key_in(filters: Any) -> Key | RankedKey | None:  # noqa: ANN401 - as above
    """The key that the cursor of the filters stands for, in the order that they ask for."""
    return key_of(filters.cursor, _RANKED_KEY) if filters.ranked else key_of(filters.cursor, _KEY)


class Entries(Listing):
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
        self._wanted = wanted_by(self.question, place)
        self.title = "Dispute timeline" if place is None else f"Dispute timeline: {place}"
        self.as_of = snapshot.clocks(*([] if place is None else [snapshot.place(place).time_zone])).as_of

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        after, left = key_in(self.question), self.limit
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
