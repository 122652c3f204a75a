"""The pages behind the links in mails. Opening one changes nothing, since mail scanners do; its button's POST does.

Mail programs send the same POST when their own unsubscribe button is pressed (one click, RFC 8058). The link is the
only credential, so these pages run no script and send no referrer.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.http.parameters import service_of
from api.pages.page import PageContent, render
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
        action = link_action(service_of(request), token)
    except NotFound as error:
        return _refused(error)
    return _page(action.title, action.asks, button=action.button)


@router.post("/r/{token}", include_in_schema=False)
def press(request: Request, token: LinkToken) -> Response:
    """Does what the link is for, once, however often it is pressed."""
    try:
        action = carry_out_link(service_of(request), token)
    except RecordError as error:
        return _refused(error)
    return _page(action.title, action.says)


def _refused(error: RecordError) -> Response:
    return _page("This link does nothing", f"{error.detail[:1].upper()}{error.detail[1:]}.", status=404)


def _page(title: str, text: str, *, button: str | None = None, status: int = 200) -> Response:
    content = PageContent(render("link.html", title=title, text=text, button=button).encode())
    return Response(content.body, status, content.headers | _HEADERS, content.media_type)
