"""Deadlines as a calendar (RFC 5545): which ones it holds, and each in words."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

import icalendar
import msgspec
from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import bindparam, select

from api.http.errors import malformed
from api.http.exchange import root_url
from api.http.parameters import PlaceId
from api.http.routes import ResourceResponse, get
from api.pages.names import Names
from api.resources.deadlines import DueQuery
from domain.answers import DeadlineState
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
_ROLES = {"demand": "Demand", "extended_by": "Extended by", "withdrawn_by": "Withdrawn by", "answer": "Answer"}
"""The entries that a deadline rests on."""
_PARTIES = {
    "federal": "the federal government",
    "jurisdiction": "another jurisdiction",
    "court": "the court",
    "press": "the press",
    "other": "whoever asked",
}


router = APIRouter(tags=["deadlines"], prefix="/api/v1")
CALENDAR_TYPE = "text/calendar"
MOST_DEMANDS = 5_000
"""In one calendar: calendar programs are of no use with more, and making it would take too long."""
_REFRESHED = timedelta(hours=6)
_PRODUCT = "-//Dispute timeline//Deadlines//EN"


class CalendarQuery(DueQuery):
    state: DeadlineState | None = Field(
        None,
        description="Deadlines that stand so on the day asked. Left out, a deadline that is closed stays in the "
        "calendar; with it, it leaves.",
    )


@get(router, "/jurisdictions/{id}/deadlines.ics", query=CalendarQuery, answer=CALENDAR_TYPE)
def calendar_of_a_place(request: Request, query: CalendarQuery, snapshot: Snapshot, id: PlaceId) -> ResourceResponse:
    """The deadlines of a place and of its agencies as a calendar."""
    place = snapshot.place(slug_of(snapshot, id))
    name = Names(snapshot).place_name(place.id)
    return _calendar(request, snapshot, {place.id, *place.agencies}, query, f"Deadlines: {name}")


@get(router, "/deadlines.ics", query=CalendarQuery, answer=CALENDAR_TYPE)
def calendar(request: Request, query: CalendarQuery, snapshot: Snapshot) -> ResourceResponse:
    """Everyone's deadlines as a calendar."""
    connection, head = snapshot.connection, snapshot.position
    first, to = query.from_ or "", query.to or _LAST_DAY
    demands = _DEMANDS.run(connection, first=first, to=to, head=head, most=MOST_DEMANDS + 1).fetchall()
    if len(demands) > MOST_DEMANDS:
        message = f"is needed, or to, or one place's calendar: there are more than {MOST_DEMANDS:,} demands"
        raise malformed("from", query.from_, message)
    addressees: set[str] = set()
    for (demand,) in demands:
        for (position,) in _POSITIONS.run(connection, entry=demand, head=head).fetchall():
            addressees.update(snapshot.cache.fact(connection, position).jurisdictions)
    return _calendar(request, snapshot, addressees, query)


def _calendar(
    request: Request,
    snapshot: Snapshot,
    addressees: set[str],
    query: CalendarQuery,
    name: str = "Deadlines in the dispute",
) -> ResourceResponse:
    """The deadlines of these in order, with those withdrawn or taken out of the record: always the same bytes."""
    deadline_filter = DeadlineFilter(query.state, query.from_, query.to)
    entries_url = f"{root_url(request)}/entries"
    events: list[tuple[tuple[str, str, str], icalendar.Event]] = []
    for addressee in addressees:
        place: dict[str, str] = {}
        for event in calendar_events(snapshot, addressee):
            deadline = event.deadline
            # One that was taken out of the record counts as withdrawn.
            if deadline_filter.matches({**deadline, "state": "withdrawn"} if event.gone else deadline):
                place = place or msgspec.json.decode(place_by_id(snapshot, "id", addressee)[0])
                order = deadline["due"], deadline["demand"], deadline["addressee"]
                events.append((order, _event(snapshot, event, place, entries_url)))
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)  # RFC 7986
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _REFRESHED, parameters={"VALUE": "DURATION"})
    for _, component in sorted(events, key=itemgetter(0)):
        calendar.add_component(component)
    return ResourceResponse(snapshot.head, bytes(calendar.to_ical()), media_type=f"{CALENDAR_TYPE}; charset=utf-8")


def _event(snapshot: Snapshot, recorded: CalendarEvent, place: dict[str, str], entries_url: str) -> icalendar.Event:
    deadline: Mapping[str, Any] = recorded.deadline
    entry = entry_fields(snapshot.connection, deadline["demand"], recorded.read_at)
    actor, day, outcome = entry["actor"], date.fromisoformat(deadline["due"]), _outcome(recorded)
    is_open = not recorded.gone and deadline["state"] == "open"
    whom = actor.get("office") or actor.get("name") or _PARTIES[actor["party"]]
    owed = "an answer" if deadline["for"] == "answer" else "compliance"
    summary = f"{place['name']} owes {whom} {owed}" if is_open else f"{place['name']} owed {whom} {owed}: {outcome}"
    description = [
        *([f"“{deadline['words']}”"] if deadline["words"] else []),
        entry["summary"],
        f"Due by the end of {deadline['due']}, {deadline['time_zone']}: {outcome}.",
        *([f"First due on {deadline['original_due']}."] if deadline["original_due"] != deadline["due"] else []),
        *(f"{label}: {entries_url}/{deadline[role]}" for role, label in _ROLES.items() if deadline[role] is not None),
    ]
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
    event.add("summary", summary)
    event.add("description", "\n".join(description))
    event.add("url", f"{entries_url}/{deadline['demand']}")
    event.add("categories", ["Deadline", place["state"], deadline["for"]])
    event.add("status", "CANCELLED" if recorded.gone or deadline["state"] == "withdrawn" else "CONFIRMED")
    if is_open:
        for days in DEFAULT_PLAN:
            if days <= 0:
                event.add_component(_alarm(days, summary))
    return event


def _outcome(event: CalendarEvent) -> str:
    if event.gone:
        return "taken out of the record"
    state: str = event.deadline["state"]
    if state == "answered" and event.deadline["late"]:
        return "answered late"
    return {"lapsed": "no response known", "moot": "nothing is asked any more"}.get(state, state)


def _alarm(days: int, summary: str) -> icalendar.Alarm:
    """At the hour of the default plan, in the time zone of whoever reads the calendar."""
    hour = time.fromisoformat(DEFAULT_HOUR)
    alarm = icalendar.Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=days, hours=hour.hour, minutes=hour.minute))
    alarm.add("description", summary)
    return alarm
