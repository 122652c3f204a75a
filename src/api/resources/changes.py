"""What changed in our account, for every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.formats.listing import AUTHORITY, Cell, Feed, FeedItem, Listing, Type
from api.formats.publish import publish
from api.formats.tabular import CELL_SEPARATOR
from api.http.errors import MalformedQuery
from api.http.negotiation import JSON, LISTS, Format, negotiated_format
from api.http.parameters import (
    KeyText,
    PageParameters,
    PlaceId,
    decode_cursor,
    encode_cursor,
    parse_query,
    service_of,
    slug_of,
)
from api.http.responses import raw_json
from api.openapi.document import documented_in_formats
from api.openapi.schemas import AccountChanges
from application.clocks import parse_log_range
from domain.errors import Invalid
from projections.changes import ChangeFilter, ChangeKey, LogRange, account_changes, changes_page, entries_changed
from projections.snapshot import Snapshot

CHANGE_KEY = msgspec.json.Decoder(tuple[KeyText, Annotated[int, msgspec.Meta(ge=-1, le=1_000_000_000)]])
_CHANGE_FEED_KEY = msgspec.json.Decoder(tuple[int, str])
Begin = Callable[[Snapshot], tuple[LogRange, ChangeFilter]]
"""What was recorded in between, and of which place and track."""


class ChangeListing(Listing):
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
        after = decode_cursor(self.question.cursor, CHANGE_KEY)
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
            CELL_SEPARATOR.join(cause["reason"] for cause in because if cause["reason"]),
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
        before = decode_cursor(self.question.cursor, _CHANGE_FEED_KEY)
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

    def _changes(self, snapshot: Snapshot, after: ChangeKey | None) -> Iterator[tuple[ChangeKey, dict[str, Any]]]:
        return account_changes(snapshot, self.service.log, self._between, self._wanted, after)

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


router = APIRouter(prefix="/api/v1", tags=["audit"])
Point = Annotated[str, Field(max_length=64, examples=["520", "2026-11-24T17:00:00Z"])]


class ChangesQuery(PageParameters):
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


@router.get("/changes", **documented_in_formats(ChangesQuery, AccountChanges, LISTS, 400, 404, 406))
def changes_between(request: Request) -> Response:
    """The days about which we now say something else than we did, place by place, and which events caused it."""
    return changes_response(request, parse_query(ChangesQuery, request), negotiated_format(request))


def changes_response(request: Request, question: ChangesQuery, its: Format) -> Response:
    """Changes in a format."""
    service = service_of(request)

    def begin(snapshot: Snapshot) -> tuple[LogRange, ChangeFilter]:
        try:
            earlier, later = parse_log_range(service, snapshot, question.from_, question.to)
        except Invalid as error:
            raise MalformedQuery(error.detail, problems=error.problems) from error
        place = None if question.jurisdiction is None else snapshot.place(slug_of(snapshot, question.jurisdiction)).id
        return LogRange.read(snapshot, service.log, earlier, later), ChangeFilter(place, question.track)

    if its is not JSON:
        return publish(ChangeListing(request, question, begin), its)
    after = decode_cursor(question.cursor, CHANGE_KEY)
    with service.snapshot() as snapshot:
        span, wanted = begin(snapshot)
        found, following = changes_page(snapshot, service.log, span, wanted, question.limit, after)
        return raw_json(snapshot, {**found, "next": encode_cursor(following)})
