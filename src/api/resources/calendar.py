"""The calendar: whose deadlines it holds, and what is said of each in plain words."""

from __future__ import annotations

from collections.abc import Iterator
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
from api.http.parameters import ClockQuery, PlaceId, slug_of
from api.http.responses import ResourceResponse
from api.http.routes import get
from domain.dates import Day
from domain.deadlines import Deadline
from domain.errors import Problem
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN
from eventlog.sql import CompiledQuery
from projections.deadlines import CalendarEvent, DeadlineFilter, calendar_events
from projections.entries import entry_fields
from projections.places import place_by_id
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
_THE_LAST = "9999-12-31"
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

    occasion: CalendarEvent
    name: str
    state: str
    entry: dict[str, Any]

    @property
    def cancelled(self) -> bool:
        """Whether nothing is due any more because it was taken back: by a withdrawal, or out of the record."""
        return self.occasion.gone or self.occasion.deadline["state"] == "withdrawn"

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return not self.occasion.gone and self.occasion.deadline["state"] == "open"

    @property
    def summary(self) -> str:
        """Who owes what to whom, in one line."""
        deadline = self.occasion.deadline
        actor = self.entry["actor"]
        whom = actor.get("office") or actor.get("name") or _PARTIES[actor["party"]]
        owed = "an answer" if deadline["for"] == "answer" else "compliance"
        if self.open:
            return f"{self.name} owes {whom} {owed}"
        return f"{self.name} owed {whom} {owed}: {_what_became_of(self.occasion)}"

    @property
    def description(self) -> list[str]:
        """The words that set it, what was asked, and how it stands, a line each."""
        deadline = self.occasion.deadline
        return [
            *([f"“{deadline['words']}”"] if deadline["words"] else []),
            self.entry["summary"],
            f"Due by the end of {deadline['due']}, {deadline['time_zone']}: {_what_became_of(self.occasion)}.",
            *([f"First due on {deadline['original_due']}."] if deadline["original_due"] != deadline["due"] else []),
        ]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """The entries that it rests on, each with what it is to it."""
        deadline = self.occasion.deadline
        roles = {"demand": "Demand", "extended_by": "Extended by", "withdrawn_by": "Withdrawn by", "answer": "Answer"}
        return [(word, deadline[role]) for role, word in roles.items() if deadline[role] is not None]


def _what_became_of(occasion: CalendarEvent) -> str:
    if occasion.gone:
        return "taken out of the record"
    deadline = occasion.deadline
    state: str = deadline["state"]
    if state == "answered" and deadline["late"]:
        return "answered late"
    return {"lapsed": "no response known", "moot": "nothing is asked any more"}.get(state, state)


def place_calendar(snapshot: Snapshot, id_: str, wanted: DeadlineFilter) -> list[CalendarEntry]:
    """The deadlines of a place and of its agencies, those withdrawn and those taken away among them, in order."""
    place = snapshot.place(id_)
    return _calendar_entry(snapshot, {place.id, *place.agencies}, wanted)


def whole_calendar(snapshot: Snapshot, wanted: DeadlineFilter, most: int) -> list[CalendarEntry] | None:
    """Everyone's, in order; None where they come from more than `most` demands."""
    rows = _DEMANDS.run(
        snapshot.connection,
        first=wanted.first or "",
        to=wanted.last or _THE_LAST,
        head=snapshot.position,
        most=most + 1,
    ).fetchall()
    if len(rows) > most:
        return None
    return _calendar_entry(snapshot, {name for (demand,) in rows for name in _ever_addressed(snapshot, demand)}, wanted)


def _ever_addressed(snapshot: Snapshot, demand: str) -> Iterator[str]:
    """Whom any version of a demand was addressed to."""
    for (position,) in _POSITIONS.run(snapshot.connection, entry=demand, head=snapshot.position).fetchall():
        yield from snapshot.cache.fact(snapshot.connection, position).jurisdictions


def _calendar_entry(snapshot: Snapshot, addressees: set[str], wanted: DeadlineFilter) -> list[CalendarEntry]:
    found = []
    for addressee in addressees:
        its = [one for one in calendar_events(snapshot, addressee) if _takes(wanted, one)]
        if its:
            place = msgspec.json.decode(place_by_id(snapshot, "id", addressee)[0])
            found += [CalendarEntry(one, place["name"], place["state"], _entry(snapshot, one)) for one in its]
    return sorted(found, key=lambda one: _order(one.occasion.deadline))


def _takes(wanted: DeadlineFilter, occasion: CalendarEvent) -> bool:
    """What was taken away is wanted where all are, or the withdrawn."""
    as_withdrawn = {**occasion.deadline, "state": "withdrawn"} if occasion.gone else occasion.deadline
    return wanted.matches(as_withdrawn)


def _order(deadline: Deadline) -> tuple[str, str, str]:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _entry(snapshot: Snapshot, occasion: CalendarEvent) -> dict[str, Any]:
    return entry_fields(snapshot.connection, occasion.deadline["demand"], occasion.read_at)


router = APIRouter(tags=["deadlines"], prefix="/api/v1")
CALENDAR_TYPE = "text/calendar"
MOST_DEMANDS = 5_000
"""In one calendar: more would be of no use to a calendar program, and take it and us too long."""
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
        """The same, as the read models take it."""
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


def render_calendar(shown: list[CalendarEntry], public_url: str) -> bytes:
    """The calendar's bytes: of the same deadlines always the same."""
    made = icalendar.Calendar()
    made.add("prodid", _PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("x-wr-calname", "Deadlines in the dispute")
    made.add("refresh-interval", _REFRESHED, parameters={"VALUE": "DURATION"})
    for one in shown:
        made.add_component(_event(one, f"{public_url}/api/v1/entries"))
    return bytes(made.to_ical())


def _event(one: CalendarEntry, entries: str) -> icalendar.Event:
    occasion, deadline = one.occasion, one.occasion.deadline
    day = date.fromisoformat(deadline["due"])
    links = [f"{word}: {entries}/{entry}" for word, entry in one.entries]
    event = icalendar.Event()
    event.add("uid", f"{deadline['demand']}.{deadline['addressee']}@dispute-timeline")
    # Of a calendar without a METHOD, DTSTAMP is when it was last revised (RFC 5545, 3.8.7.2).
    event.add("dtstamp", datetime.fromisoformat(occasion.modified))
    event.add("created", datetime.fromisoformat(occasion.created))
    event.add("last-modified", datetime.fromisoformat(occasion.modified))
    event.add("sequence", occasion.changes)
    event.add("dtstart", day)
    if day < date.max:  # there is no day after the calendar's last: without a DTEND, an all-day event is one day, too
        event.add("dtend", day + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", one.summary)
    event.add("description", "\n".join([*one.description, *links]))
    event.add("url", f"{entries}/{deadline['demand']}")
    event.add("categories", ["Deadline", one.state, deadline["for"]])
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    if one.open:
        for days in DEFAULT_PLAN:
            if days <= 0:
                event.add_component(_alarm(days, one.summary))
    return event


def _alarm(days: int, summary: str) -> icalendar.Alarm:
    """From midnight of the day due, wherever the calendar is read, to the hour of the default plan."""
    hour = time.fromisoformat(DEFAULT_HOUR)
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=days, hours=hour.hour, minutes=hour.minute))
    alarm.add("description", summary)
    return alarm
