"""Deadlines as a calendar (RFC 5545): which ones it holds, and each in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import icalendar
import msgspec
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import bindparam, select

from api.http.errors import MalformedQuery
from api.http.exchange import root_url
from api.http.parameters import ClockQuery, PlaceId
from api.http.responses import ResourceResponse
from api.http.routes import get
from domain.answers import Deadline
from domain.dates import Day
from domain.errors import Problem
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN
from eventlog.sql import CompiledQuery
from projections.deadlines import CalendarEvent, DeadlineFilter, calendar_events
from projections.entries import entry_fields
from projections.places import place_by_id, slug_of
from projections.schema import live_tables
from projections.snapshot import Snapshot

_due_days, _versions = live_tables().due_days, live_tables().versions
_DEMANDS = CompiledQuery(
    select(_due_days.c.demand)
    .distinct()
    .where(
        _due_days.c.due >= bindparam("first"),
        _due_days.c.due <= bindparam("to"),
        _due_days.c.position <= bindparam("head"),
    )
    .limit(bindparam("most"))
)
_POSITIONS = CompiledQuery(
    select(_versions.c.position).where(
        _versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head")
    )
)
_LAST_DAY = "9999-12-31"
_PARTIES = {
    "federal": "the federal government",
    "jurisdiction": "another jurisdiction",
    "court": "the court",
    "press": "the press",
    "other": "whoever asked",
}


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A deadline, its addressee's name and state, and the entry that set it."""

    event: CalendarEvent
    name: str
    state: str
    entry: dict[str, Any]

    @property
    def cancelled(self) -> bool:
        return self.event.gone or self.event.deadline["state"] == "withdrawn"

    @property
    def open(self) -> bool:
        return not self.event.gone and self.event.deadline["state"] == "open"

    @property
    def summary(self) -> str:
        deadline = self.event.deadline
        actor = self.entry["actor"]
        whom = actor.get("office") or actor.get("name") or _PARTIES[actor["party"]]
        owed = "an answer" if deadline["for"] == "answer" else "compliance"
        if self.open:
            return f"{self.name} owes {whom} {owed}"
        return f"{self.name} owed {whom} {owed}: {_outcome(self.event)}"

    @property
    def description(self) -> list[str]:
        """The words that set it, the summary of the entry, and how it stands, a line each."""
        deadline = self.event.deadline
        return [
            *([f"“{deadline['words']}”"] if deadline["words"] else []),
            self.entry["summary"],
            f"Due by the end of {deadline['due']}, {deadline['time_zone']}: {_outcome(self.event)}.",
            *([f"First due on {deadline['original_due']}."] if deadline["original_due"] != deadline["due"] else []),
        ]

    @property
    def entries(self) -> list[tuple[str, str]]:
        deadline: Mapping[str, Any] = self.event.deadline
        roles = {"demand": "Demand", "extended_by": "Extended by", "withdrawn_by": "Withdrawn by", "answer": "Answer"}
        return [(label, deadline[role]) for role, label in roles.items() if deadline[role] is not None]


def _outcome(event: CalendarEvent) -> str:
    if event.gone:
        return "taken out of the record"
    deadline = event.deadline
    state: str = deadline["state"]
    if state == "answered" and deadline["late"]:
        return "answered late"
    return {"lapsed": "no response known", "moot": "nothing is asked any more"}.get(state, state)


def place_calendar(snapshot: Snapshot, id_: str, deadline_filter: DeadlineFilter) -> list[CalendarEntry]:
    """The deadlines of a place and of its agencies, in order; also those withdrawn or taken out of the record."""
    place = snapshot.place(id_)
    return _calendar_entries(snapshot, {place.id, *place.agencies}, deadline_filter)


def whole_calendar(snapshot: Snapshot, deadline_filter: DeadlineFilter, most: int) -> list[CalendarEntry] | None:
    """Everyone's deadlines, in order; None where they come from more than `most` demands."""
    rows = _DEMANDS.run(
        snapshot.connection,
        first=deadline_filter.first or "",
        to=deadline_filter.last or _LAST_DAY,
        head=snapshot.position,
        most=most + 1,
    ).fetchall()
    if len(rows) > most:
        return None
    addressees = {name for (demand,) in rows for name in _ever_addressed(snapshot, demand)}
    return _calendar_entries(snapshot, addressees, deadline_filter)


def _ever_addressed(snapshot: Snapshot, demand: str) -> Iterator[str]:
    for (position,) in _POSITIONS.run(snapshot.connection, entry=demand, head=snapshot.position).fetchall():
        yield from snapshot.cache.fact(snapshot.connection, position).jurisdictions


def _calendar_entries(snapshot: Snapshot, addressees: set[str], deadline_filter: DeadlineFilter) -> list[CalendarEntry]:
    entries = []
    for addressee in addressees:
        events = [event for event in calendar_events(snapshot, addressee) if _takes(deadline_filter, event)]
        if events:
            place = msgspec.json.decode(place_by_id(snapshot, "id", addressee)[0])
            name, state = place["name"], place["state"]
            entries += [CalendarEntry(event, name, state, _entry(snapshot, event)) for event in events]
    return sorted(entries, key=lambda entry: _order(entry.event.deadline))


def _takes(deadline_filter: DeadlineFilter, event: CalendarEvent) -> bool:
    """Whether the filter takes an event; one that was taken out of the record counts as withdrawn."""
    return deadline_filter.matches({**event.deadline, "state": "withdrawn"} if event.gone else event.deadline)


def _order(deadline: Deadline) -> tuple[str, str, str]:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _entry(snapshot: Snapshot, event: CalendarEvent) -> dict[str, Any]:
    return entry_fields(snapshot.connection, event.deadline["demand"], event.read_at)


router = APIRouter(tags=["deadlines"], prefix="/api/v1")
CALENDAR_TYPE = "text/calendar"
MOST_DEMANDS = 5_000
"""In one calendar: calendar programs are of no use with more, and making it would take too long."""
_REFRESHED = timedelta(hours=6)
_PRODUCT = "-//Dispute timeline//Deadlines//EN"


class CalendarQuery(ClockQuery):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None,
        description="Deadlines that stand so on the day asked. Left out, a deadline that is closed stays in the "
        "calendar; with it, it leaves.",
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")

    @property
    def filter(self) -> DeadlineFilter:
        return DeadlineFilter(self.state, self.from_, self.to)


@get(router, "/jurisdictions/{id}/deadlines.ics", query=CalendarQuery, answer=CALENDAR_TYPE)
def calendar_of_a_place(request: Request, query: CalendarQuery, snapshot: Snapshot, id: PlaceId) -> ResourceResponse:
    """The deadlines of a place and of its agencies as a calendar."""
    return _calendar_response(request, snapshot, place_calendar(snapshot, slug_of(snapshot, id), query.filter))


@get(router, "/deadlines.ics", query=CalendarQuery, answer=CALENDAR_TYPE)
def calendar(request: Request, query: CalendarQuery, snapshot: Snapshot) -> ResourceResponse:
    """Everyone's deadlines as a calendar."""
    entries = whole_calendar(snapshot, query.filter, MOST_DEMANDS)
    if entries is None:
        message = f"is needed, or to, or one place's calendar: there are more than {MOST_DEMANDS:,} demands"
        raise MalformedQuery(f"from: {message}", problems=[Problem("from", query.from_, message)])
    return _calendar_response(request, snapshot, entries)


def _calendar_response(request: Request, snapshot: Snapshot, entries: list[CalendarEntry]) -> ResourceResponse:
    calendar_bytes = render_calendar(entries, root_url(request))
    return ResourceResponse(snapshot.head, calendar_bytes, media_type=f"{CALENDAR_TYPE}; charset=utf-8")


def render_calendar(entries: list[CalendarEntry], public_url: str) -> bytes:
    """The calendar's bytes: of the same deadlines always the same."""
    calendar_ = icalendar.Calendar()
    calendar_.add("prodid", _PRODUCT)
    calendar_.add("version", "2.0")
    calendar_.add("calscale", "GREGORIAN")
    calendar_.add("x-wr-calname", "Deadlines in the dispute")
    calendar_.add("refresh-interval", _REFRESHED, parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar_.add_component(_event(entry, f"{public_url}/api/v1/entries"))
    return bytes(calendar_.to_ical())


def _event(entry: CalendarEntry, entries_url: str) -> icalendar.Event:
    recorded, deadline = entry.event, entry.event.deadline
    day = date.fromisoformat(deadline["due"])
    links = [f"{role}: {entries_url}/{id_}" for role, id_ in entry.entries]
    event = icalendar.Event()
    event.add("uid", f"{deadline['demand']}.{deadline['addressee']}@dispute-timeline")
    # Of a calendar without a METHOD, DTSTAMP is when it was last revised (RFC 5545, 3.8.7.2).
    event.add("dtstamp", datetime.fromisoformat(recorded.modified))
    event.add("created", datetime.fromisoformat(recorded.created))
    event.add("last-modified", datetime.fromisoformat(recorded.modified))
    event.add("sequence", recorded.changes)
    event.add("dtstart", day)
    if day < date.max:  # without a DTEND, an all-day event lasts one day
        event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", entry.summary)
    event.add("description", "\n".join([*entry.description, *links]))
    event.add("url", f"{entries_url}/{deadline['demand']}")
    event.add("categories", ["Deadline", entry.state, deadline["for"]])
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    if entry.open:
        for days in DEFAULT_PLAN:
            if days <= 0:
                event.add_component(_alarm(days, entry.summary))
    return event


def _alarm(days: int, summary: str) -> icalendar.Alarm:
    """At the hour of the default plan, in the time zone of whoever reads the calendar."""
    hour = time.fromisoformat(DEFAULT_HOUR)
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=days, hours=hour.hour, minutes=hour.minute))
    alarm.add("description", summary)
    return alarm
