"""How a page is served: the query is read, one snapshot is taken, a template is filled in, and the result is cached.

A page follows from its URL, the log up to the head, and the day. Days begin, in every time zone, on a quarter of an
hour of UTC; so the cache key holds the head and the quarter of an hour, and a cached page is never stale.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.http.errors import malformed_where_invalid
from api.http.exchange import AnswerClocks, quarter_of, request_context, root_url
from api.http.lanes import lanes_of
from api.http.negotiation import ATOM, JSON_FEED
from api.http.parameters import answer_clocks, clocks_asked, parse_query, service_of
from api.http.routes import ResourceResponse
from api.pages import dates, labels
from api.pages.glossary import definitions
from api.pages.names import Names
from api.pages.urls import PageQuery, PageRequest, cleaned_url, parse_page_request, time_machine
from domain.web_addresses import link_to
from projections.lru import LRUCache
from projections.snapshot import WASHINGTON, Snapshot

SITE = "Dispute timeline"
ANY_SITE = "*"
"""Frame ancestors of what may be embedded anywhere."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_PAGE_BYTES, _ANSWERS = 32 * 1024 * 1024, 512
"""How many bytes of pages are cached, and how many of the answers that several pages are made of."""


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page's handler returns: a body with its status, or another location to go to."""

    body: bytes
    status: int = 200
    frame_ancestors: str = "'none'"
    """Which sites may show it in a frame, as the Content-Security-Policy has it."""
    media_type: str = "text/html; charset=utf-8"
    location: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """`no-cache`, for pinned pages too: they name static files, whose names change with a release."""
        return {
            "Content-Security-Policy": _POLICY + self.frame_ancestors,
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Cache-Control": "no-cache",
        }


def html_page(
    template: str,
    request: PageRequest,
    snapshot: Snapshot,
    *,
    title: str,
    description: str,
    time_zone: str = WASHINGTON,
    names: Names | None = None,
    image: str | None = None,
    feeds: Sequence[tuple[str, str]] = (),
    structured_data: Mapping[str, Any] | None = None,
    status: int = 200,
    frame_ancestors: str = "'none'",
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> PageContent:
    """A page from a template that extends `base.html`. `feeds`: labels and paths under the API, without a suffix."""
    html = render(
        template,
        request=request,
        time_machine=time_machine(request, snapshot, time_zone),
        names=names or Names(snapshot),
        title=title,
        description=description,
        image=None if image is None else request.absolute(image),
        feeds=[
            (label, feed.media_type, f"/api/v1{path}.{feed.suffix}")
            for label, path in feeds
            for feed in (ATOM, JSON_FEED)
        ],
        structured_data={
            "@context": "https://schema.org",
            "@type": "WebPage",
            "name": title,
            "description": description,
            "url": request.canonical_url,
            "isPartOf": {"@type": "WebSite", "name": SITE, "url": request.absolute("/")},
            **(structured_data or {}),
        },
        unreadable=snapshot.cache.unreadable,
        head=snapshot.head,
        position=snapshot.position,
        **context,
    )
    return PageContent(html.encode(), status, frame_ancestors)


def render(template: str, **context: Any) -> str:  # noqa: ANN401 - whatever the template shows
    """A template filled in, with everything escaped that is not markup."""
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "static_url": static_url,
        "tones": labels.TONES,
        "tracks": labels.TRACK_LABELS,
        "place_kinds": labels.PLACE_KINDS,
        "states": labels.STATES,
        "definition": lambda track, word: definitions().get((track, word), ""),
    }
    in_english = (dates.in_words, dates.on_day, dates.since_day, dates.short, dates.date_and_time, link_to)
    environment.filters |= {function.__name__: function for function in in_english}
    environment.filters["capitalized"] = lambda text: text[:1].upper() + text[1:]
    return environment


@cache
def _static_files() -> dict[str, tuple[str, bytes, str]]:
    """Each file in static/ by a name with the hash of its bytes: its own name, its bytes and their media type."""
    files = {}
    for path in sorted((Path(__file__).parent / "static").iterdir()):
        content = path.read_bytes()
        hashed_name = f"{path.stem}.{sha256(content).hexdigest()[:12]}{path.suffix}"
        files[hashed_name] = path.name, content, _MEDIA_TYPES[path.suffix]
    return files


@cache
def static_url(name: str) -> str:
    """The URL of a file in static/, which a browser may keep for ever: other bytes have another URL."""
    return next(f"/static/{hashed_name}" for hashed_name, file in _static_files().items() if file[0] == name)


async def _static_file(request: Request) -> Response:
    file = _static_files().get(request.path_params["name"])
    if file is None:
        raise HTTPException(404)
    _, content, media_type = file
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type)


STATIC_ROUTE = Route("/static/{name}", _static_file, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class _CachedPage:
    content: PageContent
    etag: str
    head: int
    position: int
    clocks: AnswerClocks


QueryT = TypeVar("QueryT", bound=PageQuery)
Handler = Callable[[PageRequest, QueryT, Snapshot], PageContent]


def install_caches(app: FastAPI) -> None:
    app.state.pages = LRUCache[Hashable, _CachedPage](_PAGE_BYTES, lambda page: len(page.content.body))
    app.state.answers = LRUCache[Hashable, Any](_ANSWERS)


def page(router: APIRouter, path: str, *, query: type[QueryT]) -> Callable[[Handler[QueryT]], Handler[QueryT]]:
    """Declares a page: its path, its query model, and the handler that makes it from a snapshot."""

    def declare(handler: Handler[QueryT]) -> Handler[QueryT]:
        def answer(request: Request) -> Response:
            return _redirect(request) or _respond(request, query, handler)

        async def endpoint(request: Request) -> Response:
            return await lanes_of(request).reading.run(answer, request)

        router.routes.append(Route(path, endpoint, methods=["GET"], include_in_schema=False))
        return handler

    return declare


def _redirect(request: Request) -> Response | None:
    """To the clean URL of a form that was sent, or to the memento that `Accept-Datetime` asks for."""
    context = request_context(request)
    with malformed_where_invalid():
        cleaned = cleaned_url(request) if context.query else None
    if cleaned is not None:
        return RedirectResponse(cleaned, 303)
    if not context.negotiated:
        return None
    query = context.query.decode("latin-1")
    pinned = f"recorded_by={clocks_asked(request, PageQuery()).position}"
    return RedirectResponse(f"{request.url.path}?{query}&{pinned}" if query else f"{request.url.path}?{pinned}", 302)


def _respond(request: Request, model: type[QueryT], handler: Handler[QueryT]) -> Response:
    service, context = service_of(request), request_context(request)
    cached_pages: LRUCache[Hashable, _CachedPage] = request.app.state.pages
    with service.reading() as connection:
        head = service.log.head(connection).position
    key = (root_url(request), request.scope["path"], context.query, head, quarter_of(service.now().timestamp()))
    cached = cached_pages.get(key)
    if cached is None:
        cached = _make(request, model, handler)
        if cached.content.status == HTTPStatus.OK and cached.head == head:
            cached_pages.put(key, cached)
    content = cached.content
    if content.location is not None:
        return RedirectResponse(content.location, 303)
    headers = content.headers | {"ETag": cached.etag}
    response = ResourceResponse(
        cached.head, content.body, content.status, headers, content.media_type, position=cached.position
    )
    response.context.clocks = cached.clocks
    return response


def _make(request: Request, model: type[QueryT], handler: Handler[QueryT]) -> _CachedPage:
    query = parse_query(model, request)
    page_request = parse_page_request(request, query, request.app.state.answers)
    with page_request.service.snapshot(clocks_asked(request, query)) as snapshot:
        content = handler(page_request, query, snapshot)
        etag = f'"{sha256(content.body).hexdigest()[:24]}"'
        # Never pinned: a page of an earlier position, too, shows where the head of the log is now.
        clocks = AnswerClocks(answer_clocks(query, snapshot).memento)
        return _CachedPage(content, etag, snapshot.head, snapshot.position, clocks)
