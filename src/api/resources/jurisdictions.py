"""Places: who is in the record, and where each stands."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.http.bodies import JsonBody, json_body, recorder_of
from api.http.parameters import (
    ClockQuery,
    NoParameters,
    PageParameters,
    PlaceId,
    StateCode,
    decode_cursor,
    parse_query,
    resource_url,
    service_of,
    slug_of,
    snapshot_for,
)
from api.http.responses import json_response, page_response, raw_json
from api.openapi.document import A_JURISDICTION, body_schema, documented
from api.openapi.schemas import Jurisdictions, JurisdictionShown, Status
from application.recording import record
from domain.facts import Stage
from domain.jurisdictions import JurisdictionKind
from projections.places import places_page
from projections.status import place_status

router = APIRouter(prefix="/api/v1", tags=["jurisdictions"])
_KEY = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]*$", max_length=200)])


class JurisdictionQuery(ClockQuery, PageParameters):
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


@router.get("/jurisdictions/{id}/status", **documented(ClockQuery, Status, 400, 404))
def status_of_a_place(request: Request, id: PlaceId) -> Response:
    """Where a place stands: five tracks, each value with the entry that caused it, and what may be."""
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        return raw_json(snapshot, place_status(snapshot, slug_of(snapshot, id)))


@router.get("/jurisdictions/{id}", **documented(ClockQuery, JurisdictionShown, 400, 404))
def jurisdiction(request: Request, id: PlaceId) -> Response:
    """A place or agency of the record."""
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        return json_response(snapshot, resource_url(snapshot, id))


@router.get("/jurisdictions", **documented(JurisdictionQuery, Jurisdictions, 400))
def jurisdictions(request: Request) -> Response:
    """The places and agencies of the record, by slug."""
    filters = parse_query(JurisdictionQuery, request)
    after = decode_cursor(filters.cursor, _KEY) or ""
    with snapshot_for(request, filters) as snapshot:
        found = places_page(
            snapshot, after=after, state=filters.state, kind=filters.kind, stage=filters.stage, ocd=filters.ocd
        )
        taken = list(islice(found, filters.limit + 1))
        shown = taken[: filters.limit]
        following = shown[-1][0] if len(taken) > filters.limit else None
        rests_on = max((position for _, _, position in shown), default=0)
        return page_response(snapshot, "jurisdictions", [one.encode() for _, one, _ in shown], following, rests_on)


@router.post(
    "/jurisdictions",
    status_code=201,
    **documented(
        NoParameters,
        JurisdictionShown,
        200,
        400,
        401,
        409,
        413,
        415,
        422,
        asked=body_schema("Jurisdiction", A_JURISDICTION),
    ),
)
def add_a_jurisdiction(request: Request, its: Annotated[JsonBody, Depends(json_body)]) -> Response:
    """Puts a place or an agency on record."""
    parse_query(NoParameters, request)
    service = service_of(request)
    outcome = record(service, [], [its.fields()], recorder=recorder_of(service, its.key))[0]
    with service.snapshot() as snapshot:
        address = {"Location": f"/api/v1/jurisdictions/{outcome.id}"}
        return json_response(
            snapshot, resource_url(snapshot, outcome.id), 200 if outcome.already_recorded else 201, address
        )
