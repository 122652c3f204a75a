"""The pages behind the links in mails. Looking changes nothing, since mail scanners look; a button's POST does.

Mail programs send the same POST by themselves when their own button is pressed (one click, RFC 8058). The link is all
the proof that is needed, so the pages hold no script and tell nobody where they were.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.http.parameters import service_of
from api.pages.page import PageContent, html_response
from application.reminders.signed_links import carry_out_link, link_action
from domain.errors import NotFound, RecordError

router = APIRouter(tags=["links in messages"])
LinkToken = Annotated[str, Path(max_length=300)]
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
}


@router.get("/r/{token}", include_in_schema=False)
def look(request: Request, token: LinkToken) -> Response:
    """Shows what the link would do, and a button that does it."""
    try:
        its = link_action(service_of(request), token)
    except NotFound as error:
        return _gone(error)
    return _page(its.title, its.asks, button=its.button)


@router.post("/r/{token}", include_in_schema=False)
def press(request: Request, token: LinkToken) -> Response:
    """Does what the link is for, once, however often it is pressed."""
    try:
        its = carry_out_link(service_of(request), token)
    except RecordError as error:
        return _gone(error)
    return _page(its.title, its.says)


def _gone(error: RecordError) -> Response:
    return _page("This link does nothing", f"{error.detail[:1].upper()}{error.detail[1:]}.", status=404)


def _page(title: str, says: str, *, button: str | None = None, status: int = 200) -> Response:
    page = PageContent(html_response("link.html", {"title": title, "says": says, "button": button}))
    return Response(page.body, status, page.headers | _HEADERS, page.media_type)
