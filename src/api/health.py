"""Whether the service lives, and whether it can do its work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.clocks import service_of
from api.documents import documented
from api.questions import Nothing, read
from api.shapes import Instant, Shape
from application.reminding.listing import last_tick
from eventlog.engine import reading

router = APIRouter(tags=["health"])


class Ticking(Shape):
    """When the ticker of reminders last ran (null: never), and by how many seconds it is late."""

    last_tick: Instant | None
    late_s: int | None


class Health(Shape):
    """Whether the service does its work, and how far its record goes."""

    status: str
    position: int | None
    reminders: Ticking | None


@router.get("/healthz", **documented(Nothing, Health, 400))
def healthz(request: Request) -> Response:
    """Whether the service answers and reaches its record, which goes up to `position`."""
    read(Nothing, request)
    service = service_of(request)
    with reading(service.engine) as connection:
        return _said("ok", service.log.head(connection).position, _reminders(request, connection))


@router.get("/readyz", **documented(Nothing, Health, 400, 503))
def readyz(request: Request) -> Response:
    """Whether the record could be written to just now: its lock was had, and given back."""
    read(Nothing, request)
    service = service_of(request)
    try:
        with service.log.appending(recorder="readyz", now=service.now()) as append:
            position, reminders = append.head, _reminders(request, append.connection)
    except (SQLAlchemyError, service.engine.dialect.loaded_dbapi.Error):
        return _said("unable to write", None, None, 503)
    return _said("ready", position, reminders)


def _reminders(request: Request, connection: Connection) -> dict[str, Any]:
    """When the ticker last ran; late by what it found late then, or by as long as it is overdue since."""
    service, settings = service_of(request), request.app.state.settings
    ticked, late_s = last_tick(connection)
    if ticked is not None:
        since_s = (service.now() - datetime.fromisoformat(ticked)).total_seconds()
        late_s = max(late_s or 0, int(since_s - settings.tick_s))
    return {"last_tick": ticked, "late_s": late_s}


def _said(status: str, position: int | None, reminders: dict[str, Any] | None, code: int = 200) -> Response:
    answer = {"status": status, "position": position, "reminders": reminders}
    return Response(msgspec.json.encode(answer), code, media_type="application/json")
