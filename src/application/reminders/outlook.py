"""How deadlines stand, as reminders need to know it: to plan for what is to come, and to judge what has come due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from application.service import Service
from domain.errors import NotFound
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import CERTAIN
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.entries import EntryVersion, version_at, versions_up_to
from projections.rows import decode_body
from projections.snapshot import AskedClocks, Snapshot

# All that is on record counts by then: a deadline whose demand's day is not certain yet is planned for, and judged
# again on its day.
_IN_THE_END = "9999-12-31"


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
        return self.snapshot.cache.directory.place(name, self.snapshot.position)

    def addressees(self, demand: str) -> tuple[str, ...]:
        """Whom a demand is addressed to."""
        version = version_at(self.connection, demand, self.snapshot.position)
        return () if version is None else self._fact(version).jurisdictions

    def earliest(self, deadline: Mapping[str, Any]) -> str:
        """The earliest day that a source gives for a deadline, so that nobody who trusts another source is surprised.

        An extension settles it; and a day by which nothing had been asked yet is somebody's mistake.
        """
        due: str = deadline["due"]
        claimed = [
            day for claim in deadline["claims"] if (day := _claimed_day(claim["value"])) is not None and day < due
        ]
        version = version_at(self.connection, deadline["demand"], self.snapshot.position)
        if not claimed or deadline["extended_by"] is not None or version is None:
            return due
        return min((day for day in claimed if day > self._fact(version).latest), default=due)

    def set_at(self, deadline: DeadlineState) -> str:
        """When the day due came to be what it is: when what sets it was first recorded to say so.

        A correction of other words since then changes nothing about that.
        """
        found, said = "", None
        entry = deadline.extended_by or deadline.demand
        for version in versions_up_to(self.connection, entry, self.snapshot.position):
            fact = self._fact(version)
            says = (fact.due, fact.claims, fact.extended_to, fact.jurisdictions, bool(version.retracted))
            if said not in (None, says):
                break
            found, said = decode_body(version.body)["log"]["revised"]["recorded_at"], says
        return found

    def gone(self, demand: str, addressee: str) -> str:
        """Why a demand has no deadline for an addressee any more."""
        version = version_at(self.connection, demand, self.snapshot.position)
        if version is None or version.retracted:
            return f"{demand} was retracted"
        fact = self._fact(version)
        if addressee not in fact.jurisdictions:
            return f"{demand} is not addressed to it any more"
        counts = fact.certainty(self.snapshot.clocks().as_of, None) == CERTAIN
        return f"{demand} sets no day any more" if counts else f"{demand} does not certainly count yet"

    def _fact(self, version: EntryVersion) -> Fact:
        return self.snapshot.cache.fact_at(version.position, version.body)


def deadline_context(
    service: Service, connection: Connection, head: int, as_of: str | None = _IN_THE_END
) -> DeadlineContext:
    """The record as an open transaction has it; `as_of` None: as of each place's today."""
    service.cache.refresh(connection, head)
    return DeadlineContext(Snapshot(connection, service.cache, head, AskedClocks(as_of), service.now()))


def deadline_states(outlook: DeadlineContext, place: str) -> list[DeadlineState]:
    """The deadlines of which a place is itself the addressee; none of a place that is not on record."""
    try:
        found, _ = place_deadlines(outlook.snapshot, place, DeadlineFilter())
    except NotFound:
        return []
    mine = [one | {"due": outlook.earliest(one)} for one in found if one["addressee"] == place]
    return [DeadlineState(**{name: one[name] for name in DeadlineState.__slots__}) for one in mine]


def _claimed_day(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON a claim holds
    """The day that a claim about `respond_by` gives; None where it gives none."""
    written = value.get("date") if isinstance(value, dict) else value
    try:
        return date.fromisoformat(written).isoformat() if isinstance(written, str) else None
    except ValueError:
        return None


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
