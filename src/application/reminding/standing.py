"""How deadlines stand, as reminders need to know it: to plan for what is to come, and to judge what has come due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select

from application.service import Service
from domain.errors import NotFound
from domain.jurisdictions import Place
from eventlog.statements import Statement
from projections.deadlines import Wanted, place_deadlines
from projections.snapshot import Asked, Snapshot
from projections.tables import live

# All that is on record counts by then: a deadline whose demand's day is not certain yet is planned for, and judged
# again on its day.
_IN_THE_END = "9999-12-31"
_versions = live().versions
_CURRENT = Statement(
    select(_versions.c.position, _versions.c.body)
    .where(_versions.c.entry == bindparam("entry"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline of one addressee and how it stands."""

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
class Outlook:
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
        row = _CURRENT.run(self.connection, entry=demand).fetchone()
        return () if row is None else self.snapshot.memory.fact(self.connection, row[0]).jurisdictions

    def recorded_at(self, deadline: Deadline) -> str:
        """When what set the deadline's day was recorded: the demand or the extension, as it now stands."""
        stamps: list[str] = []
        for entry in filter(None, (deadline.demand, deadline.extended_by)):
            row = _CURRENT.run(self.connection, entry=entry).fetchone()
            stamps.append(msgspec.json.decode(row[1] + "}")["log"]["revised"]["recorded_at"])
        return max(stamps)


def outlook_of(service: Service, connection: Connection, head: int, as_of: str | None = _IN_THE_END) -> Outlook:
    """The record as an open transaction has it; `as_of` None: as of each place's today."""
    service.memory.refresh(connection, head)
    return Outlook(Snapshot(connection, service.memory, head, Asked(as_of), service.now()))


def deadlines_of(outlook: Outlook, place: str) -> list[Deadline]:
    """The deadlines of which a place is itself the addressee; none of a place that is not on record."""
    try:
        found, _ = place_deadlines(outlook.snapshot, place, Wanted())
    except NotFound:
        return []
    fields = Deadline.__slots__
    return [Deadline(**{name: one[name] for name in fields}) for one in found if one["addressee"] == place]


def why_not(deadline: Deadline | None, due: str) -> str:
    """Why a deadline that a reminder was planned for earns it no more."""
    if deadline is None:
        return "its demand was corrected or retracted, or does not certainly count yet"
    if deadline.withdrawn_by is not None and deadline.state == "withdrawn":
        return f"withdrawn by {deadline.withdrawn_by}"
    if deadline.state == "answered":
        return f"answered by {deadline.answer}"
    if deadline.state == "moot":
        return "its review asks nothing any more"
    if deadline.due != due:
        return f"due on {deadline.due} now"
    return "the subscription's plan changed"
