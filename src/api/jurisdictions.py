"""Places: who is in the record, and where each stands."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.addresses import PlaceId, StateCode, shown_at, slug_of
from api.answers import answer, encoded, joined
from api.bodies import Submission, recorder_of, submission
from api.clocks import Clocks, service_of, snapshot_for
from api.documents import body, documented
from api.examples import A_JURISDICTION
from api.paging import Paging, key_of
from api.questions import Nothing, read
from api.shapes import Jurisdictions, JurisdictionShown, Status
from application.recording import Item, record
from domain.facts import Stage
from domain.jurisdictions import JurisdictionKind
from projections.jurisdictions import places
from projections.status import status

router = APIRouter(prefix="/api/v1", tags=["jurisdictions"])
_KEY = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]*$", max_length=200)])


class Filters(Clocks, Paging):
    """Which places and agencies."""

    state: StateCode | None = Field(None, description="Those in this state.")
    kind: JurisdictionKind | None = Field(None, description="Those of this kind.")
    stage: Stage | None = Field(None, description="Those with a review that stands at this stage on the clocks asked.")
    ocd: str | None = Field(
        None,
        max_length=400,
        description="The one with this Open Civic Data division id.",
        examples=["ocd-division/country:us/state:la/place:new_orleans"],
    )


@router.get("/jurisdictions/{id}/status", **documented(Clocks, Status, 400, 404))
def status_of_a_place(request: Request, id: PlaceId) -> Response:
    """Where a place stands: five tracks, each value with the entry that caused it, and what may be."""
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        return encoded(snapshot, status(snapshot, slug_of(snapshot, id)))


@router.get("/jurisdictions/{id}", **documented(Clocks, JurisdictionShown, 400, 404))
def jurisdiction(request: Request, id: PlaceId) -> Response:
    """A place or agency of the record."""
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        return answer(snapshot, shown_at(snapshot, id))


@router.get("/jurisdictions", **documented(Filters, Jurisdictions, 400))
def jurisdictions(request: Request) -> Response:
    """The places and agencies of the record, by slug."""
    filters = read(Filters, request)
    after = key_of(filters.cursor, _KEY) or ""
    with snapshot_for(request, filters) as snapshot:
        found = places(
            snapshot, after=after, state=filters.state, kind=filters.kind, stage=filters.stage, ocd=filters.ocd
        )
        taken = list(islice(found, filters.limit + 1))
        shown = taken[: filters.limit]
        following = shown[-1][0] if len(taken) > filters.limit else None
        rests_on = max((position for _, _, position in shown), default=0)
        return joined(snapshot, "jurisdictions", [one.encode() for _, one, _ in shown], following, rests_on)


@router.post(
    "/jurisdictions",
    status_code=201,
    **documented(
        Nothing, JurisdictionShown, 200, 400, 401, 409, 413, 415, 422, asked=body("Jurisdiction", A_JURISDICTION)
    ),
)
def add_a_jurisdiction(request: Request, its: Annotated[Submission, Depends(submission)]) -> Response:
    """Puts a place or an agency on record."""
    read(Nothing, request)
    service = service_of(request)
    outcome = record(service, [], [Item(its.fields())], recorder=recorder_of(service, its.key))[0]
    with service.snapshot() as snapshot:
        address = {"Location": f"/api/v1/jurisdictions/{outcome.id}"}
        return answer(snapshot, shown_at(snapshot, outcome.id), 200 if outcome.already else 201, address)
