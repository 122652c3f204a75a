"""The app: every route under /api/v1, those that monitoring reads, errors, pages and documentation."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CollectorRegistry
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from api.formats.publish import by_suffix
from api.http import errors
from api.http.edge import Edge, measure_appends
from api.http.lanes import Lanes
from api.http.limits import RefusedKeys
from api.openapi.document import openapi_of
from api.pages.site import install_pages
from api.resources import (
    batches,
    calendar,
    changes,
    deadlines,
    entries,
    events,
    health,
    history,
    jurisdictions,
    log,
    subscriptions,
    timeline,
)
from application.followers import MOST_STREAMS, MOST_STREAMS_OF_ONE, LogFollower
from application.service import Service
from application.settings import Settings

_DOCS = "/docs"
_DOCS_FILES = f"{_DOCS}/files"


def install_docs(app: FastAPI) -> None:
    """Adds the documentation page with files of our own: FastAPI's page loads them from another server."""
    html = bytes(
        get_swagger_ui_html(
            openapi_url=str(app.openapi_url),
            title=app.title,
            swagger_js_url=f"{_DOCS_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_DOCS_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_DOCS_FILES}/favicon.png",
        ).body
    )
    # The page begins with a script of its own, which is let in by its hash; Swagger UI styles its elements itself.
    scripts = re.findall(rb"<script>(.*?)</script>", html, re.DOTALL)
    ours = " ".join(f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src 'self' {ours}; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

    async def page(_request: Request) -> Response:
        return Response(html, headers={"Content-Security-Policy": policy}, media_type="text/html; charset=utf-8")

    app.router.routes += [
        Route(_DOCS, page, include_in_schema=False),
        Mount(_DOCS_FILES, StaticFiles(packages=[("fastapi_offline", "static")])),
    ]


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
        """Puts the edge around everything: as FastAPI's middleware it would not see the answer to a bug."""
        return Edge(super().build_middleware_stack(), self, self.state.settings)


def create_app(service: Service, settings: Settings | None = None) -> FastAPI:
    """The HTTP API of a service. The caller closes the service."""
    app = App(
        title="Dispute timeline",
        version=version("dispute-timeline"),
        description=_DESCRIPTION,
        docs_url=None,  # `install_docs` adds ours
        redoc_url=None,
        redirect_slashes=False,  # each thing has one address; any other is a 404
    )
    app.state.service = service
    app.state.settings = settings or Settings()
    app.state.lanes = Lanes()
    streams_of_one = MOST_STREAMS_OF_ONE if app.state.settings.rate_limit else MOST_STREAMS
    app.state.live = LogFollower(service, most_of_one=streams_of_one)
    app.state.refused_keys = RefusedKeys()
    app.state.registry = CollectorRegistry()  # not the global one: a process may have several apps, as the tests do
    app.state.registry.register(health.RecordMetrics(app))
    measure_appends(service.log, app.state.registry)
    # The routes themselves, most requested first: an included router would be searched twice for every request.
    for resource in (timeline, jurisdictions, deadlines, calendar, entries, batches, changes, history):
        app.router.routes.extend(resource.router.routes)
    for router in (entries.audit, by_suffix, log.router, events.router, subscriptions.router, health.router):
        app.router.routes.extend(router.routes)
    install_docs(app)
    errors.install(app)
    install_pages(app)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]  # the way to extend the document that FastAPI documents
    return app
