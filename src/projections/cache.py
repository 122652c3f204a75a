"""What reads keep in memory: places, national acts and facts.

All of it comes from rows that never change, so it can be behind but not wrong: `refresh` adds what was recorded since,
and every reader asks for a log position.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.facts import Fact, fact_of, inert_fact_of
from domain.jurisdictions import Place
from domain.national import STILL, FactVersion, NationalActs
from domain.periods import LegalHolidays, due_day
from eventlog.records import Recorded
from eventlog.sql import CompiledQuery
from projections.findable_names import FindableNames, case_captions, case_token, place_names, place_token
from projections.lru import LRUCache
from projections.projector import MALFORMED, UnreadableEvent
from projections.rows import decode_body
from projections.schema import live_tables

PlaceRow = tuple[int, str, str, str, str | None]
"""A version of a place: position, id, state, time zone, `speaks_for`."""


@dataclass(slots=True)
class _Version:
    since: int
    until: int
    state: str
    time_zone: str
    speaks_for: str | None


class Directory:
    """Every version of every place, in memory: 90,000 places are some 40 MB."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[_Version, ...]] = {}
        self._speakers: dict[str, frozenset[str]] = {}

    def take(self, rows: Iterable[PlaceRow]) -> None:
        """Adds versions in log order."""
        for position, id_, state, time_zone, speaks_for in rows:
            versions = self._places.get(id_, ())
            if versions:
                versions[-1].until = position
            self._places[id_] = (*versions, _Version(position, STILL, state, time_zone, speaks_for))
            if speaks_for is not None:
                self._speakers[speaks_for] = self._speakers.get(speaks_for, frozenset()) | {id_}

    def with_uncommitted(self, rows: Iterable[PlaceRow]) -> "Directory":
        directory = Directory()
        directory._places, directory._speakers = dict(self._places), dict(self._speakers)
        directory.take(rows)
        return directory

    def place(self, id_: str, position: int) -> Place | None:
        """A place as it is at a log position; None where it is not on record there."""
        version = self._at(id_, position)
        if version is None:
            return None
        agencies = sorted(
            agency
            for agency in self._speakers.get(id_, ())
            if (speaker := self._at(agency, position)) and speaker.speaks_for == id_
        )
        return Place(id_, version.state, version.time_zone, version.speaks_for, tuple(agencies))

    def ids(self) -> Iterable[str]:
        """Those of every place that ever was on record."""
        return self._places.keys()

    def states(self) -> set[str]:
        return {version.state for versions in self._places.values() for version in versions}

    def rests_on(self, place: Place, position: int) -> int:
        """The last position up to `position` of an event on the place or one of its relatives, past or present."""
        return max(
            version.since
            for id_ in (*place.relatives, *self._speakers.get(place.id, ()))
            for version in self._places.get(id_, ())
            if version.since <= position
        )

    def ever_related(self, id_: str) -> set[str]:
        """A place, everyone who was ever its agency, and everyone whose agency it ever was."""
        spoken_for = {version.speaks_for for version in self._places.get(id_, ()) if version.speaks_for is not None}
        return {id_, *self._speakers.get(id_, ()), *spoken_for}

    def _at(self, id_: str, position: int) -> _Version | None:
        for version in reversed(self._places.get(id_, ())):
            if version.since <= position < version.until:
                return version
        return None


T = TypeVar("T")
_PAGE_BYTES = 32 * 1024 * 1024
"""A page may be some 100 kB, or a few hundred bytes."""


_versions, _places = live_tables().versions, live_tables().places
_NEW_LAW = CompiledQuery(
    select(_versions.c.position, _versions.c.retracted, _versions.c.body)
    .where(_versions.c.law, _versions.c.position > bindparam("after"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position)
)
_NEW_PLACES = CompiledQuery(
    select(_places.c.position, _places.c.id, _places.c.state, _places.c.time_zone, _places.c.speaks_for, _places.c.body)
    .where(_places.c.position > bindparam("after"), _places.c.position <= bindparam("head"))
    .order_by(_places.c.position)
)
_unreadable = live_tables().unreadable
_NEW_UNREADABLE = CompiledQuery(
    select(_unreadable)
    .where(_unreadable.c.position > bindparam("after"), _unreadable.c.position <= bindparam("head"))
    .order_by(_unreadable.c.position)
)
_BODY_AT = CompiledQuery(select(_versions.c.body).where(_versions.c.position == bindparam("position")))


class ReadCache:
    """Places, law and facts, as far as they were asked for."""

    def __init__(self, holidays: LegalHolidays) -> None:
        """Begins empty; the first read fills it. `holidays`: the legal holidays by which periods run on."""
        self.law = NationalActs()
        self.directory = Directory()
        self.names = FindableNames()
        self.head = 0
        self.unreadable: list[UnreadableEvent] = []
        """The events on record that cannot be read, in log order."""
        self._unreadable_at: set[int] = set()
        self.stamps = LRUCache[int, str](100_000)
        """When positions that answers rest on were recorded."""
        self._holidays = holidays
        self._facts = LRUCache[int, Fact](50_000)
        self._answers = LRUCache[Hashable, Any](1_000)
        self._pages = LRUCache[Hashable, Any](_PAGE_BYTES, lambda page: sum(map(len, page.bodies)))
        self._lock = Lock()

    def due(self, trigger: str, days: int) -> str:
        return due_day(trigger, days, self._holidays)

    def answer(self, asked: Hashable, work_out: Callable[[], T]) -> T:
        """An answer worked out once. What is asked has its log position in it, so that the answer is for ever."""
        answer: T = self._answers.get_or_make(asked, work_out)
        return answer

    def page(self, asked: Hashable, work_out: Callable[[], T]) -> T:
        """A page, which has `bodies`, worked out once, likewise; as many are kept as fit."""
        page: T = self._pages.get_or_make(asked, work_out)
        return page

    def refresh(self, connection: Connection, head: int) -> None:
        """Takes in what was recorded up to `head`, as the connection's snapshot has it."""
        if head <= self.head:
            return
        with self._lock:
            if head <= self.head:
                return
            places = _NEW_PLACES.run(connection, after=self.head, head=head).fetchall()
            self.directory.take(tuple(row[:-1]) for row in places)
            for position, id_, *_, body in places:
                self.names.take(place_token(id_), position, *place_names(msgspec.json.decode(body)))
            new = []
            for position, retracted, body in _NEW_LAW.run(connection, after=self.head, head=head):
                fields = decode_body(body)
                new.append(FactVersion(self._fact_on_record(fields), position, retracted=bool(retracted)))
                for id_, caption in case_captions(fields):
                    self.names.take(case_token(id_), position, caption)
            self.law.take(new, head)
            unreadable = [UnreadableEvent(*row) for row in _NEW_UNREADABLE.run(connection, after=self.head, head=head)]
            self.unreadable = [*self.unreadable, *unreadable]
            self._unreadable_at |= {event.position for event in unreadable}
            self.head = head

    def readable(self, events: Iterable[Recorded]) -> list[Recorded]:
        """Events without those that cannot be read: what an account of a stream or of a part of the log goes by."""
        return [event for event in events if event.position not in self._unreadable_at]

    def fact(self, connection: Connection, position: int) -> Fact:
        return self.facts(connection, [position])[0]

    def facts(self, connection: Connection, positions: Sequence[int]) -> list[Fact]:
        """The facts that the versions recorded at these positions amount to."""
        return [
            fact or self.fact_at(position, _BODY_AT.run(connection, position=position).fetchone()[0])
            for position, fact in zip(positions, self._facts.get_many(positions), strict=True)
        ]

    def fact_at(self, position: int, body: str) -> Fact:
        """The fact of the version recorded at a position, for a caller that has its body already."""
        fact = self._facts.get(position)
        if fact is None:
            fact = self._fact_on_record(decode_body(body))
            # What is not committed may be rolled back, and its position given to another event: not to be kept.
            if position <= self.head:
                self._facts.put(position, fact)
        return fact

    def fact_of(self, fields: Mapping[str, Any]) -> Fact:
        return fact_of(fields, self._holidays)

    def _fact_on_record(self, fields: Mapping[str, Any]) -> Fact:
        """The fact of an entry that is on record; one that moves nothing where its fields are none of its kind's.

        Such an entry was recorded by no command of this program. It is named by `verify`, and no answer fails for it.
        """
        try:
            return self.fact_of(fields)
        except MALFORMED:
            return inert_fact_of(fields)
