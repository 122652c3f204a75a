"""Opening the service: read models that an older or newer version of the code built are made anew before any read."""

from __future__ import annotations

from application.replay import Progress, is_current, rebuild
from application.service import Service


def open_service(database_url: str, progress: Progress = lambda _done, _total: None) -> Service:
    """The service on a database, its read models of the present version: built here where they are of another.

    Raises what a rebuild raises; then the tables in use stay as they were, and the service is closed.
    """
    service = Service(database_url)
    try:
        if not is_current(service):
            rebuild(service, progress)
    except BaseException:
        service.close()
        raise
    return service
