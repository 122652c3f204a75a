"""What every format is made from: a list of the record, looked at piece by piece as it stood at one moment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from itertools import islice
from typing import Any, ClassVar, TypeVar

import msgspec
from fastapi import Request

from api.http.etags import quarter_of
from api.http.exchange import AnswerClocks, request_context, root_url
from api.http.parameters import ClockQuery, answer_clocks, clocks_asked, service_of
from domain.errors import NotFound
from projections.snapshot import AskedClocks, Snapshot, recorded_at

Cell = str | int | bool | Sequence[str] | None


class Type(Enum):
    """What the cells of a column are. A date that may be no day is a text; its bounds are days."""

    TEXT = auto()
    TEXTS = auto()
    DAY = auto()
    INSTANT = auto()
    WHOLE = auto()
    FLAG = auto()


AUTHORITY = "tag:dispute-timeline,2026"
"""Begins the id of everything in a feed (RFC 4151): the same wherever the record is served from."""
DEFAULT_LIMIT = 50
_PIECE = 500
"""As many are read at one look."""
KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class FeedItem:
    """Something that a feed tells of. `id` never changes; `updated` moves with every correction."""

    id: str
    address: str
    title: str
    summary: str
    html: str
    published: str
    updated: str
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """Some items, newest first, and the key to go on from."""

    items: Sequence[FeedItem]
    next: object = None


class Listing(ABC):
    """A list of the record, for every format to be made from.

    It is looked at in many short looks at the record as it stood at the first. A reader may take a stream as slowly as
    they like: between two pieces no connection and no transaction waits.
    """

    title: str
    columns: ClassVar[Mapping[str, Type]]

    def __init__(self, request: Request, question: Any) -> None:  # noqa: ANN401 - each list has a question of its own
        self.question = question
        self.service = service_of(request)
        self.root = root_url(request)
        self.api = f"{self.root}/api/v1"
        self.context = request_context(request)
        self.limit: int | None = question.limit if "limit" in question.model_fields_set else None
        self.following: object = None
        """The key of the next page, once a piece was had, where a limit was given."""
        place = request.path_params.get("id")
        stream = None if place is None else f"jurisdiction:{place}"
        asked = clocks_asked(request, question, stream) if isinstance(question, ClockQuery) else AskedClocks()
        self.clocks: AnswerClocks | None = None
        with self.service.snapshot(asked) as snapshot:
            if isinstance(question, ClockQuery):
                self.clocks = answer_clocks(question, snapshot)
            self.head = snapshot.head
            self.position = snapshot.position
            self._now: datetime = snapshot.now
            self.as_of = snapshot.clocks().as_of
            self.recorded_at = recorded_at(snapshot, snapshot.position)
            self.begin(snapshot)
        self._asked = replace(asked, position=self.position)

    @property
    def validator(self) -> str:
        """What tells the answers of this list apart, without a look at a row of it: where the log stood, and the day.

        Where many places are asked about, each has its own day; all of them turn on a quarter of an hour.
        """
        pinned = (self.clocks is not None and self.clocks.pinned) or self._asked.as_of is not None
        quarter = 0 if pinned else quarter_of(self._now.timestamp())
        return f"{self.position}.{self.as_of}.{quarter}"

    @contextmanager
    def look(self) -> Iterator[Snapshot]:
        """The record as it stood at the first look, for a moment."""
        with self.service.snapshot(self._asked) as snapshot:
            snapshot.now = self._now
            yield snapshot

    @abstractmethod
    def begin(self, snapshot: Snapshot) -> None:
        """What is to be found out at the first look; errors of the question come here."""

    @abstractmethod
    def pieces(self) -> Iterator[list[bytes]]:
        """The whole list, or as much as was asked for, as JSON objects."""

    def in_pieces(
        self, found: Callable[[Snapshot, KeyT | None], Iterator[tuple[KeyT, dict[str, Any]]]], after: KeyT | None
    ) -> Iterator[list[bytes]]:
        """What is found beyond a key, as `pieces` gives it: one piece where a limit was given, else all of it."""
        size = _PIECE if self.limit is None else self.limit
        more = True
        while more:
            with self.look() as snapshot:
                taken = list(islice(found(snapshot, after), size + 1))
            shown = taken[:size]
            more = len(taken) > size
            if more:
                after = shown[-1][0]
            if more and self.limit is not None:
                self.following, more = after, False
            yield [msgspec.json.encode(one) for _, one in shown]

    @abstractmethod
    def rows(self, item: bytes) -> Iterator[Sequence[Cell]]:
        """The rows of a table that an object amounts to."""

    @abstractmethod
    def feed(self, limit: int) -> Feed:
        """The newest of it, by when it was last recorded or corrected."""

    def entry_address(self, id_: str) -> str:
        """The address of an entry."""
        return f"{self.api}/entries/{id_}"

    def instant(self, snapshot: Snapshot, position: int) -> str:
        """When a position was recorded."""
        found = recorded_at(snapshot, position)
        if found is None:
            raise NotFound(f"nothing is recorded at {position}")
        return found
