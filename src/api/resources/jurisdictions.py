"""Places: who is in the record, and where each stands."""

from itertools import islice
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field

from api.http.bodies import Body
from api.http.parameters import ClockQuery, PageParameters, PlaceId, StateCode, read_cursor
from api.http.routes import ResourceResponse, get, json_response, page_response, post, raw_json
from api.openapi.document import A_JURISDICTION, body_schema
from api.openapi.schemas import Jurisdictions, JurisdictionShown, Status
from application.recording import record
from application.service import Service
from domain.facts import Stage
from domain.jurisdictions import JurisdictionKind
from projections.places import place_json, places_page, slug_of
from projections.snapshot import Snapshot
from projections.status import place_status

router = APIRouter(prefix="/api/v1", tags=["jurisdictions"])
_KEY = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]*$", max_length=200)])


class JurisdictionQuery(ClockQuery, PageParameters):
    state: StateCode | None = Field(None, description="Those in this state.")
    kind: JurisdictionKind | None = Field(None, description="Those of this kind.")
    stage: Stage | None = Field(None, description="Those with a review that stands at this stage on the clocks asked.")
    ocd: str | None = Field(
        None,
        max_length=400,
        description="The one with this Open Civic Data division id.",
        examples=["ocd-division/country:us/state:la/place:new_orleans"],
    )


@get(router, "/jurisdictions/{id}/status", query=ClockQuery, answer=Status)
def status_of_a_place(snapshot: Snapshot, id: PlaceId) -> ResourceResponse:
    """Where a place stands: five tracks, each value with the entry that caused it, and what may be."""
    return raw_json(snapshot, place_status(snapshot, slug_of(snapshot, id)))


@get(router, "/jurisdictions/{id}", query=ClockQuery, answer=JurisdictionShown)
def jurisdiction(snapshot: Snapshot, id: PlaceId) -> ResourceResponse:
    """A place or agency of the record."""
    return json_response(snapshot, place_json(snapshot, id))


@get(router, "/jurisdictions", query=JurisdictionQuery, answer=Jurisdictions)
def jurisdictions(query: JurisdictionQuery, snapshot: Snapshot) -> ResourceResponse:
    """The places and agencies of the record, by slug."""
    after = read_cursor(query.cursor, _KEY) or ""
    places = places_page(snapshot, after=after, state=query.state, kind=query.kind, stage=query.stage, ocd=query.ocd)
    rows = list(islice(places, query.limit + 1))
    page = rows[: query.limit]
    next_key = page[-1][0] if len(rows) > query.limit else None
    rests_on = max((position for _, _, position in page), default=0)
    return page_response(snapshot, "jurisdictions", [place.encode() for _, place, _ in page], next_key, rests_on)


@post(
    router,
    "/jurisdictions",
    body=body_schema("Jurisdiction", A_JURISDICTION),
    answer=JurisdictionShown,
    status=201,
    also=(200,),
)
def add_a_jurisdiction(service: Service, body: Body) -> Response:
    """Puts a place or an agency on record."""
    outcome = record(service, [], [body.fields()], recorder=body.recorder)[0]
    with service.snapshot() as snapshot:
        address = {"Location": f"/api/v1/jurisdictions/{outcome.id}"}
        return json_response(
            snapshot, place_json(snapshot, outcome.id), 200 if outcome.already_recorded else 201, address
        )
