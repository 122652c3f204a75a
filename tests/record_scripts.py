"""Scripts of the record as the service records them, and as the naive reading of the rules reads them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.event import listen

from application.recording import handle, record
from application.service import Service
from domain.decisions import command_for
from domain.events import (
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
    LaterEvent,
)
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.snapshot import AskedClocks
from projections.status import place_status
from projections.timeline import TimelineFilter as WantedEntries
from projections.timeline import timeline_page

Event = dict[str, Any]
NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
TODAY = "2026-11-24"
RECORDER = "script"


def service_at(url: str) -> Service:
    """A service on a day that stands still, that of the generated records; an SQLite one does not wait for the disk."""
    service = Service(url, now=lambda: NOW)
    if service.engine.dialect.name == "sqlite":
        listen(service.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        service.engine.dispose()
    return service


def play(service: Service, log: Iterable[Event]) -> None:
    """Records each event; those of a fresh service come to lie at the positions that the naive rules give them."""
    for event in log:
        play_one(service, event)


def play_one(service: Service, event: Event) -> int:
    """Records one event and returns its position."""
    match event["event"]:
        case "added":
            return record(service, [], [event["jurisdiction"]], recorder=RECORDER)[0].position
        case "recorded":
            return record(service, [event["entry"]], recorder=RECORDER)[0].position
        case "updated":
            moved = JurisdictionUpdated(jurisdiction=event["jurisdiction"], fields=event["fields"])
            return handle(service, [command_for(moved)], recorder=RECORDER)[0].position
        case _:
            return handle(service, [command_for(revision_of(event))], recorder=RECORDER)[0].position


def revision_of(event: Event) -> LaterEvent:
    """What befell an entry, with the words that the naive rules leave out."""
    entry, reason = event["entry"], f"why it was {event['event']}"
    match event["event"]:
        case "corrected":
            return EntryCorrected(entry=entry, fields=event["fields"], reason=reason)
        case "disputed":
            return EntryDisputed(entry=entry, by="Somebody", what=reason)
        case "retracted":
            return EntryRetracted(entry=entry, reason=reason)
        case "reinstated":
            return EntryReinstated(entry=entry, reason=reason)
        case other:
            raise ValueError(other)


def asked(as_of: str | None, public_by: str | None = None, recorded_by: int | None = None) -> AskedClocks:
    """The clocks of a question, the third as a position."""
    return AskedClocks(as_of, public_by, recorded_by, NOW if recorded_by is not None else None)


def said_status(service: Service, place: str, clocks: AskedClocks) -> dict[str, Any]:
    """The status that the service gives, as the naive rules would write it."""
    with service.snapshot(clocks) as snapshot:
        return normal(place_status(snapshot, place))


def normal(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A status without what it says beyond the rules: its position, and `possibly` where that is empty."""
    reviews = [
        {name: value for name, value in review.items() if name != "possibly" or value} for review in answer["reviews"]
    ]
    return {name: value for name, value in answer.items() if name != "position"} | {"reviews": reviews}


def said_deadlines(service: Service, place: str, clocks: AskedClocks) -> list[dict[str, Any]]:
    """The deadlines that the service gives, likewise."""
    with service.snapshot(clocks) as snapshot:
        return [bare(one) for one in place_deadlines(snapshot, place, DeadlineFilter())[0]]


def bare(deadline: Mapping[str, Any]) -> dict[str, Any]:
    """A deadline without what it says beyond the rules."""
    return {name: value for name, value in deadline.items() if name not in BEYOND_THE_RULES}


BEYOND_THE_RULES = {"review", "extended_by", "withdrawn_by", "source", "claims", "computed"}


def said_timeline(
    service: Service, place: str | None, clocks: AskedClocks, *, context: bool = False
) -> list[tuple[str, bool]]:
    """The timeline that the service gives: ids, and whether each certainly counts."""
    with service.snapshot(clocks) as snapshot:
        found = timeline_page(snapshot, WantedEntries(jurisdiction=place, context=context), 1000, None)
    entries = [msgspec.json.decode(one) for one in found.bodies]
    return [(one["id"], one["certain"]) for one in entries]
