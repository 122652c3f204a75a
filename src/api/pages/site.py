"""The site: its pages added to an app, the pages about the record itself and behind links in mails, errors as pages.

Opening a link of a mail changes nothing, since mail scanners do; its button's POST does. Mail programs send the same
POST when their own unsubscribe button is pressed (one click, RFC 8058). The link is the only credential, so these pages
run no script and send no referrer.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException

from api.http.errors import allowed_methods
from api.http.exchange import request_context
from api.http.negotiation import LISTS
from api.http.parameters import service_of
from api.pages import changes, deadlines, embed, entries, home, places
from api.pages.glossary import document_text, render_markdown
from api.pages.page import STATIC_ROUTE, PageContent, html_page, install_caches, page, render
from api.pages.urls import PageQuery, PageRequest
from application.reminders.signed_links import carry_out_link, link_action
from domain.errors import NotFound, RecordError
from eventlog.proofs import proving
from eventlog.trouble import DatabaseTrouble
from projections.snapshot import Snapshot

router = APIRouter()
ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]
_NOT_PAGES = ("/api/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")
_ADDRESS_IN_DOCS = "http://127.0.0.1:8000"
_KEPT_HEADERS = ("allow", "retry-after", "x-content-type-options")
LinkToken = Annotated[str, Path(max_length=300)]
_LINK_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}


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


@router.get("/r/{token}", include_in_schema=False)
def look(request: Request, token: LinkToken) -> Response:
    """Shows what the link would do, and a button that does it."""
    try:
        action = link_action(service_of(request), token)
    except NotFound as error:
        return _refused(error)
    return _link_page(action.title, action.asks, button=action.button)


@router.post("/r/{token}", include_in_schema=False)
def press(request: Request, token: LinkToken) -> Response:
    """Does what the link is for, once, however often it is pressed."""
    try:
        action = carry_out_link(service_of(request), token)
    except DatabaseTrouble:
        raise
    except RecordError as error:
        return _refused(error)
    return _link_page(action.title, action.says)


def _refused(error: RecordError) -> Response:
    return _link_page("This link does nothing", f"{error.detail[:1].upper()}{error.detail[1:]}.", status=404)


def _link_page(title: str, text: str, *, button: str | None = None, status: int = 200) -> Response:
    content = PageContent(render("link.html", title=title, text=text, button=button).encode())
    return Response(content.body, status, content.headers | _LINK_HEADERS, content.media_type)


def _without_slash(request: Request, error: Exception) -> str | None:
    """The address of a page that was asked for with a slash at its end; None for any other."""
    scope = request.scope
    path: str = scope["path"]
    plain = path.rstrip("/")
    missed = isinstance(error, HTTPException) and error.status_code == HTTPStatus.NOT_FOUND
    if not missed or plain in ("", path) or path.startswith((*_NOT_PAGES, "//")):
        return None
    if not allowed_methods(request.app.router.routes, {**scope, "path": plain}):
        return None
    context = request_context(request)
    query = f"?{context.query.decode('latin-1')}" if context.query else ""
    return context.path.decode("latin-1").rstrip("/") + query


def _or_page(problem_handler: ErrorHandler) -> ErrorHandler:
    """The API's handler of an error, whose problem document becomes a page for browsers outside the API."""

    async def handle(request: Request, error: Exception) -> Response:
        path: str = request.scope["path"]
        plain = _without_slash(request, error)
        if plain is not None:
            return RedirectResponse(plain, HTTPStatus.PERMANENT_REDIRECT)
        response = await problem_handler(request, error)
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
        kept = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
        return Response(content.body, problem["status"], content.headers | kept, content.media_type)

    return handle
