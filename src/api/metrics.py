"""Measures for whoever watches the service, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from fastapi import APIRouter, Request, Response

from api.clocks import service_of
from api.documents import documented
from api.events import live_of
from api.questions import Nothing, read
from application.reminding.listing import by_state, last_tick, waiting

router = APIRouter(tags=["health"])
_STATES = ("planned", "due", "delivered", "failed", "acknowledged", "cancelled")
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", **documented(Nothing, "text/plain", 400))
def metrics(request: Request) -> Response:
    """How far the record goes, how many reminders there are in each state, what waits to be sent, the ticker's age."""
    read(Nothing, request)
    service = service_of(request)
    with service.reading() as connection:
        position = service.log.head(connection).position
        states = by_state(connection)
        pending = waiting(connection)
        ticked, late_s = last_tick(connection)
    lines = [
        *_gauge("log_position", "The last position of the log.", {"": position}),
        *_gauge(
            "reminders",
            "Reminders by state.",
            {f'{{state="{state}"}}': states.get(state, 0) for state in _STATES},
        ),
        *_gauge("event_streams", "Streams of events that are open.", {"": live_of(request).streams}),
        *_gauge("outbox_pending", "Messages that are still to be sent.", {"": pending}),
    ]
    if ticked is not None:
        age_s = (service.now() - datetime.fromisoformat(ticked)).total_seconds()
        lines += _gauge("last_tick_age_seconds", "Seconds since the ticker of reminders last ran.", {"": age_s})
        lines += _gauge("last_tick_late_seconds", "How late the first reminder that it found was.", {"": late_s or 0})
    return Response("\n".join([*lines, ""]), media_type=_TYPE)


def _gauge(name: str, says: str, values: Mapping[str, float]) -> Iterator[str]:
    whole = f"dispute_timeline_{name}"
    yield f"# HELP {whole} {says}"
    yield f"# TYPE {whole} gauge"
    yield from (f"{whole}{labels} {value}" for labels, value in values.items())
