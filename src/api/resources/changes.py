"""What changed in our account between two positions of the log."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from fastapi import APIRouter
from pydantic import Field

from api.formats.listing import AUTHORITY, Cell, ComputedList, FeedItem, Type
from api.formats.publish import ListAddress, list_routes
from api.formats.tabular import CELL_SEPARATOR
from api.http.errors import malformed_where_invalid
from api.http.parameters import ListParameters, PlaceId
from api.http.routes import ResourceResponse, raw_json
from api.openapi.schemas import AccountChanges
from application.clocks import parse_log_range
from domain.answers import AccountChange, EntryChange
from projections.changes import (
    CHANGE_KEY,
    ChangeFilter,
    ChangeKey,
    LogRange,
    account_changes,
    changes_page,
    entries_changed,
)
from projections.paging import Rows, encode_cursor
from projections.places import slug_of
from projections.snapshot import Snapshot

Point = Annotated[str, Field(max_length=64, examples=["520", "2026-11-24T17:00:00Z"])]


class ChangesQuery(ListParameters):
    """Between which two states of the log, and of what."""

    from_: Point = Field(
        "0",
        alias="from",
        description="What was said at this instant or log position. Left out: before anything was.",
        examples=["520"],
    )
    to: Point | None = Field(
        None, description="What was said at this instant or log position. Left out: what is said now."
    )
    jurisdiction: PlaceId | None = Field(None, description="Changes of this place's account.")
    track: Literal["stage", "response", "listing", "funding", "court", "policies"] | None = Field(
        None, description="Changes on this track."
    )


class ChangeList(ComputedList[ChangesQuery, ChangeKey]):
    """Entries that say something else, and days about which the account of a place does."""

    plural = "changes"
    page_path = "/changes"
    title = "Changes of our account"
    cursor_shape = CHANGE_KEY
    feed_shape: ClassVar = msgspec.json.Decoder(tuple[int, str])
    columns: ClassVar = {
        "what": Type.TEXT, "entry": Type.TEXT, "field": Type.TEXT, "jurisdiction": Type.TEXT, "track": Type.TEXT,
        "key": Type.TEXT, "from": Type.DAY, "to": Type.DAY, "before": Type.TEXT, "before_since": Type.TEXT,
        "before_entry": Type.TEXT, "after": Type.TEXT, "after_since": Type.TEXT, "after_entry": Type.TEXT,
        "first_recorded": Type.FLAG, "positions": Type.TEXT, "events": Type.TEXT, "reasons": Type.TEXT,
    }  # fmt: skip

    def prepare(self, snapshot: Snapshot, place: str | None) -> None:  # noqa: ARG002 - the place is in the query
        query, log = self.query, self.service.log
        with malformed_where_invalid():
            earlier, later = parse_log_range(self.service, snapshot, query.from_, query.to)
        slug = None if query.jurisdiction is None else snapshot.place(slug_of(snapshot, query.jurisdiction)).id
        self._between = LogRange.read(snapshot, log, earlier, later)
        self._filter = ChangeFilter(slug, query.track)

    def span(self) -> str:
        """The positions compared, since an instant may stand for another position one day."""
        return f"{self._between.earlier}.{self._between.later}."

    def leading(self, snapshot: Snapshot) -> Sequence[EntryChange]:
        return entries_changed(snapshot, self.service.log, self._between, self._filter.jurisdiction)

    def find(self, snapshot: Snapshot, after: ChangeKey | None) -> Rows[ChangeKey, AccountChange]:
        changes = account_changes(snapshot, self.service.log, self._between, self._filter, after)
        return Rows((key, change, self._last_cause(change)) for key, change in changes)

    def respond(self, snapshot: Snapshot) -> ResourceResponse:
        answer, next_key = changes_page(
            snapshot, self.service.log, self._between, self._filter, self.query.limit, self.after
        )
        return raw_json(snapshot, {**answer, "next": encode_cursor(next_key)})

    def rows(self, item: Mapping[str, Any]) -> Iterator[Sequence[Cell]]:
        because = item["because"]
        causes = (
            " ".join(str(cause["position"]) for cause in because),
            " ".join(cause["event"] for cause in because),
            CELL_SEPARATOR.join(cause["reason"] for cause in because if cause["reason"]),
        )
        if "fields" in item:
            for name, values in item["fields"].items():
                cells = _plain(values["before"]), None, None, _plain(values["after"]), None, None
                yield ("entry", item["entry"], name, *[None] * 5, *cells, None, *causes)
            return
        before, after, days = item["before"] or {}, item["after"] or {}, item["days"]
        yield (
            "status", None, None, item["jurisdiction"], item["track"], item["key"], days["from"], days["to"],
            before.get("value"), before.get("since"), before.get("entry"),
            after.get("value"), after.get("since"), after.get("entry"), item["first_recorded"], *causes,
        )  # fmt: skip

    def feed_item(self, snapshot: Snapshot, item: Mapping[str, Any]) -> FeedItem:
        position = self._last_cause(item)
        if "fields" in item:
            id_, title = f"entry/{item['entry']}", f"The entry {item['entry']}: {', '.join(item['fields'])}"
            address, tags = self.entry_address(item["entry"]), ("entry", item["entry"])
        else:
            place, track, days = item["jurisdiction"], item["track"], item["days"]
            before, after = ((item[side] or {}).get("value", "nothing") for side in ("before", "after"))
            until = f" to {days['to']}" if days["to"] else " on"
            id_ = "/".join((place, track, item["key"].replace(" ", "/"), days["from"]))
            name = self.place_name(snapshot, place)
            title = f"{name}, {track} {item['key']}, from {days['from']}{until}: {before}, now {after}"
            address, tags = self.place_address(place), (track, place)
        causes = (f"{cause['event']}: {cause['reason']}" for cause in item["because"] if cause["reason"])
        reasons = list(dict.fromkeys(causes))
        moment = self.instant(snapshot, position)
        return FeedItem(
            id=f"{AUTHORITY}:change/{id_}/{position}",
            address=address,
            title=title,
            summary=" ".join((f"{title}.", *reasons)),
            html=f"<p>{escape(title)}</p>" + "".join(f"<p><em>{escape(reason)}</em></p>" for reason in reasons),
            published=moment,
            updated=moment,
            tags=tags,
            data=item,
        )

    def recency(self, feed_item: FeedItem) -> tuple[int, str]:
        return self._last_cause(feed_item.data), feed_item.id

    def _last_cause(self, item: Mapping[str, Any]) -> int:
        return max((cause["position"] for cause in item["because"]), default=self._between.later)


def _plain(value: object) -> Cell:
    return value if value is None or isinstance(value, (str, int, bool)) else msgspec.json.encode(value).decode()


router = APIRouter(prefix="/api/v1", tags=["audit"])
list_routes(
    router,
    ChangeList,
    AccountChanges,
    [
        ListAddress(
            "/changes",
            ChangesQuery,
            "changes_between",
            "The days about which we now say something else than we did, place by place, and which events caused it.",
            "changes_as",
            "What changed in our account, in a format.",
        )
    ],
)
