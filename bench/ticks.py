"""A tick with nothing due: over many open deadlines, all with their reminders planned, beside one over few."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.databases import KINDS
from bench.figures import Figure, Say, timed
from bench.generate import Fields

from application.recording import record
from application.reminders.due import tick
from application.reminders.subscriptions import create_subscription
from application.service import Service

MANY, FEW = 100_000, 1_000
DEADLINES_A_PLACE = 10
ROUNDS = 7
TICKS = 200
BATCH = 5_000
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def measure(database: str, many: int, say: Say) -> Figure:
    """The figure of a tick, in databases of its own."""
    figure = Figure("tick", database, "ticks")
    with KINDS[database]() as (url, floor_url):
        services = [Service(one, now=lambda: NOW) for one in (url, floor_url)]
        try:
            for service, deadlines in zip(services, (many, FEW), strict=True):
                say(f"{database}: {deadlines:,} open deadlines and their reminders")
                _fill(service, deadlines)
            for number in range(1, ROUNDS + 2):
                say(f"{database}: ticks, round {number} of {ROUNDS + 1}")
                ours, floor = (timed(lambda service=service: _ticks(service)) for service in services)  # type: ignore[misc]  # bound at once
                if number > 1:  # the first warms both up
                    figure.add(TICKS, ours, floor)
        finally:
            for service in services:
                service.close()
    return figure


def _ticks(service: Service) -> None:
    for _ in range(TICKS):
        tick(service)


def _fill(service: Service, deadlines: int) -> None:
    """Records places and their demands, and plans for somebody who asked about all of them."""
    zone = "America/Los_Angeles"
    places = [
        {"id": f"city-{number}", "name": "A city", "kind": "city", "state": "CA", "time_zone": zone}
        for number in range(deadlines // DEADLINES_A_PLACE)
    ]
    record(service, [], places, recorder="bench")
    batch = []
    for fields in _demands(deadlines, len(places)):
        batch.append(fields)
        if len(batch) == BATCH:
            record(service, batch, recorder="bench")
            batch = []
    record(service, batch, recorder="bench")
    create_subscription(service, {"all": True, "channel": "log"}, owner="bench")
    tick(service)


def _demands(deadlines: int, places: int) -> Iterator[Fields]:
    for number in range(deadlines):
        due = (NOW + timedelta(days=20 + number % 300)).date().isoformat()
        yield {
            "id": f"asks-{number}", "kind": "inquiry", "occurred": "2026-02-20", "actor": {"party": "federal"},
            "jurisdictions": [f"city-{number % places}"], "summary": "A question.",
            "respond_by": {"date": due, "words": f"by {due}"},
            "sources": [{"id": "s1", "title": "A letter", "rank": "primary"}],
        }  # fmt: skip
