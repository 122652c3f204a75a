"""How deadlines stand, as reminders need to know it: to plan for what is to come, and to judge what has come due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from application.service import Service
from domain.errors import NotFound
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import CERTAIN
from domain.reminders import earliest_claimed_day
from eventlog.sql import CompiledQuery
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.schema import live_tables
from projections.snapshot import AskedClocks, Snapshot

# All that is on record counts by then: a deadline whose demand's day is not certain yet is planned for, and judged
# again on its day.
_IN_THE_END = "9999-12-31"
_versions = live_tables().versions
_OF_ENTRY = CompiledQuery(
    select(_versions.c.position, _versions.c.retracted, _versions.c.body)
    .where(_versions.c.entry == bindparam("entry"))
    .order_by(_versions.c.position.desc())
)


class _Stamp(msgspec.Struct):
    recorded_at: str


class _Log(msgspec.Struct):
    revised: _Stamp


class _Body(msgspec.Struct):
    log: _Log


_stamped = msgspec.json.Decoder(_Body).decode


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """A deadline of one addressee and how it stands. `due` is the day that reminders run on: the earliest claimed."""

    demand: str
    addressee: str
    due: str
    words: str | None
    state: str
    answer: str | None
    withdrawn_by: str | None
    extended_by: str | None

    @property
    def stands(self) -> bool:
        """Whether nothing has closed it: it is open, or its day has passed without an answer."""
        return self.state in ("open", "lapsed")

    def about(self) -> dict[str, Any]:
        """What a reminder says of it."""
        return {"demand": self.demand, "addressee": self.addressee, "due": self.due, "words": self.words}


@dataclass(frozen=True, slots=True)
class DeadlineContext:
    """The record in the transaction in which reminders are planned or fired."""

    snapshot: Snapshot

    @property
    def connection(self) -> Connection:
        """The transaction's."""
        return self.snapshot.connection

    @property
    def now(self) -> datetime:
        """The instant that the composition root's clock gave."""
        return self.snapshot.now

    def place(self, name: str) -> Place | None:
        """A place as it now is."""
        return self.snapshot.memory.directory.place(name, self.snapshot.position)

    def addressees(self, demand: str) -> tuple[str, ...]:
        """Whom a demand is addressed to."""
        row = _OF_ENTRY.run(self.connection, entry=demand).fetchone()
        return () if row is None else self._fact(row).jurisdictions

    def latest_day_of(self, demand: str) -> str:
        """The last day on which a demand may have been made."""
        row = _OF_ENTRY.run(self.connection, entry=demand).fetchone()
        return self._fact(row).latest

    def set_at(self, deadline: DeadlineState) -> str:
        """When the day due came to be what it is: when what sets it was first recorded to say so.

        A correction of other words since then changes nothing about that.
        """
        found, said = "", None
        for row in _OF_ENTRY.run(self.connection, entry=deadline.extended_by or deadline.demand):
            fact = self._fact(row)
            says = (fact.due, fact.claims, fact.extended_to, fact.jurisdictions, bool(row[1]))
            if said not in (None, says):
                break
            found, said = _stamped(row[2] + "}").log.revised.recorded_at, says
        return found

    def gone(self, demand: str, addressee: str) -> str:
        """Why a demand has no deadline for an addressee any more."""
        row = _OF_ENTRY.run(self.connection, entry=demand).fetchone()
        if row is None or row[1]:
            return f"{demand} was retracted"
        fact = self._fact(row)
        if addressee not in fact.jurisdictions:
            return f"{demand} is not addressed to it any more"
        counts = fact.certainty(self.snapshot.clocks().as_of, None) == CERTAIN
        return f"{demand} sets no day any more" if counts else f"{demand} does not certainly count yet"

    def _fact(self, row: tuple[int, bool, str]) -> Fact:
        return self.snapshot.memory.fact_at(row[0], row[2])


def deadline_context(
    service: Service, connection: Connection, head: int, as_of: str | None = _IN_THE_END
) -> DeadlineContext:
    """The record as an open transaction has it; `as_of` None: as of each place's today."""
    service.memory.refresh(connection, head)
    return DeadlineContext(Snapshot(connection, service.memory, head, AskedClocks(as_of), service.now()))


def deadline_states(outlook: DeadlineContext, place: str) -> list[DeadlineState]:
    """The deadlines of which a place is itself the addressee; none of a place that is not on record."""
    try:
        found, _ = place_deadlines(outlook.snapshot, place, DeadlineFilter())
    except NotFound:
        return []
    return [
        DeadlineState(
            demand=deadline["demand"],
            addressee=deadline["addressee"],
            due=earliest_claimed_day(deadline, outlook.latest_day_of),
            words=deadline["words"],
            state=deadline["state"],
            answer=deadline["answer"],
            withdrawn_by=deadline["withdrawn_by"],
            extended_by=deadline["extended_by"],
        )
        for deadline in found
        if deadline["addressee"] == place
    ]


def why_not(
    outlook: DeadlineContext, deadline: DeadlineState | None, addressee: str, named: Mapping[str, str]
) -> str | None:
    """Why a deadline that a reminder names earns it no more; None where it does."""
    if deadline is None:
        return outlook.gone(named["demand"], addressee)
    if deadline.state == "withdrawn":
        return f"withdrawn by {deadline.withdrawn_by}"
    if deadline.state == "answered":
        return f"answered by {deadline.answer}"
    if deadline.state == "moot":
        return "its review asks nothing any more"
    return None if deadline.due == named["due"] else f"due on {deadline.due} now"
