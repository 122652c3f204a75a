"""About the record: what counts, what the words mean, and what we do not know."""

from __future__ import annotations

from fastapi import Request

from api.pages.context import context_of
from api.pages.glossary import rendered
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.visits import Look, Visit
from projections.snapshot import Snapshot


def _about(_request: Request, visit: Visit, _asked: Look, snapshot: Snapshot) -> Page:
    context = context_of(
        visit,
        snapshot,
        title="About the record: method, words, and what we do not know",
        description="What is recorded and what is worked out from it, what the words mean, and where the record ends.",
        glossary=rendered("glossary.md"),
    )
    return Page(html("about.html", context))


ROUTES = [page_route("/about", Look, _about)]
