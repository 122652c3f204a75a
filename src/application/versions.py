"""Where an entry or a place changed: the positions and instants of its stream, for those who ask for its past."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from application.service import Service
from eventlog.engine import reading
from eventlog.statements import Statement
from eventlog.tables import log

Version = tuple[int, str]
"""A log position, and when it was recorded."""
_VERSIONS = Statement(
    select(log.c.position, log.c.recorded_at).where(log.c.stream == bindparam("stream")).order_by(log.c.version)
)


def versions(service: Service, stream: str) -> list[Version]:
    """The versions of a stream, oldest first."""
    with reading(service.engine) as connection:
        return [(position, stamp) for position, stamp in _VERSIONS.run(connection, stream=stream)]


def first_version(service: Service, stream: str) -> Version | None:
    """The first of them; None where there is none."""
    return next(iter(versions(service, stream)), None)
