"""Whether the service lives, and whether it can do its work."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import Field
from sqlalchemy import Connection

from api.http.edge import PREFIX
from api.http.parameters import service_of
from api.http.routes import get
from api.openapi.schemas import Instant, Shape
from application.clock import step_back
from application.readiness import faults_for_writing
from application.reminders.due import last_tick
from application.reminders.queries import by_state, waiting
from application.service import Service
from eventlog.engine import reading
from eventlog.guards import Unguarded
from eventlog.trouble import DatabaseTrouble

router = APIRouter(tags=["health"])
_RETRY_AFTER_S = 5
_UNABLE = "unable to write"


class Ticking(Shape):
    """When the ticker of reminders last ran (null: never), and by how many seconds it is late."""

    last_tick: Instant | None
    late_s: int | None


class Health(Shape):
    """Whether the service does its work, how far its record goes, and (`why`) what stands against writing to it."""

    status: str
    position: int | None
    reminders: Ticking | None
    why: list[str]
    unreadable: list[int] = Field([], description="The log positions that cannot be read: `verify` says why.")


@get(router, "/healthz", answer=Health)
def healthz(request: Request, service: Service) -> Response:
    """Whether the service answers and reaches its record, which goes up to `position`."""
    with reading(service.engine) as connection:
        return _health("ok", service.log.head(connection).position, _reminders(request, connection))


@get(router, "/readyz", answer=Health, also=(503,))
def readyz(request: Request, service: Service) -> Response:
    """Whether the record could be written to just now: its lock was had, a row was written, and space is left.

    `why` says what stands against it; where it is ready, what the keeper is to look at.
    """
    try:
        with service.log.appending(recorder="readyz", now=service.now()) as append:
            why = faults_for_writing(service, append)
            position, reminders = append.head, _reminders(request, append.connection)
            append.touch()
    except (DatabaseTrouble, Unguarded) as error:
        return _health(_UNABLE, None, None, [error.detail])
    if why:
        return _health(_UNABLE, position, reminders, why)
    behind = step_back(service.now(), append.stamped_before)
    with service.snapshot() as snapshot:
        unreadable = [event.position for event in snapshot.cache.unreadable]
    return _health("ready", position, reminders, [] if behind is None else [behind], unreadable)


def _reminders(request: Request, connection: Connection) -> dict[str, Any]:
    """When the ticker last ran; late by what it found late then, or by as long as it is overdue since."""
    service, settings = service_of(request), request.app.state.settings
    ticked, late_s = last_tick(connection)
    if ticked is not None:
        since_s = (service.now() - datetime.fromisoformat(ticked)).total_seconds()
        late_s = max(late_s or 0, int(since_s - settings.tick_s))
    return {"last_tick": ticked, "late_s": late_s}


def _health(
    status: str,
    position: int | None,
    reminders: dict[str, Any] | None,
    why: Sequence[str] = (),
    unreadable: Sequence[int] = (),
) -> Response:
    """`unreadable` is left out where there is nothing of it, as nearly always."""
    answer: dict[str, Any] = {"status": status, "position": position, "reminders": reminders, "why": why}
    if unreadable:
        answer["unreadable"] = unreadable
    able = status != _UNABLE
    headers = None if able else {"Retry-After": str(_RETRY_AFTER_S)}
    return Response(msgspec.json.encode(answer), 200 if able else 503, headers, "application/json")


_STATES = ("planned", "due", "delivered", "failed", "acknowledged", "cancelled")


class RecordMetrics(Collector):
    """The gauges of the record and of reminders, read from the database at each scrape."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def collect(self) -> Iterator[GaugeMetricFamily]:
        service: Service = self._app.state.service
        with service.reading() as connection:
            position = service.log.head(connection).position
            states = by_state(connection)
            pending = waiting(connection)
            ticked, late_s = last_tick(connection)
        yield _gauge("log_position", "The last position of the log.", position)
        reminders = GaugeMetricFamily(f"{PREFIX}_reminders", "Reminders by state.", labels=["state"])
        for state in _STATES:
            reminders.add_metric([state], states.get(state, 0))
        yield reminders
        yield _gauge("event_streams", "Streams of events that are open.", self._app.state.live.streams)
        yield _gauge("outbox_pending", "Messages that are still to be sent.", pending)
        if ticked is not None:
            age_s = (service.now() - datetime.fromisoformat(ticked)).total_seconds()
            yield _gauge("last_tick_age_seconds", "Seconds since the ticker of reminders last ran.", age_s)
            yield _gauge("last_tick_late_seconds", "How late the first reminder that it found was.", late_s or 0)


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", says, value)


@get(router, "/metrics", answer="text/plain")
def metrics(request: Request) -> Response:
    """How far the record goes, reminders in each state, what waits to be sent, the ticker's age; requests, appends."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
