"""For programs: the API, feeds and exports."""

from __future__ import annotations

from fastapi import Request

from api.formats.table import LISTS
from api.pages.context import context_of
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.visits import Look, Visit
from projections.snapshot import Snapshot


def _developers(_request: Request, visit: Visit, _asked: Look, snapshot: Snapshot) -> Page:
    context = context_of(
        visit,
        snapshot,
        title="For developers: the API, feeds and exports",
        description="Every page here is made from an open HTTP API: timelines, status, deadlines, changes and proofs.",
        feeds=[("Latest acts", "/timeline"), ("Corrections", "/changes"), ("Deadlines", "/deadlines")],
        formats=LISTS,
        lists=[("Acts", "timeline"), ("Deadlines", "deadlines"), ("Corrections", "changes")],
    )
    return Page(html("developers.html", context))


ROUTES = [page_route("/developers", Look, _developers)]
