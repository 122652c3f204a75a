"""How a page is asked for: its question read, one look taken at the record, and an answer kept for as long as it holds.

An answer follows from the address, the log up to its head, and the day. Days begin, everywhere, on a quarter of an
hour of UTC; so within one, and until something is recorded, the same address has the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.clocks import service_of, snapshot_for
from api.errors import Malformed
from api.pages.rendering import Page, answer
from api.pages.shelf import Shelf
from api.pages.visits import Look, Visit, cleaner_address, root_of, visit_of
from api.questions import read
from domain.errors import Invalid
from projections.snapshot import Snapshot

_PAGES, _ANSWERS = 256, 512
Maker = Callable[[Request, Visit, Look, Snapshot], Page]


def page_route(address: str, question: type[Look], make: Maker) -> Route:
    """The route of a page."""

    def serve(request: Request) -> Response:
        written: bytes = request.scope["query_string"]
        if written:
            try:
                cleaner = cleaner_address(request)
            except Invalid as error:
                raise Malformed(error.detail, problems=error.problems) from error
            if cleaner is not None:
                return RedirectResponse(cleaner, 303)
        service, pages = service_of(request), pages_of(request)
        with service.reading() as connection:
            head = service.log.head(connection).position
        key = (root_of(request), request.scope["path"], written, head, _quarter(service.now()))
        known = pages.known(key)
        if known is None:
            asked = read(question, request)
            visit = visit_of(request, asked, answers_of(request))
            with snapshot_for(request, asked) as snapshot:
                page = replace(make(request, visit, asked, snapshot), position=snapshot.head)
            known = (page, page.tag)
            if page.status == HTTPStatus.OK and snapshot.head == head:
                pages.put(key, known)
        return answer(known[0], request, known[1])

    return Route(address, serve, methods=["GET"], include_in_schema=False)


def pages_of(request: Request) -> Shelf:
    """Whole pages, as they were answered."""
    return _shelf(request, "pages", _PAGES)


def answers_of(request: Request) -> Shelf:
    """What pages are made of."""
    return _shelf(request, "answers", _ANSWERS)


def _shelf(request: Request, name: str, size: int) -> Shelf:
    shelves: dict[str, Shelf] = request.app.state.shelves
    return shelves.setdefault(name, Shelf(size))


def _quarter(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H}:{now.minute // 15}"
