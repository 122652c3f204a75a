"""Corrections: every revision of an entry with its reason, and what differs between the record at two log positions."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from api.http.errors import malformed_where_invalid
from api.pages.entry_view import JsonObject, entry_views
from api.pages.labels import label_if_any
from api.pages.page import PageContent, html_page, page
from api.pages.urls import PageQuery, PageRequest
from api.resources.changes import Point
from application.clocks import parse_log_range
from projections.changes import ChangeFilter, LogRange, changes_page
from projections.entries import revisions
from projections.snapshot import Snapshot

router = APIRouter()
_MOST_REVISIONS, _MOST_CHANGES = 100, 200


class ChangesPageQuery(PageQuery):
    """The two points of the log to compare; without either, every revision is listed."""

    from_: Point | None = Field(None, alias="from")
    to: Point | None = None


@page(router, "/changes", query=ChangesPageQuery)
def corrections_page(request: PageRequest, query: ChangesPageQuery, snapshot: Snapshot) -> PageContent:
    comparison, listed = None, []
    if query.from_ is None and query.to is None:
        listed = revisions(snapshot, request.service.log, _MOST_REVISIONS)
    else:
        comparison = _compared(request, snapshot, query.from_ or "0", query.to or str(snapshot.position))
    return html_page(
        "changes.html",
        request,
        snapshot,
        title="Corrections: what we said, what we say, and why",
        description="Nothing is edited: every correction, dispute and retraction of an entry, with its reason.",
        feeds=[("Corrections", "/changes")],
        revisions=listed,
        comparison=comparison,
        entries=entry_views(snapshot, (change["entry"] for change in (*listed, *_entry_changes(comparison)))),
    )


def _compared(request: PageRequest, snapshot: Snapshot, from_: str, to: str) -> dict[str, Any]:
    with malformed_where_invalid():
        earlier, later = parse_log_range(request.service, snapshot, from_, to)
    log = request.service.log
    log_range = LogRange.read(snapshot, log, earlier, later)
    answer, following = changes_page(snapshot, log, log_range, ChangeFilter(), _MOST_CHANGES, None)
    changes = [
        change
        | {
            name: label_if_any(change["track"], change[side] and change[side]["value"])
            for name, side in (("was", "before"), ("is", "after"))
        }
        for change in answer["changes"]
    ]
    return {"earlier": earlier, "later": later, **answer, "changes": changes, "more": following is not None}


def _entry_changes(comparison: JsonObject | None) -> Iterator[JsonObject]:
    """Whatever in a comparison names an entry."""
    if comparison is not None:
        yield from comparison["entries"]
        for change in comparison["changes"]:
            yield from change["because"]
