"""One entry for other programs and for footnotes: as JSON-LD, and as a citation with an address that stays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from api.formats.json_ld import json_ld
from api.formats.publish import Citation, Linked
from api.http.bodies import JsonBody, json_body, recorder_of
from api.http.exchange import root_url
from api.http.memento import http_date
from api.http.negotiation import JSON, JSON_LD, negotiated_format
from api.http.parameters import (
    ClockQuery,
    EntryId,
    NoParameters,
    PlaceId,
    parse_query,
    service_of,
    slug_of,
    snapshot_for,
)
from api.http.responses import ResourceResponse, etag_header, json_response, raw_json
from api.openapi.document import ENTRIES, body_schema, documented, documented_in_formats
from api.openapi.schemas import EntryShown
from api.resources.citations import citation, permalink_of
from application.recording import record_entry
from domain.errors import NotFound
from projections.places import place_by_id
from projections.snapshot import Snapshot
from projections.timeline import read_entry

router = APIRouter(prefix="/api/v1", tags=["entries"])


class LinkedData(JSONResponse):
    """JSON-LD, for the documentation."""

    media_type = JSON_LD.media_type


@router.get("/entries/{id}.jsonld", response_class=LinkedData, **documented(ClockQuery, Linked, 400, 404))
def entry_as_json_ld(request: Request, id: EntryId) -> Response:
    """An entry in the words of schema.org: our account of an act, and the act itself."""
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        shown = msgspec.json.decode(read_entry(snapshot, id)[0])
        places = {one: found for one in shown["jurisdictions"] if (found := _place(snapshot, one)) is not None}
        body = msgspec.json.encode(json_ld(shown, places, f"{root_url(request)}/api/v1"))
        revised = shown["log"]["revised"]
        return ResourceResponse(
            snapshot.head,
            body,
            media_type=JSON_LD.content_type,
            position=revised["position"],
            stamp=revised["recorded_at"],
        )


@router.get("/entries/{id}/citation", **documented(ClockQuery, Citation, 400, 404))
def citation_of_an_entry(request: Request, id: EntryId) -> Response:
    """An entry's citation, ready to paste, with an address pinned to what we said: its answer never changes."""
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        shown = msgspec.json.decode(read_entry(snapshot, id)[0])
        permalink = permalink_of(shown, f"{root_url(request)}/api/v1")
        return raw_json(snapshot, citation(shown, permalink) | {"position": shown["log"]["revised"]["position"]})


def _place(snapshot: Snapshot, id_: str) -> dict[str, object] | None:
    try:
        place: dict[str, object] = msgspec.json.decode(place_by_id(snapshot, "id", id_)[0])
    except NotFound:
        return None
    return place


@router.get("/entries/{id}", **documented_in_formats(ClockQuery, EntryShown, (JSON, JSON_LD), 400, 404, 406))
def an_entry(request: Request, id: EntryId) -> Response:
    """An entry as the record has it, with its sources, its standing and where it lies in the log."""
    if negotiated_format(request, (JSON, JSON_LD)) is JSON_LD:
        return entry_as_json_ld(request, id)
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        shown, _ = read_entry(snapshot, id)
        return json_response(snapshot, shown, headers=etag_header(shown))


@router.post(
    "/entries",
    status_code=201,
    **documented(NoParameters, EntryShown, 200, 400, 401, 409, 413, 415, 422, asked=body_schema("Entry", **ENTRIES)),
)
def record_an_entry(request: Request, its: Annotated[JsonBody, Depends(json_body)]) -> Response:
    """Records an act: at once or, on any fault, not at all. The same again, with the same id, is already recorded."""
    parse_query(NoParameters, request)
    service = service_of(request)
    outcome = record_entry(service, its.fields(), recorder=recorder_of(service, its.key))
    with service.snapshot() as snapshot:
        shown, _ = read_entry(snapshot, outcome.id)
        headers = etag_header(shown) | {"Location": f"/api/v1/entries/{outcome.id}"}
        return json_response(snapshot, shown, 200 if outcome.already_recorded else 201, headers)


timemaps = APIRouter(prefix="/api/v1", tags=["audit"])
_TYPE = "application/link-format"


@timemaps.get("/entries/{id}/timemap", **documented(NoParameters, _TYPE, 400, 404))
def timemap_of_an_entry(request: Request, id: EntryId) -> Response:
    """Every version of an entry with its date, in application/link-format."""
    parse_query(NoParameters, request)
    return _timemap(request, f"entry:{id}", f"entries/{id}")


@timemaps.get("/jurisdictions/{id}/timemap", **documented(NoParameters, _TYPE, 400, 404))
def timemap_of_a_place(request: Request, id: PlaceId) -> Response:
    """Every version of a place with its date, in application/link-format."""
    parse_query(NoParameters, request)
    with service_of(request).snapshot() as snapshot:
        slug = slug_of(snapshot, id)
    return _timemap(request, f"jurisdiction:{slug}", f"jurisdictions/{slug}")


def _timemap(request: Request, stream: str, path: str) -> Response:
    found = service_of(request).log.stream_versions(stream)
    if not found:
        raise NotFound(f"nothing of the name {path} is on record")
    address = f"{root_url(request)}/api/v1/{path}"
    span = f'from="{http_date(found[0][1])}"; until="{http_date(found[-1][1])}"'
    lines = [
        f'<{address}>; rel="original timegate"',
        f'<{address}/timemap>; rel="self"; type="{_TYPE}"; {span}',
    ]
    for number, (position, recorded_at) in enumerate(found):
        rel = "first " * (number == 0) + "last " * (number == len(found) - 1) + "memento"
        lines.append(f'<{address}?recorded_by={position}>; rel="{rel}"; datetime="{http_date(recorded_at)}"')
    headers = {"X-Content-Type-Options": "nosniff", "Last-Modified": http_date(found[-1][1])}
    return Response(",\n".join(lines) + "\n", 200, headers, _TYPE)
