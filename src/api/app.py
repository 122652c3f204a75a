"""The app: every route under /api/v1, the two for whoever watches the service, errors and documentation."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp

from api import (
    batches,
    calendar,
    changes,
    deadlines,
    docs_page,
    entries,
    errors,
    events,
    health,
    history,
    jurisdictions,
    links,
    log,
    metrics,
    publishing,
    reminders,
    revisions,
    subscriptions,
    suffixes,
    timeline,
    timemaps,
)
from api.documents import openapi_of
from api.http.edge import Edge
from api.pages.installing import install as install_pages
from application.live import Live
from application.service import Service
from application.settings import Settings

_DESCRIPTION = """
The public record of the dispute between the US Department of Justice and states, counties and cities over "sanctuary"
policy, 8 U.S.C. 1373 and conditions on grants: what happened, and where each jurisdiction stands, on any day.

Every read can be asked on three clocks: `as_of` (what was true), `public_by` (what could be known) and `recorded_by`
(what this service said). Nothing is ever said without the entry, and so the sources, that it rests on.

Lists are `{"<plural>": [...], "next": cursor or null, "position": N}`. `position` is the last log position that an
answer rests on; the response header `Log-Position` has the head of the log at which it was worked out. Errors are
problem details (RFC 9457). Reading is open; writing needs a key, and so do subscriptions and their reminders.
"""


class App(FastAPI):
    """FastAPI, with our own edge around all of it."""

    def build_middleware_stack(self) -> ASGIApp:
        """What FastAPI builds, within the edge: as middleware of its own kind it would not see a bug's answer."""
        return Edge(super().build_middleware_stack(), self, self.state.settings)


def create_app(service: Service, settings: Settings | None = None) -> FastAPI:
    """The HTTP API of a service, which whoever made it also closes."""
    app = App(
        title="Dispute timeline",
        version=version("dispute-timeline"),
        description=_DESCRIPTION,
        docs_url=None,  # docs_page has ours
        redoc_url=None,
        redirect_slashes=False,  # one address for each thing: another is a 404
    )
    app.state.service = service
    app.state.settings = settings or Settings()
    app.state.live = Live(service)
    # The routes themselves, those most asked for first: an included router is searched twice for every request.
    rooms = (
        timeline,
        jurisdictions,
        deadlines,
        publishing,
        calendar,
        entries,
        batches,
        revisions,
        changes,
        history,
        suffixes,
        log,
        events,
        timemaps,
        reminders,
        subscriptions,
        health,
    )
    for room in (*rooms, metrics, links):
        app.router.routes.extend(room.router.routes)
    docs_page.install(app)
    errors.install(app)
    install_pages(app)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    return app
