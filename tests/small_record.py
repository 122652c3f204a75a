"""A record of a few acts, places and corrections, to prove things of: small enough to try every position."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from application.recording import handle, record
from application.service import Service
from domain.decisions import command_for
from domain.events import EntryCorrected, EntryRetracted

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CORRECTED = "2017-04-01-said-3"


def service_on(url: str) -> Service:
    """A service whose clock ticks once a look."""
    ticks = itertools.count()
    return Service(url, now=lambda: NOON + timedelta(seconds=next(ticks)))


def said(number: int) -> dict[str, Any]:
    """A small entry."""
    return {
        "id": f"2017-04-01-said-{number}",
        "kind": "statement",
        "occurred": "2017-04-01",
        "actor": {"party": "federal"},
        "jurisdictions": ["springfield-zz"],
        "summary": f"“Something” was said, {number} times – § 1373.",
        "sources": [{"id": "s1", "title": "A page", "rank": "primary"}],
    }


PLACE = {
    "id": "springfield-zz",
    "name": "Springfield",
    "kind": "city",
    "state": "ZZ",
    "time_zone": "America/Chicago",
}


def fill(service: Service, entries: int = 8) -> int:
    """Records a place, some entries, a correction of one and a retraction of another; the head it came to."""
    record(service, [], [PLACE], recorder="ana")
    for number in range(1, entries + 1):
        record(service, [said(number)], recorder="a recorder – “Ana”")
    correction = EntryCorrected(entry=CORRECTED, fields={"summary": "Nothing was said."}, reason="It was not.")
    handle(service, [command_for(correction)], recorder="bob")
    retraction = EntryRetracted(entry=said(1)["id"], reason="Not at all.")
    return handle(service, [command_for(retraction)], recorder="bob")[0].position
