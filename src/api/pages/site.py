"""The site: its pages added to an app, the pages about the record itself, and errors as pages."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup
from starlette.exceptions import HTTPException

from api.http.negotiation import LISTS
from api.pages import changes, deadlines, embed, entries, home, places
from api.pages.glossary import document_text, render_markdown
from api.pages.page import STATIC_ROUTE, PageContent, html_page, install_caches, page, render
from api.pages.urls import PageQuery, PageRequest
from domain.errors import RecordError
from eventlog.proofs import proving
from projections.snapshot import Snapshot

router = APIRouter()
ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]
_NOT_PAGES = ("/api/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")
_ADDRESS_IN_DOCS = "http://127.0.0.1:8000"


def install_pages(app: FastAPI) -> None:
    """Adds the pages, their static files and their error pages to an app that has the API."""
    install_caches(app)
    for pages in (places, entries, home, deadlines, changes, embed):
        app.router.routes.extend(pages.router.routes)
    app.router.routes.extend([*router.routes, STATIC_ROUTE])
    for error in (RecordError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, _or_page(cast("ErrorHandler", app.exception_handlers[error])))


@page(router, "/about", query=PageQuery)
def about_page(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    return html_page(
        "about.html",
        request,
        snapshot,
        title="About the record: method, words, and what we do not know",
        description="What is recorded and what is worked out from it, what the words mean, and where the record ends.",
        glossary=render_markdown("glossary.md"),
    )


@page(router, "/audit", query=PageQuery)
def audit_page(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    with proving(request.service.log) as proofs:
        checkpoint, key = proofs.checkpoint(), proofs.key
    guide = render_markdown("audit.md").replace(_ADDRESS_IN_DOCS, str(Markup.escape(request.root)))
    return html_page(
        "audit.html",
        request,
        snapshot,
        title="How to audit us",
        description="Everything that this service ever recorded is bound by a signed hash: how to check it yourself.",
        checkpoint=checkpoint,
        key=key,
        guide=Markup(guide.replace('href="verify.py"', 'href="/audit/verify.py"')),  # noqa: S704 - our own text
    )


@page(router, "/audit/verify.py", query=PageQuery)
def verifier(_request: PageRequest, _query: PageQuery, _snapshot: Snapshot) -> PageContent:
    return PageContent(document_text("verify.py").encode(), media_type="text/x-python; charset=utf-8")


@page(router, "/developers", query=PageQuery)
def developers_page(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    return html_page(
        "developers.html",
        request,
        snapshot,
        title="For developers: the API, feeds and exports",
        description="Every page here is made from an open HTTP API: timelines, status, deadlines, changes and proofs.",
        feeds=[("Latest acts", "/timeline"), ("Corrections", "/changes"), ("Deadlines", "/deadlines")],
        formats=LISTS,
        lists=[("Acts", "timeline"), ("Deadlines", "deadlines"), ("Corrections", "changes")],
    )


def _or_page(problem_handler: ErrorHandler) -> ErrorHandler:
    """The API's handler of an error, whose problem document becomes a page for browsers outside the API."""

    async def handle(request: Request, error: Exception) -> Response:
        response = await problem_handler(request, error)
        path: str = request.scope["path"]
        if path.startswith(_NOT_PAGES) or "text/html" not in request.headers.get("accept", ""):
            return response
        problem: dict[str, Any] = msgspec.json.decode(response.body)
        html = render(
            "error.html",
            status=problem["status"],
            title=problem["title"],
            detail=problem["detail"],
            path_without_query=path if request.scope["query_string"] else None,
        )
        content = PageContent(html.encode())
        kept = {name: value for name, value in response.headers.items() if name in ("allow", "x-content-type-options")}
        return Response(content.body, problem["status"], content.headers | kept, content.media_type)

    return handle
