"""What reads keep in memory: places, the law and facts.

All of it follows from rows that never change, so it may be late but never wrong: `refresh` adds what was recorded
since, and every answer asks as of its own log position.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, select

from domain.facts import Fact, fact_of
from domain.law import Held, Law
from domain.periods import Holidays, due_day
from eventlog.statements import Statement
from projections.directory import Directory
from projections.tables import live

T = TypeVar("T")
FACTS_KEPT = 50_000
ANSWERS_KEPT = 1_000
PAGES_KEPT = 200

_versions, _places = live().versions, live().places
_NEW_LAW = Statement(
    select(_versions.c.position, _versions.c.retracted, _versions.c.body)
    .where(_versions.c.law, _versions.c.position > bindparam("after"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position)
)
_NEW_PLACES = Statement(
    select(_places.c.position, _places.c.id, _places.c.state, _places.c.time_zone, _places.c.speaks_for)
    .where(_places.c.position > bindparam("after"), _places.c.position <= bindparam("head"))
    .order_by(_places.c.position)
)
_BODY = Statement(select(_versions.c.body).where(_versions.c.position == bindparam("position")))


class Memory:
    """Places, law and facts, as far as they were asked for."""

    def __init__(self, holidays: Holidays) -> None:
        """Begins empty; the first read fills it. `holidays` names the legal holidays by which periods run on."""
        self.law = Law()
        self.directory = Directory()
        self.head = 0
        self.stamps: dict[int, str] = {}
        """When positions that answers rest on were recorded."""
        self._holidays = holidays
        self._facts: dict[int, Fact] = {}
        self._answers: dict[Hashable, Any] = {}
        self._pages: dict[Hashable, Any] = {}
        self._lock = Lock()

    def due(self, trigger: str, days: int) -> str:
        """The last day of a period, by the holidays this memory was made with."""
        return due_day(trigger, days, self._holidays)

    def answer(self, asked: Hashable, work_out: Callable[[], T]) -> T:
        """An answer worked out once. What is asked has its log position in it, so that the answer is for ever."""
        return _remembered(self._answers, ANSWERS_KEPT, asked, work_out)

    def page(self, asked: Hashable, work_out: Callable[[], T]) -> T:
        """A page worked out once, likewise. Fewer are kept, for each may be some 100 kB."""
        return _remembered(self._pages, PAGES_KEPT, asked, work_out)

    def refresh(self, connection: Connection, head: int) -> None:
        """Takes in what was recorded up to `head`, as the connection's snapshot has it."""
        if head <= self.head:
            return
        with self._lock:
            if head <= self.head:
                return
            self.directory.take(_NEW_PLACES.run(connection, after=self.head, head=head).fetchall())
            new = [
                Held(self.decoded(body), position, retracted=bool(retracted))
                for position, retracted, body in _NEW_LAW.run(connection, after=self.head, head=head)
            ]
            self.law.take(new, head)
            self.head = head

    def fact(self, connection: Connection, position: int) -> Fact:
        """The fact that the version recorded at a position amounts to."""
        fact = self._facts.get(position)
        return self.fact_at(position, _BODY.run(connection, position=position).fetchone()[0]) if fact is None else fact

    def fact_at(self, position: int, body: str) -> Fact:
        """The fact that the version recorded at a position amounts to, whose body is at hand."""
        fact = self._facts.get(position)
        if fact is None:
            fact = self.decoded(body)
            # What is not committed may be rolled back, and its position given to another event: not to be kept.
            if position <= self.head:
                if len(self._facts) >= FACTS_KEPT:
                    self._facts.clear()
                self._facts[position] = fact
        return fact

    def decoded(self, body: str) -> Fact:
        """The fact that a version's body, left open as rows keep it, amounts to."""
        return self.fact_of(msgspec.json.decode(body + "}"))

    def fact_of(self, fields: Mapping[str, Any]) -> Fact:
        """The fact that an entry's fields amount to."""
        return fact_of(fields, self._holidays)


def _remembered(kept: dict[Hashable, Any], most: int, asked: Hashable, work_out: Callable[[], T]) -> T:
    answer: T | None = kept.get(asked)
    if answer is None:
        answer = work_out()
        if len(kept) >= most:
            kept.clear()
        kept[asked] = answer
    return answer
