"""The pages behind the links in mails. Looking changes nothing, since mail scanners look; a button's POST does.

Mail programs send the same POST by themselves when their own button is pressed (one click, RFC 8058). The link is all
the proof that is needed, so the pages hold no script, load nothing, and tell nobody where they were.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.clocks import service_of
from application.reminding.following import follow, offer
from domain.errors import NotFound, RecordError

router = APIRouter(tags=["links in messages"])
Token = Annotated[str, Path(max_length=300)]
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.3rem;background:#1a4480;"
    "color:#fff;cursor:pointer}button:focus-visible{outline:3px solid #2491ff;outline-offset:2px}"
)
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "A page.", "content": {"text/html": {}}},
    404: {"description": "The link is not ours, or has ended.", "content": {"text/html": {}}},
}


@router.get("/r/{token}", response_class=Response, responses=_ANSWERS)
def look(request: Request, token: Token) -> Response:
    """Shows what the link would do, and a button that does it."""
    try:
        its = offer(service_of(request), token)
    except NotFound as error:
        return _gone(error)
    button = f'<form method="post"><button type="submit">{escape(its.button)}</button></form>'
    return _page(its.title, f"<p>{escape(its.asks)}</p>{button}")


@router.post("/r/{token}", response_class=Response, responses=_ANSWERS)
def press(request: Request, token: Token) -> Response:
    """Does what the link is for, once, however often it is pressed."""
    try:
        its = follow(service_of(request), token)
    except RecordError as error:
        return _gone(error)
    return _page(its.title, f"<p>{escape(its.says)}</p>")


def _gone(error: RecordError) -> Response:
    return _page("This link does nothing", f"<p>{escape(error.detail[:1].upper() + error.detail[1:])}.</p>", 404)


def _page(title: str, content: str, status: int = 200) -> Response:
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return Response(page, status, _HEADERS, "text/html")
