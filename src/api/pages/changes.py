"""Corrections as a reader's page: what we said, what we say, and why; and our account between two positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from pydantic import Field

from api.http.errors import MalformedQuery
from api.pages.entry_view import entry_views
from api.pages.labels import Label, label
from api.pages.page import PageContent, html_response, page_context, page_route
from api.pages.urls import PageQuery, PageRequest
from api.resources.changes import Point
from application.clocks import parse_log_range
from domain.errors import Invalid
from projections.changes import ChangeFilter, LogRange, changes_page
from projections.entries import revisions
from projections.snapshot import Snapshot

_MOST, _MOST_CHANGES = 100, 200


class ChangesPageQuery(PageQuery):
    """Between which two states of the log; left out, every revision of an entry is listed."""

    from_: Point | None = Field(None, alias="from")
    to: Point | None = None


def _changes(_request: Request, visit: PageRequest, asked: PageQuery, snapshot: Snapshot) -> PageContent:
    assert isinstance(asked, ChangesPageQuery)  # noqa: S101 - the route's own question
    compared = None
    if asked.from_ is not None or asked.to is not None:
        compared = _compared(visit, snapshot, asked.from_ or "0", asked.to)
    listed = [] if compared is not None else revisions(snapshot, visit.service.log, _MOST)
    context = page_context(
        visit,
        snapshot,
        title="Corrections: what we said, what we say, and why",
        description="Nothing is edited: every correction, dispute and retraction of an entry, with its reason.",
        feeds=[("Corrections", "/changes")],
        revisions=listed,
        acts=entry_views(snapshot, (one["entry"] for one in (*listed, *_causes(compared)))),
        between=compared,
    )
    return PageContent(html_response("changes.html", context))


def _compared(visit: PageRequest, snapshot: Snapshot, from_: str, to: str | None) -> dict[str, Any]:
    """What differs between the accounts at two positions, at most so much of it."""
    try:
        earlier, later = parse_log_range(visit.service, snapshot, from_, to or str(snapshot.position))
    except Invalid as error:
        raise MalformedQuery(error.detail, problems=error.problems) from error
    its = LogRange.read(snapshot, visit.service.log, earlier, later)
    found, following = changes_page(snapshot, visit.service.log, its, ChangeFilter(), _MOST_CHANGES, None)
    changes = [change | {"was": _word(change, "before"), "is": _word(change, "after")} for change in found["changes"]]
    return {"earlier": earlier, "later": later, **found, "changes": changes, "more": following is not None}


def _causes(compared: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Whatever of a comparison names an entry."""
    if compared is not None:
        yield from compared["entries"]
        for change in compared["changes"]:
            yield from change["because"]


def _word(change: dict[str, object], side: str) -> Label | None:
    item = change[side]
    return label(str(change["track"]), item["value"]) if isinstance(item, dict) else None


ROUTES = [page_route("/changes", ChangesPageQuery, _changes)]
