"""What is told to a browser that asked for what is not there: the API's own problem, as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.pages.rendering import Page, html
from domain.errors import RecordError

Handler = Callable[[Request, Exception], Awaitable[Response]]
_NOT_PAGES = ("/api/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics")


def install(app: FastAPI) -> None:
    """Lays pages over the answers to errors that the app has, for browsers."""
    for error in (RecordError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(error, _or_page(cast("Handler", app.exception_handlers[error])))


def _or_page(problem_of: Handler) -> Handler:
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
        page = Page(html("mistake.html", context))
        kept = {name: value for name, value in problem.headers.items() if name in ("allow", "x-content-type-options")}
        return Response(page.body, said["status"], page.headers | kept, page.media_type)

    return handle
