"""What changed in our own account between two instants."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.addresses import PlaceId, slug_of
from api.answers import encoded
from api.clocks import service_of
from api.documents import in_formats
from api.errors import Malformed
from api.formats.of_changes import KEY, Differences
from api.formats.publish import published
from api.formats.table import JSON, LISTS, Format, chosen
from api.paging import Paging, cursor_of, key_of
from api.questions import read
from api.shapes import AccountChanges
from application.asking import between
from domain.errors import Invalid
from projections.changes import Between, Wanted, page
from projections.snapshot import Snapshot

router = APIRouter(prefix="/api/v1", tags=["audit"])
Point = Annotated[str, Field(max_length=64, examples=["520", "2026-11-24T17:00:00Z"])]


class ChangesQuestion(Paging):
    """Between which two states of the log, and of what."""

    from_: Point = Field(
        "0",
        alias="from",
        description="What was said at this instant or log position. Left out: before anything was.",
        examples=["520"],
    )
    to: Point | None = Field(
        None, description="What was said at this instant or log position. Left out: what is said now."
    )
    jurisdiction: PlaceId | None = Field(None, description="Changes of this place's account.")
    track: Literal["stage", "response", "listing", "funding", "court", "policies"] | None = Field(
        None, description="Changes on this track."
    )


@router.get("/changes", **in_formats(ChangesQuestion, AccountChanges, LISTS, 400, 404, 406))
def changes_between(request: Request) -> Response:
    """The days about which we now say something else than we did, place by place, and which events caused it."""
    return changes_in(request, read(ChangesQuestion, request), chosen(request))


def changes_in(request: Request, question: ChangesQuestion, its: Format) -> Response:
    """Changes in a format."""
    service = service_of(request)

    def begin(snapshot: Snapshot) -> tuple[Between, Wanted]:
        try:
            earlier, later = between(service, snapshot, question.from_, question.to)
        except Invalid as error:
            raise Malformed(error.detail, problems=error.problems) from error
        place = None if question.jurisdiction is None else snapshot.place(slug_of(snapshot, question.jurisdiction)).id
        return Between.positions(snapshot, service.log, earlier, later), Wanted(place, question.track)

    if its is not JSON:
        return published(Differences(request, question, begin), its)
    after = key_of(question.cursor, KEY)
    with service.snapshot() as snapshot:
        span, wanted = begin(snapshot)
        found, following = page(snapshot, service.log, span, wanted, question.limit, after)
        return encoded(snapshot, {**found, "next": cursor_of(following)})
