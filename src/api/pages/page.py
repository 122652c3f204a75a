"""How a page is asked for: its question read, one look taken at the record, and an answer kept for as long as it holds.

An answer follows from the address, the log up to its head, and the day. Days begin, everywhere, on a quarter of an
hour of UTC; so within one, and until something is recorded, the same address has the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.formats.words import web_address
from api.http.errors import MalformedQuery
from api.http.etags import quarter_of
from api.http.exchange import AnswerClocks, request_context, root_url
from api.http.negotiation import ATOM, JSON_FEED
from api.http.parameters import answer_clocks, clocks_asked, parse_query, service_of
from api.http.responses import ResourceResponse
from api.pages import dates, labels
from api.pages.clocks import time_machine
from api.pages.glossary import definitions
from api.pages.names import PlaceNames
from api.pages.urls import PageQuery, PageRequest, cleaner_address, page_request
from domain.errors import Invalid, NotFound
from projections.lru import LRUCache
from projections.snapshot import WASHINGTON, Snapshot

_ID = re.compile(r"(?:geoid:[0-9]{2,10}|[a-z0-9]+(?:-[a-z0-9]+)*)")
_LONGEST_ID = 160
_API = "/api/v1"
_FEEDS = (ATOM, JSON_FEED)
SITE = "Dispute timeline"


def page_context(
    visit: PageRequest,
    snapshot: Snapshot,
    *,
    title: str,
    description: str,
    time_zone: str = WASHINGTON,
    names: PlaceNames | None = None,
    image: str | None = None,
    feeds: Sequence[tuple[str, str]] = (),
    about: Mapping[str, Any] | None = None,
    **more: Any,  # noqa: ANN401 - what the page's own template speaks of
) -> dict[str, Any]:
    """What the page's template speaks of, with what `base.html` needs."""
    said = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": title,
        "description": description,
        "url": visit.canonical,
        "isPartOf": {"@type": "WebSite", "name": SITE, "url": visit.whole("/")},
        **(about or {}),
    }
    return {
        "visit": visit,
        "machine": time_machine(visit, snapshot, time_zone),
        "names": names or PlaceNames(snapshot),
        "title": title,
        "description": description,
        "image": None if image is None else visit.whole(image),
        "feeds": [
            (label, one.media_type, f"{_API}{address}.{one.suffix}") for label, address in feeds for one in _FEEDS
        ],
        "said": said,
        "head": snapshot.head,
        "position": snapshot.position,
        **more,
    }


def checked_query(id_: str, what: str) -> str:
    """An id from an address; NotFound where no id is written so."""
    if not _ID.fullmatch(id_) or len(id_) > _LONGEST_ID:
        raise NotFound(f"no {what} {id_!r} is on record")
    return id_


_FOLDER = Path(__file__).parent / "static"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _known() -> dict[str, tuple[str, bytes, str]]:
    """By the name in its address: a file's own name, bytes and media type."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        held = path.read_bytes()
        name = f"{path.stem}.{sha256(held).hexdigest()[:12]}{path.suffix}"
        found[name] = (path.name, held, _TYPES[path.suffix[1:]])
    return found


@cache
def static_url(name: str) -> str:
    """The address of a file."""
    return next(f"/static/{address}" for address, (its, _, _) in _known().items() if its == name)


async def _file(request: Request) -> Response:
    found = _known().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    _, held, media_type = found
    headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return Response(held, headers=headers, media_type=media_type)


FILE_ROUTES = [Route("/static/{name}", _file, include_in_schema=False)]


NOBODY, ANYBODY = "'none'", "*"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page that was made: its bytes, its status, who may show it in a frame, or where to look instead."""

    body: bytes
    status: int = 200
    ancestors: str = NOBODY
    media_type: str = "text/html; charset=utf-8"
    location: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What is said with it. Always asked for again: a pinned page, too, names files that a release renames."""
        return {
            "Content-Security-Policy": _POLICY + self.ancestors,
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Cache-Control": "no-cache",
        }


def html_response(template: str, context: Mapping[str, Any]) -> bytes:
    """A template filled in."""
    return environment().get_template(template).render(context).encode()


@cache
def environment() -> Environment:
    """The templates, and the words that they share."""
    its = Environment(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    its.globals |= {
        "static": static_url,
        "word": labels.label,
        "may_be": labels.possible_label,
        "tones": labels.TONES,
        "tracks": labels.TRACK_LABELS,
        "kinds": labels.KINDS,
        "parties": labels.PARTIES,
        "roles": labels.ROLES,
        "place_kinds": labels.PLACE_KINDS,
        "states": labels.STATES,
        "meaning": lambda track, value: definitions().get((track, value), ""),
    }
    its.filters |= {
        "in_words": dates.in_words,
        "on_day": dates.on_day,
        "since_day": dates.since_day,
        "short": dates.short,
        "short_edtf": dates.short_edtf,
        "moment": dates.moment,
        "upfirst": lambda text: text[:1].upper() + text[1:],
        "web_address": web_address,
    }
    return its


_PAGE_BYTES = 32 * 1024 * 1024
_ANSWERS = 512
PageFunction = Callable[[Request, PageRequest, PageQuery, Snapshot], PageContent]


@dataclass(frozen=True, slots=True)
class _RenderedPage:
    """A page, what tells it from another, and what it rests on."""

    page: PageContent
    tag: str
    head: int
    position: int
    clocks: AnswerClocks


def new_caches() -> dict[str, LRUCache[Hashable, Any]]:
    """The caches of one app: whole pages, as many as fit, and what several pages are made of."""
    return {"pages": LRUCache(_PAGE_BYTES, _size_of), "answers": LRUCache(_ANSWERS)}


def _size_of(rendered: _RenderedPage) -> int:
    return len(rendered.page.body)


def page_route(address: str, question: type[PageQuery], make: PageFunction) -> Route:
    """The route of a page."""

    def serve(request: Request) -> Response:
        elsewhere = _elsewhere(request)
        if elsewhere is not None:
            return elsewhere
        service, pages, exchange = service_of(request), request.app.state.page_caches["pages"], request_context(request)
        with service.reading() as connection:
            head = service.log.head(connection).position
        quarter = quarter_of(service.now().timestamp())
        key = (root_url(request), request.scope["path"], exchange.query, head, quarter)
        made: _RenderedPage | None = pages.get(key)
        if made is None:
            made = _render(request, question, make)
            if made.page.status == HTTPStatus.OK and made.head == head:
                pages.put(key, made)
        page = made.page
        if page.location is not None:
            return RedirectResponse(page.location, 303)
        headers = page.headers | {"ETag": made.tag}
        response = ResourceResponse(made.head, page.body, page.status, headers, page.media_type, position=made.position)
        response.context.clocks = made.clocks
        return response

    return Route(address, serve, methods=["GET"], include_in_schema=False)


def _render(request: Request, question: type[PageQuery], make: PageFunction) -> _RenderedPage:
    asked = parse_query(question, request)
    visit = page_request(request, asked, request.app.state.page_caches["answers"])
    with visit.service.snapshot(clocks_asked(request, asked)) as snapshot:
        page = make(request, visit, asked, snapshot)
        tag = f'"{sha256(page.body).hexdigest()[:24]}"'
        # Never pinned: what a page shows of the log's head moves on, also on a page of an earlier position.
        clocks = AnswerClocks(answer_clocks(asked, snapshot).memento)
        return _RenderedPage(page, tag, snapshot.head, snapshot.position, clocks)


def _elsewhere(request: Request) -> Response | None:
    """The clean address of a form that was sent, or that of the memento which `Accept-Datetime` asks for."""
    exchange = request_context(request)
    try:
        cleaner = cleaner_address(request) if exchange.query else None
    except Invalid as error:
        raise MalformedQuery(error.detail, problems=error.problems) from error
    if cleaner is not None:
        return RedirectResponse(cleaner, 303)
    if not exchange.negotiated:
        return None
    query = exchange.query.decode("latin-1")
    pinned = f"recorded_by={clocks_asked(request, PageQuery()).position}"
    return RedirectResponse(f"{request.url.path}?{query}&{pinned}" if query else f"{request.url.path}?{pinned}", 302)
