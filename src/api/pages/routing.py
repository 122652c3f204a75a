"""How a page is asked for: its question read, one look taken at the record, and an answer kept for as long as it holds.

An answer follows from the address, the log up to its head, and the day. Days begin, everywhere, on a quarter of an
hour of UTC; so within one, and until something is recorded, the same address has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

from fastapi import Request, Response
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.answers import Answer
from api.clocks import asked_by, service_of, snapshot_for
from api.errors import Malformed
from api.http.exchange import exchange_of, root_of
from api.http.validators import quarter_of
from api.pages.rendering import Page
from api.pages.shelf import Shelf
from api.pages.visits import Look, Visit, cleaner_address, visit_of
from api.questions import read
from domain.errors import Invalid
from projections.snapshot import Snapshot

_PAGES, _ANSWERS = 256, 512
Maker = Callable[[Request, Visit, Look, Snapshot], Page]


@dataclass(frozen=True, slots=True)
class _Made:
    """A page, what tells it from another, and what it rests on."""

    page: Page
    tag: str
    head: int
    position: int
    memento: tuple[int, str] | None


def page_route(address: str, question: type[Look], make: Maker) -> Route:
    """The route of a page."""

    def serve(request: Request) -> Response:
        elsewhere = _elsewhere(request)
        if elsewhere is not None:
            return elsewhere
        service, shelf, exchange = service_of(request), _shelf(request, "pages", _PAGES), exchange_of(request)
        with service.reading() as connection:
            head = service.log.head(connection).position
        quarter = quarter_of(service.now().timestamp())
        key = (root_of(request), request.scope["path"], exchange.query, head, quarter)
        made: _Made | None = shelf.known(key)
        if made is None:
            made = _made(request, question, make)
            if made.page.status == HTTPStatus.OK and made.head == head:
                shelf.put(key, made)
        exchange.clocked, exchange.memento = True, made.memento
        page = made.page
        if page.location is not None:
            return RedirectResponse(page.location, 303)
        headers = page.headers | {"ETag": made.tag}
        return Answer(made.head, page.body, page.status, headers, page.media_type, position=made.position)

    return Route(address, serve, methods=["GET"], include_in_schema=False)


def _made(request: Request, question: type[Look], make: Maker) -> _Made:
    asked = read(question, request)
    visit = visit_of(request, asked, _shelf(request, "answers", _ANSWERS))
    with snapshot_for(request, asked) as snapshot:
        page = make(request, visit, asked, snapshot)
        tag = f'"{sha256(page.body).hexdigest()[:24]}"'
        return _Made(page, tag, snapshot.head, snapshot.position, exchange_of(request).memento)


def _elsewhere(request: Request) -> Response | None:
    """The clean address of a form that was sent, or that of the memento which `Accept-Datetime` asks for."""
    exchange = exchange_of(request)
    try:
        cleaner = cleaner_address(request) if exchange.query else None
    except Invalid as error:
        raise Malformed(error.detail, problems=error.problems) from error
    if cleaner is not None:
        return RedirectResponse(cleaner, 303)
    if not exchange.negotiated:
        return None
    query = exchange.query.decode("latin-1")
    pinned = f"recorded_by={asked_by(request, Look()).position}"
    return RedirectResponse(f"{request.url.path}?{query}&{pinned}" if query else f"{request.url.path}?{pinned}", 302)


def _shelf(request: Request, name: str, size: int) -> Shelf:
    shelves: dict[str, Shelf] = request.app.state.shelves
    return shelves.setdefault(name, Shelf(size))
