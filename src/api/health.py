"""Whether the service lives, and whether it can do its work."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.clocks import service_of
from api.documents import documented
from api.questions import Nothing, read
from api.shapes import Health
from eventlog.engine import reading

router = APIRouter(tags=["health"])


@router.get("/healthz", **documented(Nothing, Health, 400))
def healthz(request: Request) -> Response:
    """Whether the service answers and reaches its record, which goes up to `position`."""
    read(Nothing, request)
    service = service_of(request)
    with reading(service.engine) as connection:
        return _said("ok", service.log.head(connection).position)


@router.get("/readyz", **documented(Nothing, Health, 400, 503))
def readyz(request: Request) -> Response:
    """Whether the record could be written to just now: its lock was had, and given back."""
    read(Nothing, request)
    service = service_of(request)
    try:
        with service.log.appending(recorder="readyz", now=service.now()) as append:
            position = append.head
    except (SQLAlchemyError, service.engine.dialect.loaded_dbapi.Error):
        return _said("unable to write", None, 503)
    return _said("ready", position)


def _said(status: str, position: int | None, code: int = 200) -> Response:
    return Response(msgspec.json.encode({"status": status, "position": position}), code, media_type="application/json")
