"""Corrections as a reader's page: what we said, what we say, and why; and our account between two positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from pydantic import Field

from api.changes import Point
from api.errors import Malformed
from api.pages.acts import acts_by_id
from api.pages.context import context_of
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.visits import Look, Visit
from api.pages.words import Word, word
from application.asking import between
from domain.errors import Invalid
from projections.changes import Between, Wanted, page
from projections.revisions import revisions
from projections.snapshot import Snapshot

_MOST, _MOST_CHANGES = 100, 200


class ChangesLook(Look):
    """Between which two states of the log; left out, every revision of an entry is listed."""

    from_: Point | None = Field(None, alias="from")
    to: Point | None = None


def _changes(_request: Request, visit: Visit, asked: Look, snapshot: Snapshot) -> Page:
    assert isinstance(asked, ChangesLook)  # noqa: S101 - the route's own question
    compared = None
    if asked.from_ is not None or asked.to is not None:
        compared = _compared(visit, snapshot, asked.from_ or "0", asked.to)
    listed = [] if compared is not None else revisions(snapshot, visit.service.log, _MOST)
    context = context_of(
        visit,
        snapshot,
        title="Corrections: what we said, what we say, and why",
        description="Nothing is edited: every correction, dispute and retraction of an entry, with its reason.",
        feeds=[("Corrections", "/changes")],
        revisions=listed,
        acts=acts_by_id(snapshot, (one["entry"] for one in (*listed, *_causes(compared)))),
        between=compared,
    )
    return Page(html("changes.html", context))


def _compared(visit: Visit, snapshot: Snapshot, from_: str, to: str | None) -> dict[str, Any]:
    """What differs between the accounts at two positions, at most so much of it."""
    try:
        earlier, later = between(visit.service, snapshot, from_, to or str(snapshot.position))
    except Invalid as error:
        raise Malformed(error.detail, problems=error.problems) from error
    its = Between.positions(snapshot, visit.service.log, earlier, later)
    found, following = page(snapshot, visit.service.log, its, Wanted(), _MOST_CHANGES, None)
    changes = [change | {"was": _word(change, "before"), "is": _word(change, "after")} for change in found["changes"]]
    return {"earlier": earlier, "later": later, **found, "changes": changes, "more": following is not None}


def _causes(compared: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Whatever of a comparison names an entry."""
    if compared is not None:
        yield from compared["entries"]
        for change in compared["changes"]:
            yield from change["because"]


def _word(change: dict[str, object], side: str) -> Word | None:
    item = change[side]
    return word(str(change["track"]), item["value"]) if isinstance(item, dict) else None


ROUTES = [page_route("/changes", ChangesLook, _changes)]
