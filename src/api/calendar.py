"""Deadlines as a calendar (RFC 5545) that any calendar program subscribes to: one all-day event a deadline.

A deadline keeps its UID for good. Each event of the log that changes it raises its SEQUENCE, and one that is withdrawn,
corrected away or retracted stays as CANCELLED: only so does a program that has it already strike it out.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal

import icalendar
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.addresses import PlaceId, slug_of
from api.clocks import Clocks, snapshot_for
from api.documents import documented
from api.errors import Malformed
from api.http.exchange import root_of
from api.questions import read
from domain.dates import Day
from domain.refusals import Problem
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN
from projections.calendar import Shown, place_calendar, whole_calendar
from projections.deadlines import Wanted
from projections.snapshot import Snapshot

router = APIRouter(tags=["deadlines"], prefix="/api/v1")
MEDIA_TYPE = "text/calendar"
MOST_DEMANDS = 5_000
"""In one calendar: more would be of no use to a calendar program, and take it and us too long."""
_REFRESHED = timedelta(hours=6)
_PRODUCT = "-//Dispute timeline//Deadlines//EN"


class Filters(Clocks):
    """Which deadlines."""

    state: Literal["open", "answered", "lapsed", "moot", "withdrawn"] | None = Field(
        None,
        description="Deadlines that stand so on the day asked. Left out, a deadline that is closed stays in the "
        "calendar; with it, it leaves.",
    )
    from_: Day | None = Field(None, alias="from", description="Deadlines due on or after this day.")
    to: Day | None = Field(None, description="Deadlines due on or before this day.")

    @property
    def wanted(self) -> Wanted:
        """The same, as the read models take it."""
        return Wanted(self.state, self.from_, self.to)


@router.get("/jurisdictions/{id}/deadlines.ics", **documented(Filters, MEDIA_TYPE, 400, 404))
def calendar_of_a_place(request: Request, id: PlaceId) -> Response:
    """The deadlines of a place and of its agencies as a calendar."""
    filters = read(Filters, request)
    with snapshot_for(request, filters) as snapshot:
        shown = place_calendar(snapshot, slug_of(snapshot, id), filters.wanted)
        return _answer(request, snapshot, shown)


@router.get("/deadlines.ics", **documented(Filters, MEDIA_TYPE, 400))
def calendar(request: Request) -> Response:
    """Everyone's deadlines as a calendar."""
    filters = read(Filters, request)
    with snapshot_for(request, filters) as snapshot:
        shown = whole_calendar(snapshot, filters.wanted, MOST_DEMANDS)
        if shown is None:
            message = f"is needed, or to, or one place's calendar: there are more than {MOST_DEMANDS:,} demands"
            raise Malformed(f"from: {message}", problems=[Problem("from", filters.from_, message)])
        return _answer(request, snapshot, shown)


def _answer(request: Request, snapshot: Snapshot, shown: list[Shown]) -> Response:
    headers = {"Log-Position": str(snapshot.head), "X-Content-Type-Options": "nosniff"}
    return Response(rendered(shown, root_of(request)), 200, headers, f"{MEDIA_TYPE}; charset=utf-8")


def rendered(shown: list[Shown], public_url: str) -> bytes:
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


def _event(one: Shown, entries: str) -> icalendar.Event:
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
