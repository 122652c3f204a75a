"""The pages put into an app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup
from starlette.exceptions import HTTPException

from api.http.negotiation import LISTS
from api.pages import changes, deadlines, embed, entries, home, lanes_files, page, places
from api.pages.glossary import document_text, render_markdown
from api.pages.page import PageContent, html_response, page_context, page_route
from api.pages.urls import PageQuery, PageRequest
from domain.errors import RecordError
from eventlog.proofs import proving
from projections.snapshot import Snapshot

ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]
_NOT_PAGES = ("/api/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")


def install_error_pages(app: FastAPI) -> None:
    """Lays pages over the answers to errors that the app has, for browsers."""
    for error in (RecordError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, _or_page(cast("ErrorHandler", app.exception_handlers[error])))


def _or_page(problem_of: ErrorHandler) -> ErrorHandler:
    async def handle(request: Request, error: Exception) -> Response:
        problem = await problem_of(request, error)
        path: str = request.scope["path"]
        if path.startswith(_NOT_PAGES) or "text/html" not in request.headers.get("accept", ""):
            return problem
        said: dict[str, Any] = msgspec.json.decode(problem.body)
        context = {
            "status": said["status"],
            "title": said["title"],
            "detail": said["detail"],
            "elsewhere": path if request.scope["query_string"] else None,
        }
        page = PageContent(html_response("mistake.html", context))
        kept = {name: value for name, value in problem.headers.items() if name in ("allow", "x-content-type-options")}
        return Response(page.body, said["status"], page.headers | kept, page.media_type)

    return handle


def _about(_request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    context = page_context(
        visit,
        snapshot,
        title="About the record: method, words, and what we do not know",
        description="What is recorded and what is worked out from it, what the words mean, and where the record ends.",
        glossary=render_markdown("glossary.md"),
    )
    return PageContent(html_response("about.html", context))


ABOUT_ROUTES = [page_route("/about", PageQuery, _about)]


_PRINTED = "http://127.0.0.1:8000"
_PROGRAM = "verify.py"


def _audit(_request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    with proving(visit.service.log) as proofs:
        checkpoint, key = proofs.checkpoint(), proofs.key
    how = render_markdown("audit.md").replace(_PRINTED, str(Markup.escape(visit.root)))
    context = page_context(
        visit,
        snapshot,
        title="How to audit us",
        description="Everything that this service ever recorded is bound by a signed hash: how to check it yourself.",
        checkpoint=checkpoint,
        key=key,
        how=Markup(how.replace(f'href="{_PROGRAM}"', f'href="/audit/{_PROGRAM}"')),  # noqa: S704 - our own text
    )
    return PageContent(html_response("audit.html", context))


def _program(_request: Request, _visit: PageRequest, _asked: PageQuery, _snapshot: Snapshot) -> PageContent:
    return PageContent(document_text(_PROGRAM).encode(), media_type="text/x-python; charset=utf-8")


AUDIT_ROUTES = [page_route("/audit", PageQuery, _audit), page_route(f"/audit/{_PROGRAM}", PageQuery, _program)]


def _developers(_request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    context = page_context(
        visit,
        snapshot,
        title="For developers: the API, feeds and exports",
        description="Every page here is made from an open HTTP API: timelines, status, deadlines, changes and proofs.",
        feeds=[("Latest acts", "/timeline"), ("Corrections", "/changes"), ("Deadlines", "/deadlines")],
        formats=LISTS,
        lists=[("Acts", "timeline"), ("Deadlines", "deadlines"), ("Corrections", "changes")],
    )
    return PageContent(html_response("developers.html", context))


DEVELOPER_ROUTES = [page_route("/developers", PageQuery, _developers)]


def install_pages(app: FastAPI) -> None:
    """Adds the pages, their files, and their way to tell of errors, to an app that has the API's."""
    app.state.page_caches = page.new_caches()
    own = (*ABOUT_ROUTES, *AUDIT_ROUTES, *DEVELOPER_ROUTES)
    for routes in (
        places.ROUTES,
        entries.ROUTES,
        home.ROUTES,
        deadlines.ROUTES,
        changes.ROUTES,
        own,
        embed.ROUTES,
        lanes_files.ROUTES,
        page.FILE_ROUTES,
    ):
        app.router.routes.extend(routes)
    install_error_pages(app)
