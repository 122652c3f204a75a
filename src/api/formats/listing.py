"""Lists of the record: what each declares once, and how it is read piece by piece, as it stood at one moment.

A list declares how it is found, its columns and its feed items. Its JSON pages, every format and its addresses follow
(`api.formats.publish`). It needs no request, so that the command line can read the same pages.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from operator import itemgetter
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from fastapi import Request

from api.http.exchange import AnswerClocks, quarter_of, request_context, root_url
from api.http.parameters import ClockQuery, ListParameters, answer_clocks, clocks_asked, read_cursor, service_of
from api.http.routes import ResourceResponse, page_response
from api.pages.names import Names
from application.service import Service
from domain.errors import NotFound
from projections.feed import recorded_span
from projections.paging import Page, Rows
from projections.snapshot import AskedClocks, Snapshot, recorded_at

Cell = str | int | bool | Sequence[str] | None


class Type(Enum):
    """What the cells of a column are. A date that may not be a single day is a text; its bounds are days."""

    TEXT = auto()
    TEXTS = auto()
    DAY = auto()
    INSTANT = auto()
    WHOLE = auto()
    FLAG = auto()


AUTHORITY = "tag:dispute-timeline,2026"
"""Begins the id of every feed and feed item (RFC 4151): the same wherever the record is served from."""
QueryT = TypeVar("QueryT", bound=ListParameters)
KeyT = TypeVar("KeyT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class FeedItem:
    """An item of a feed. `id` never changes; `updated` moves with every correction."""

    id: str
    address: str
    title: str
    summary: str
    html: str
    published: str
    updated: str
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """Some items, newest first, and the key that the next page begins after."""

    items: Sequence[FeedItem]
    next_key: object = None


class RecordList(ABC, Generic[QueryT, KeyT, ItemT]):
    """A list of the record, for one query. An item is a dict, or the bytes of its JSON where they are stored so.

    It is made from a snapshot and can then be read from others of the same log position.
    """

    plural: ClassVar[str]
    """The name of the items in JSON."""
    columns: ClassVar[Mapping[str, Type]]
    piece: ClassVar[int] = 500
    """How many items a stream reads at a time."""
    only_in_json: ClassVar[Sequence[str]] = ()
    """The parameters that no other format can answer."""
    page_path: ClassVar[str] = "/"
    """The page that tells a reader what the list does; a place's own list leads to its page."""
    title: str

    def __init__(
        self, service: Service, snapshot: Snapshot, query: QueryT, place: str | None = None, root: str = ""
    ) -> None:
        """`place`: the id of a jurisdiction, where the list is of one. `root`: where links begin."""
        self.service = service
        self.query = query
        self.api = f"{root}/api/v1"
        self._root = root
        self._place_names: dict[str, str] = {}
        self._recorded: dict[str, tuple[str, str] | None] = {}
        self.prepare(snapshot, place)

    @abstractmethod
    def prepare(self, snapshot: Snapshot, place: str | None) -> None:
        """Resolves the query, with every error that it can have, and sets the title."""

    @property
    @abstractmethod
    def cursor_shape(self) -> msgspec.json.Decoder[KeyT]:
        """The shape of a key of this list."""

    @abstractmethod
    def page(self, snapshot: Snapshot, after: KeyT | None, limit: int) -> Page[KeyT, ItemT]:
        """A page: the items that come after a key."""

    @abstractmethod
    def rows(self, item: ItemT) -> Iterator[Sequence[Cell]]:
        """The rows of a table that an item amounts to, a cell for each of `columns`."""

    @abstractmethod
    def feed(self, snapshot: Snapshot, limit: int) -> Feed:
        """The items that were last recorded, corrected or came about, newest first."""

    @property
    def after(self) -> KeyT | None:
        return read_cursor(self.query.cursor, self.cursor_shape)

    def leading(self, snapshot: Snapshot) -> Sequence[ItemT]:  # noqa: ARG002 - for lists that have such items
        """Items that come before the first page and count for no limit."""
        return ()

    def respond(self, snapshot: Snapshot) -> ResourceResponse:
        page = self.page(snapshot, self.after, self.query.limit)
        return page_response(snapshot, self.plural, json_items(page.items), page.next_key, page.rests_on)

    def as_of(self, snapshot: Snapshot) -> str:
        return snapshot.clocks().as_of

    def span(self) -> str:
        """What tells two lists of the same query apart beside the log position."""
        return ""

    def entry_address(self, id_: str) -> str:
        """The page of an entry: what people click is never the API."""
        return f"{self._root}/entries/{id_}"

    def place_address(self, id_: str) -> str:
        return f"{self._root}/places/{id_}"

    def page_address(self, place: str | None) -> str:
        """The page of the list, or of the place that it is of."""
        return self._root + self.page_path if place is None else self.place_address(place)

    def place_name(self, snapshot: Snapshot, id_: str) -> str:
        """A place's name with its state, looked up once."""
        if id_ not in self._place_names:
            self._place_names[id_] = Names(snapshot).place_name(id_)
        return self._place_names[id_]

    def instant(self, snapshot: Snapshot, position: int) -> str:
        stamp = recorded_at(snapshot, position)
        if stamp is None:
            raise NotFound(f"nothing is recorded at {position}")
        return stamp

    def recorded(self, snapshot: Snapshot, entry: str) -> tuple[str, str] | None:
        """When an entry was first recorded and last revised, looked up once; None where it is not on record."""
        if entry not in self._recorded:
            span = recorded_span(snapshot, entry)
            self._recorded[entry] = span and (self.instant(snapshot, span[0]), self.instant(snapshot, span[1]))
        return self._recorded[entry]


class ComputedList(RecordList[QueryT, KeyT, Mapping[str, Any]]):
    """A list whose items are computed when asked for, and not stored."""

    feed_shape: ClassVar[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(tuple[str, str])

    @abstractmethod
    def find(self, snapshot: Snapshot, after: KeyT | None) -> Rows[KeyT, Mapping[str, Any]]:
        """The list from beyond a key."""

    @abstractmethod
    def feed_item(self, snapshot: Snapshot, item: Mapping[str, Any]) -> FeedItem:
        """An item as feeds show it."""

    def page(self, snapshot: Snapshot, after: KeyT | None, limit: int) -> Page[KeyT, Mapping[str, Any]]:
        return self.find(snapshot, after).page(limit)

    def feed(self, snapshot: Snapshot, limit: int) -> Feed:
        """By when each item was last updated. All of the list is read, since any item may have been."""
        before = read_cursor(self.query.cursor, self.feed_shape)
        items = [*self.leading(snapshot), *(item for _, item, _ in self.find(snapshot, None))]
        feed_items = [self.feed_item(snapshot, item) for item in items]
        keyed = [(self.recency(feed_item), feed_item) for feed_item in feed_items]
        keyed = [pair for pair in keyed if before is None or pair[0] < before]
        keyed.sort(key=itemgetter(0), reverse=True)
        next_key = keyed[limit - 1][0] if len(keyed) > limit else None
        return Feed([feed_item for _, feed_item in keyed[:limit]], next_key)

    def recency(self, feed_item: FeedItem) -> tuple[Any, str]:
        """What orders a feed, of the shape `feed_shape`."""
        return feed_item.updated, feed_item.id


AnyList = RecordList[Any, Any, Any]


def json_items(items: Sequence[Any]) -> Sequence[bytes]:
    """The JSON of items; a list whose items are stored as JSON has the bytes already."""
    if items and isinstance(items[0], bytes):
        return items
    return [msgspec.json.encode(item) for item in items]


class ListReader:
    """Reads a list in pieces from short snapshots of the record as it stood at the first.

    A client may take a stream as slowly as it likes: no connection and no transaction waits between two pieces.
    """

    def __init__(self, request: Request, list_class: type[AnyList], query: Any, place: str | None) -> None:  # noqa: ANN401 - each list has a query model of its own
        self.service = service_of(request)
        self.place = place
        self.root = root_url(request)
        self.context = request_context(request)
        self.limit: int | None = query.limit if "limit" in query.model_fields_set else None
        self.bom: bool = query.bom
        self.next_key: object = None
        """The key that the next page begins after, once a piece was read, where a limit was given."""
        self.clocks: AnswerClocks | None = None
        clocks = AskedClocks()
        if isinstance(query, ClockQuery):
            clocks = clocks_asked(request, query, place_stream(request))
        with self.service.snapshot(clocks) as snapshot:
            if isinstance(query, ClockQuery):
                self.clocks = answer_clocks(query, snapshot)
            self.head = snapshot.head
            self.position = snapshot.position
            self._now = snapshot.now
            self.recorded_at = recorded_at(snapshot, snapshot.position)
            self.list = list_class(self.service, snapshot, query, place, self.root)
            self.as_of = self.list.as_of(snapshot)
        self._pinned_clocks = replace(clocks, position=self.position)

    @property
    def validator(self) -> str:
        """What tells answers of this list apart without reading a row: where the log stood, and the day.

        A list of many places has a day for each; all of them begin on a quarter of an hour.
        """
        pinned = (self.clocks is not None and self.clocks.pinned) or self._pinned_clocks.as_of is not None
        quarter = 0 if pinned else quarter_of(self._now.timestamp())
        return f"{self.list.span()}{self.position}.{self.as_of}.{quarter}"

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The record as it stood at the first snapshot, for a moment."""
        with self.service.snapshot(self._pinned_clocks) as snapshot:
            snapshot.now = self._now
            yield snapshot

    def pieces(self) -> Iterator[Sequence[Any]]:
        """The items: one piece where a limit was given, else all of the list."""
        after = self.list.after
        if after is None:
            with self.snapshot() as snapshot:
                leading = self.list.leading(snapshot)
            if leading:
                yield leading
        size = self.list.piece if self.limit is None else self.limit
        more = True
        while more:
            with self.snapshot() as snapshot:
                page = self.list.page(snapshot, after, size)
            after, more = page.next_key, page.next_key is not None and self.limit is None
            self.next_key = page.next_key if self.limit is not None else None
            yield page.items


def place_stream(request: Request) -> str | None:
    place = request.path_params.get("id")
    return None if place is None else f"jurisdiction:{place}"
