"""What changed in our account, for every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Annotated, Any, ClassVar

import msgspec
from fastapi import Request

from api.formats.csv import SEPARATOR
from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.paging import Text, key_of
from projections.changes import Between, Key, Wanted, changes, entries_changed
from projections.snapshot import Snapshot

KEY = msgspec.json.Decoder(tuple[Text, Annotated[int, msgspec.Meta(ge=-1, le=1_000_000_000)]])
_FEED_KEY = msgspec.json.Decoder(tuple[int, str])
Begin = Callable[[Snapshot], tuple[Between, Wanted]]
"""What was recorded in between, and of which place and track."""


class Differences(Listing):
    """Entries that say something else, and days about which the account of a place does."""

    columns: ClassVar = {
        "what": Type.TEXT, "entry": Type.TEXT, "field": Type.TEXT, "jurisdiction": Type.TEXT, "track": Type.TEXT,
        "key": Type.TEXT, "from": Type.DAY, "to": Type.DAY, "before": Type.TEXT, "before_since": Type.TEXT,
        "before_entry": Type.TEXT, "after": Type.TEXT, "after_since": Type.TEXT, "after_entry": Type.TEXT,
        "first_recorded": Type.FLAG, "positions": Type.TEXT, "events": Type.TEXT, "reasons": Type.TEXT,
    }  # fmt: skip
    title = "Changes of our account"

    def __init__(self, request: Request, question: Any, begin: Begin) -> None:  # noqa: ANN401 - the question of its address
        self._begin = begin
        super().__init__(request, question)

    def begin(self, snapshot: Snapshot) -> None:
        """Reads what was recorded in between."""
        self._between, self._wanted = self._begin(snapshot)

    @property
    def validator(self) -> str:
        """With where the account begins and ends, for an instant may name another position one day."""
        return f"{self._between.earlier}.{self._between.later}.{super().validator}"

    def pieces(self) -> Iterator[list[bytes]]:
        """In the order of the list."""
        after = key_of(self.question.cursor, KEY)
        if after is None:
            yield [msgspec.json.encode(one) for one in self._entries()]
        yield from self.in_pieces(self._changes, after)

    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """A row for each field of an entry, and for each stretch of days."""
        one = msgspec.json.decode(item)
        because = one["because"]
        causes = (
            " ".join(str(cause["position"]) for cause in because),
            " ".join(cause["event"] for cause in because),
            SEPARATOR.join(cause["reason"] for cause in because if cause["reason"]),
        )
        if "fields" in one:
            for name, its in one["fields"].items():
                values = _plain(its["before"]), None, None, _plain(its["after"]), None, None
                yield ("entry", one["entry"], name, *[None] * 5, *values, None, *causes)
            return
        before, after = one["before"] or {}, one["after"] or {}
        yield (
            "status", None, None, one["jurisdiction"], one["track"], one["key"], one["days"]["from"], one["days"]["to"],
            before.get("value"), before.get("since"), before.get("entry"),
            after.get("value"), after.get("since"), after.get("entry"), one["first_recorded"], *causes,
        )  # fmt: skip

    def feed(self, limit: int) -> Feed:
        """What was recorded, corrected or came about last."""
        before = key_of(self.question.cursor, _FEED_KEY)
        with self.look() as snapshot:
            found = [self._item(snapshot, one) for one in self._entries(snapshot)]
            found += [self._item(snapshot, one) for _, one in self._changes(snapshot, None)]
        found.sort(key=lambda one: one[0], reverse=True)
        found = [one for one in found if before is None or one[0] < before]
        return Feed([item for _, item in found[:limit]], found[limit - 1][0] if len(found) > limit else None)

    def _entries(self, snapshot: Snapshot | None = None) -> list[dict[str, Any]]:
        if snapshot is not None:
            return entries_changed(snapshot, self.service.log, self._between, self._wanted.jurisdiction)
        with self.look() as its:
            return self._entries(its)

    def _changes(self, snapshot: Snapshot, after: Key | None) -> Iterator[tuple[Key, dict[str, Any]]]:
        return changes(snapshot, self.service.log, self._between, self._wanted, after)

    def _item(self, snapshot: Snapshot, one: dict[str, Any]) -> tuple[tuple[int, str], FeedItem]:
        last = max((cause["position"] for cause in one["because"]), default=self._between.later)
        if "fields" in one:
            id_, what = f"entry/{one['entry']}", f"The entry {one['entry']}: {', '.join(one['fields'])}"
            address, tags = self.entry_address(one["entry"]), ("entry", one["entry"])
        else:
            id_ = "/".join((one["jurisdiction"], one["track"], one["key"].replace(" ", "/"), one["days"]["from"]))
            was, now = ((one[name] or {}).get("value", "nothing") for name in ("before", "after"))
            until = f" to {one['days']['to']}" if one["days"]["to"] else " on"
            span = f"from {one['days']['from']}{until}"
            what = f"{one['jurisdiction']}, {one['track']} {one['key']}, {span}: {was}, now {now}"
            address, tags = (
                f"{self.api}/jurisdictions/{one['jurisdiction']}/status",
                (one["track"], one["jurisdiction"]),
            )
        reasons = list(
            dict.fromkeys(f"{cause['event']}: {cause['reason']}" for cause in one["because"] if cause["reason"])
        )
        moment = self.instant(snapshot, last)
        item = FeedItem(
            id=f"{AUTHORITY}:change/{id_}/{last}",
            address=address,
            title=what,
            summary=" ".join((f"{what}.", *reasons)),
            html=f"<p>{escape(what)}</p>" + "".join(f"<p><em>{escape(reason)}</em></p>" for reason in reasons),
            published=moment,
            updated=moment,
            tags=tags,
            data=one,
        )
        return (last, item.id), item


def _plain(value: object) -> Cell:
    return value if value is None or isinstance(value, (str, int, bool)) else msgspec.json.encode(value).decode()
