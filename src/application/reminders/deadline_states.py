"""The state of deadlines as reminders need it: to plan for those to come, and to check those whose reminder is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from application.service import Service
from domain.errors import NotFound
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import CERTAIN
from eventlog.log import Append
from eventlog.sql import CompiledQuery
from eventlog.tables import log
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.schema import live_tables
from projections.snapshot import AskedClocks, Snapshot

END_OF_TIME = "9999-12-31"
"""The day as of which reminders are planned: every deadline on record counts by then, also one whose demand has no
certain day yet. Whether it counts on the day of its reminder is checked then."""
_versions = live_tables().versions
_VERSIONS_OF_ENTRY = CompiledQuery(
    select(_versions.c.position, _versions.c.retracted, _versions.c.body, log.c.recorded_at)
    .join_from(_versions, log, log.c.position == _versions.c.position)
    .where(_versions.c.entry == bindparam("entry"))
    .order_by(_versions.c.position.desc())
)
_VersionRow = tuple[int, bool, str, str]


@dataclass(frozen=True, slots=True)
class DeadlineState:
    """A deadline of one addressee. `due` is the day that reminders run on: the earliest that any source claims."""

    demand: str
    addressee: str
    due: str
    words: str | None
    state: str
    answer: str | None
    withdrawn_by: str | None
    extended_by: str | None

    @property
    def needs_answer(self) -> bool:
        """True while it is open, and after it has lapsed without an answer."""
        return self.state in ("open", "lapsed")

    def about(self) -> dict[str, Any]:
        """The fields that a reminder keeps, as `About` in the domain has them."""
        return {"demand": self.demand, "addressee": self.addressee, "due": self.due, "words": self.words}


def snapshot_in_append(service: Service, append: Append, *, as_of: str | None = None) -> Snapshot:
    """The record up to the append's head, read in its transaction; without `as_of`, on each place's own today."""
    service.cache.refresh(append.connection, append.head)
    return Snapshot(append.connection, service.cache, append.head, AskedClocks(as_of), service.now())


def find_place(snapshot: Snapshot, name: str) -> Place | None:
    return snapshot.cache.directory.place(name, snapshot.position)


def deadline_states(snapshot: Snapshot, place: str) -> dict[str, DeadlineState]:
    """The deadlines of which a place is itself the addressee, by demand; none of a place that is not on record."""
    try:
        deadlines, _ = place_deadlines(snapshot, place, DeadlineFilter())
    except NotFound:
        return {}
    own = [deadline | {"due": earliest(snapshot, deadline)} for deadline in deadlines if deadline["addressee"] == place]
    return {
        fields["demand"]: DeadlineState(**{name: fields[name] for name in DeadlineState.__slots__}) for fields in own
    }


def earliest(snapshot: Snapshot, deadline: Mapping[str, Any]) -> str:
    """The earliest day that a source gives for a deadline, so that nobody who trusts another source is surprised.

    An extension settles it; and a day by which nothing had been asked yet is somebody's mistake.
    """
    due: str = deadline["due"]
    claimed = [day for claim in deadline["claims"] if (day := _claimed_day(claim["value"])) is not None and day < due]
    if not claimed or deadline["extended_by"] is not None:
        return due
    row = _latest_version(snapshot, deadline["demand"])
    asked_by = "" if row is None else _fact(snapshot, row).latest
    return min((day for day in claimed if day > asked_by), default=due)


def _claimed_day(value: Any) -> str | None:  # noqa: ANN401 - whatever JSON a claim holds
    """The day that a claim about `respond_by` gives; None where it gives none."""
    written = value.get("date") if isinstance(value, dict) else value
    try:
        return date.fromisoformat(written).isoformat() if isinstance(written, str) else None
    except ValueError:
        return None


def addressees_of(snapshot: Snapshot, demand: str) -> tuple[str, ...]:
    row = _latest_version(snapshot, demand)
    return () if row is None else _fact(snapshot, row).jurisdictions


def due_day_recorded_at(snapshot: Snapshot, deadline: DeadlineState) -> str:
    """The instant at which a deadline's day was first recorded as it now is.

    Goes back through the versions of the entry that sets the day, until one sets it differently: a correction of
    other fields does not count.
    """
    recorded_at, terms = "", None
    for row in _VERSIONS_OF_ENTRY.run(snapshot.connection, entry=deadline.extended_by or deadline.demand):
        fact = _fact(snapshot, row)
        version_terms = (fact.due, fact.claims, fact.extended_to, fact.jurisdictions, bool(row[1]))
        if terms not in (None, version_terms):
            break
        recorded_at, terms = row[3], version_terms
    return recorded_at


def still_due(states: Mapping[str, DeadlineState], named: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the deadlines that a reminder names, those that still need an answer by the day that it names."""
    return [
        about
        for about in named
        if (deadline := states.get(about["demand"])) is not None
        and deadline.needs_answer
        and deadline.due == about["due"]
    ]


def why_not_due(
    snapshot: Snapshot, states: Mapping[str, DeadlineState], addressee: str, named: Iterable[Mapping[str, str]]
) -> str:
    """Why the deadlines that a reminder names no longer call for it: each reason once; empty where they all do."""
    reasons = (_why_not_due(snapshot, states.get(about["demand"]), addressee, about) for about in named)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None))


def _why_not_due(
    snapshot: Snapshot, deadline: DeadlineState | None, addressee: str, about: Mapping[str, str]
) -> str | None:
    if deadline is None:
        return _why_no_deadline(snapshot, about["demand"], addressee)
    if deadline.state == "withdrawn":
        return f"withdrawn by {deadline.withdrawn_by}"
    if deadline.state == "answered":
        return f"answered by {deadline.answer}"
    if deadline.state == "moot":
        return "its review asks nothing any more"
    return None if deadline.due == about["due"] else f"due on {deadline.due} now"


def _why_no_deadline(snapshot: Snapshot, demand: str, addressee: str) -> str:
    row = _latest_version(snapshot, demand)
    if row is None or row[1]:
        return f"{demand} was retracted"
    fact = _fact(snapshot, row)
    if addressee not in fact.jurisdictions:
        return f"{demand} is not addressed to it any more"
    counts = fact.certainty(snapshot.clocks().as_of, None) == CERTAIN
    return f"{demand} sets no day any more" if counts else f"{demand} does not certainly count yet"


def _latest_version(snapshot: Snapshot, entry: str) -> _VersionRow | None:
    row: _VersionRow | None = _VERSIONS_OF_ENTRY.run(snapshot.connection, entry=entry).fetchone()
    return row


def _fact(snapshot: Snapshot, row: _VersionRow) -> Fact:
    return snapshot.cache.fact_at(row[0], row[2])
