"""The state of deadlines as reminders need it: to plan for those to come, and to check those whose reminder is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from application.service import Service
from domain.answers import Deadline
from domain.errors import NotFound
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import CERTAIN
from domain.reminders import earliest_claimed_day
from eventlog.log import Append
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.entries import EntryVersion, version_at, versions_up_to
from projections.snapshot import AskedClocks, Snapshot, read_recorded_at

END_OF_TIME = "9999-12-31"
"""The day as of which reminders are planned: every deadline on record counts by then, also one whose demand has no
certain day yet. Whether it counts on the day of its reminder is checked then."""


def needs_answer(deadline: Deadline) -> bool:
    """True while it is open, and after it has lapsed without an answer."""
    return deadline["state"] in ("open", "lapsed")


def snapshot_in_append(service: Service, append: Append, *, as_of: str | None = None) -> Snapshot:
    """The record up to the append's head, read in its transaction; without `as_of`, on each place's own today."""
    service.cache.refresh(append.connection, append.head)
    return Snapshot(append.connection, service.cache, append.head, AskedClocks(as_of), service.now())


def find_place(snapshot: Snapshot, name: str) -> Place | None:
    return snapshot.cache.directory.place(name, snapshot.position)


def deadline_states(snapshot: Snapshot, place: str) -> dict[str, Deadline]:
    """The deadlines of which a place is itself the addressee, by demand; none of a place that is not on record.

    Their `due` is the day that reminders run on: the earliest that any source claims.
    """
    try:
        deadlines, _ = place_deadlines(snapshot, place, DeadlineFilter())
    except NotFound:
        return {}
    states: dict[str, Deadline] = {}
    for deadline in deadlines:
        if deadline["addressee"] == place:
            due = earliest_claimed_day(deadline, lambda demand: _current_fact(snapshot, demand).latest)
            states[deadline["demand"]] = {**deadline, "due": due}
    return states


def addressees_of(snapshot: Snapshot, demand: str) -> tuple[str, ...]:
    version = version_at(snapshot.connection, demand, snapshot.position)
    return () if version is None else _fact(snapshot, version).jurisdictions


def due_day_recorded_at(snapshot: Snapshot, deadline: Deadline) -> str:
    """The instant at which a deadline's day was first recorded as it now is.

    Goes back through the versions of the entry that sets the day, until one sets it differently: a correction of
    other fields does not count.
    """
    position, terms = 0, None
    setter = deadline["extended_by"] or deadline["demand"]
    for version in versions_up_to(snapshot.connection, setter, snapshot.position):
        fact = _fact(snapshot, version)
        version_terms = (fact.due, fact.claims, fact.extended_to, fact.jurisdictions, bool(version.retracted))
        if terms not in (None, version_terms):
            break
        position, terms = version.position, version_terms
    return read_recorded_at(snapshot.connection, position) or ""


def still_due(states: Mapping[str, Deadline], named: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of the deadlines that a reminder names, those that still need an answer by the day that it names."""
    return [
        about
        for about in named
        if (deadline := states.get(about["demand"])) is not None
        and needs_answer(deadline)
        and deadline["due"] == about["due"]
    ]


def why_not_due(
    snapshot: Snapshot, states: Mapping[str, Deadline], addressee: str, named: Iterable[Mapping[str, str]]
) -> str:
    """Why the deadlines that a reminder names no longer call for it: each reason once; empty where they all do."""
    reasons = (_why_not_due(snapshot, states.get(about["demand"]), addressee, about) for about in named)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None))


def _why_not_due(snapshot: Snapshot, deadline: Deadline | None, addressee: str, about: Mapping[str, str]) -> str | None:
    if deadline is None:
        return _why_no_deadline(snapshot, about["demand"], addressee)
    if deadline["state"] == "withdrawn":
        return f"withdrawn by {deadline['withdrawn_by']}"
    if deadline["state"] == "answered":
        return f"answered by {deadline['answer']}"
    if deadline["state"] == "moot":
        return "its review asks nothing any more"
    return None if deadline["due"] == about["due"] else f"due on {deadline['due']} now"


def _why_no_deadline(snapshot: Snapshot, demand: str, addressee: str) -> str:
    version = version_at(snapshot.connection, demand, snapshot.position)
    if version is None or version.retracted:
        return f"{demand} was retracted"
    fact = _fact(snapshot, version)
    if addressee not in fact.jurisdictions:
        return f"{demand} is not addressed to it any more"
    counts = fact.certainty(snapshot.clocks().as_of, None) == CERTAIN
    return f"{demand} sets no day any more" if counts else f"{demand} does not certainly count yet"


def _current_fact(snapshot: Snapshot, demand: str) -> Fact:
    version = version_at(snapshot.connection, demand, snapshot.position)
    if version is None:
        raise NotFound(f"no entry {demand!r} is on record")
    return _fact(snapshot, version)


def _fact(snapshot: Snapshot, version: EntryVersion) -> Fact:
    return snapshot.cache.fact_at(version.position, version.body)
