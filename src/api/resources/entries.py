"""Entries: one read as JSON, as JSON-LD and as a citation; one recorded; and its versions.

A version comes of an act on the record itself: a correction, dispute, retraction or reinstatement, each decided on a
version that was seen.
"""

import re
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from api.formats.json_ld import json_ld
from api.http.bodies import Body, JsonBody
from api.http.errors import Unconditional, malformed
from api.http.exchange import request_context, root_url
from api.http.memento import http_date
from api.http.negotiation import JSON, JSON_LD, negotiated_format
from api.http.parameters import ClockQuery, EntryId, PlaceId
from api.http.routes import ResourceResponse, etag_header, get, json_response, post, raw_json
from api.openapi.document import A_CORRECTION, A_DISPUTE, A_REASON, ENTRIES, body_schema
from api.openapi.schemas import EntryHistory, EntryShown, Shape
from api.resources.batches import BatchShown, DryRunQuery, shown_report
from api.resources.citations import citation, permalink_of
from application.bulk.batch import dry_run_of_entry
from application.parsing import parse_change
from application.recording import handle, record_entry
from application.service import Service
from domain.answers import Position
from domain.errors import NotFound
from domain.events import EntryCorrected, EntryDisputed, EntryReinstated, EntryRetracted, LaterEvent
from projections.entries import entry_history
from projections.places import place_by_id, slug_of
from projections.snapshot import Snapshot
from projections.timeline import read_entry

router = APIRouter(prefix="/api/v1", tags=["entries"])
audit = APIRouter(prefix="/api/v1", tags=["audit"])
_CONDITIONAL = (412, 428)
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:-maybe)?(?:-gzip)?"?')
IfMatch = Annotated[
    str | None, Header(alias="If-Match", include_in_schema=False)  # `api.openapi.rules` describes it
]


class Citation(Shape):
    """An entry's citation. The address is pinned to what we said: its answer never changes."""

    plain: str
    legal: str
    bibtex: str
    permalink: str
    position: Position


class Linked(Shape):
    """An entry in the words of schema.org."""

    context: Literal["https://schema.org"] = Field(alias="@context")
    type: str = Field(alias="@type")
    id: str = Field(alias="@id")


class LinkedData(JSONResponse):
    """JSON-LD, for the documentation."""

    media_type = JSON_LD.media_type


@get(router, "/entries/{id}.jsonld", query=ClockQuery, answer=Linked, response_class=LinkedData)
def entry_as_json_ld(request: Request, snapshot: Snapshot, id: EntryId) -> ResourceResponse:
    """An entry in the words of schema.org: our account of an act, and the act itself."""
    entry = msgspec.json.decode(read_entry(snapshot, id)[0])
    places = {slug: place for slug in entry["jurisdictions"] if (place := _place(snapshot, slug)) is not None}
    revised = entry["log"]["revised"]
    return ResourceResponse(
        snapshot.head,
        msgspec.json.encode(json_ld(entry, places, root_url(request))),
        media_type=JSON_LD.content_type,
        position=revised["position"],
        last_modified=revised["recorded_at"],
    )


@get(router, "/entries/{id}/citation", query=ClockQuery, answer=Citation)
def citation_of_an_entry(request: Request, snapshot: Snapshot, id: EntryId) -> ResourceResponse:
    """An entry's citation, ready to paste, with an address pinned to what we said: its answer never changes."""
    entry = msgspec.json.decode(read_entry(snapshot, id)[0])
    permalink = permalink_of(entry, root_url(request))
    return raw_json(snapshot, citation(entry, permalink) | {"position": entry["log"]["revised"]["position"]})


def _place(snapshot: Snapshot, id_: str) -> dict[str, object] | None:
    try:
        place: dict[str, object] = msgspec.json.decode(place_by_id(snapshot, "id", id_)[0])
    except NotFound:
        return None
    return place


@get(router, "/entries/{id}", query=ClockQuery, answer=EntryShown, formats=(JSON, JSON_LD))
def an_entry(request: Request, snapshot: Snapshot, id: EntryId) -> ResourceResponse:
    """An entry as the record has it, with its sources, its standing and where it lies in the log."""
    if negotiated_format(request, (JSON, JSON_LD)) is JSON_LD:
        return entry_as_json_ld(request, snapshot, id)
    entry, _ = read_entry(snapshot, id)
    return json_response(snapshot, entry, headers=etag_header(entry))


@post(
    router,
    "/entries",
    query=DryRunQuery,
    body=body_schema("Entry", **ENTRIES),
    answer=EntryShown,
    status=201,
    also=(200,),
    dry_run=BatchShown,
)
def record_an_entry(request: Request, service: Service, query: DryRunQuery, body: Body) -> Response:
    """Records an act: at once or, on any fault, not at all. The same again, with the same id, is already recorded."""
    request_context(request).dry_run = query.dry_run
    if query.dry_run:
        return shown_report(service, dry_run_of_entry(service, body.fields(), recorder=body.recorder), dry_run=True)
    outcome = record_entry(service, body.fields(), recorder=body.recorder)
    with service.snapshot() as snapshot:
        entry, _ = read_entry(snapshot, outcome.id)
        headers = etag_header(entry) | {"Location": f"/api/v1/entries/{outcome.id}"}
        return json_response(snapshot, entry, 200 if outcome.already_recorded else 201, headers)


def _revised(service: Service, id_: str, body: JsonBody, if_match: str | None, cls: type[LaterEvent]) -> Response:
    version = _version(if_match)
    handle(service, [parse_change(cls, id_, body.fields(), version)], recorder=body.recorder)
    with service.snapshot() as snapshot:
        entry, _ = read_entry(snapshot, id_)
        return json_response(snapshot, entry, headers=etag_header(entry))


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        raise Unconditional
    if if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    if not tag:
        message = f'{if_match!r} is no version of an entry: take its ETag, such as "1"'
        raise malformed("If-Match", if_match, message)
    return int(tag[1])


@post(
    audit,
    "/entries/{id}/corrections",
    body=body_schema("Correction", A_CORRECTION),
    answer=EntryShown,
    also=_CONDITIONAL,
)
def correct(service: Service, id: EntryId, body: Body, if_match: IfMatch = None) -> Response:
    """Gives fields of an entry new values; null removes one, a nested one is given whole. Nothing is edited."""
    return _revised(service, id, body, if_match, EntryCorrected)


@post(audit, "/entries/{id}/disputes", body=body_schema("Dispute", A_DISPUTE), answer=EntryShown, also=_CONDITIONAL)
def dispute(service: Service, id: EntryId, body: Body, if_match: IfMatch = None) -> Response:
    """Puts on record that somebody disputes what an entry says."""
    return _revised(service, id, body, if_match, EntryDisputed)


@post(audit, "/entries/{id}/retraction", body=body_schema("Reason", A_REASON), answer=EntryShown, also=_CONDITIONAL)
def retract(service: Service, id: EntryId, body: Body, if_match: IfMatch = None) -> Response:
    """Takes an entry back: it stays to be read, and counts for nothing."""
    return _revised(service, id, body, if_match, EntryRetracted)


@post(audit, "/entries/{id}/reinstatement", body=body_schema("Reason", A_REASON), answer=EntryShown, also=_CONDITIONAL)
def reinstate(service: Service, id: EntryId, body: Body, if_match: IfMatch = None) -> Response:
    """Lets a retracted entry count again."""
    return _revised(service, id, body, if_match, EntryReinstated)


@get(audit, "/entries/{id}/history", query=ClockQuery, answer=EntryHistory)
def history_of_an_entry(service: Service, snapshot: Snapshot, id: EntryId) -> ResourceResponse:
    """Every version of an entry, oldest first: who recorded it, when, why, and what it changed."""
    return raw_json(snapshot, entry_history(snapshot, service.log, id))


_TYPE = "application/link-format"


@get(audit, "/entries/{id}/timemap", answer=_TYPE)
def timemap_of_an_entry(request: Request, service: Service, id: EntryId) -> Response:
    """Every version of an entry with its date, in application/link-format."""
    return _timemap(request, service, f"entry:{id}", f"entries/{id}")


@get(audit, "/jurisdictions/{id}/timemap", answer=_TYPE)
def timemap_of_a_place(request: Request, service: Service, id: PlaceId) -> Response:
    """Every version of a place with its date, in application/link-format."""
    with service.snapshot() as snapshot:
        slug = slug_of(snapshot, id)
    return _timemap(request, service, f"jurisdiction:{slug}", f"jurisdictions/{slug}")


def _timemap(request: Request, service: Service, stream: str, path: str) -> Response:
    versions = service.log.stream_versions(stream)
    if not versions:
        raise NotFound(f"nothing of the name {path} is on record")
    address = f"{root_url(request)}/api/v1/{path}"
    span = f'from="{http_date(versions[0][1])}"; until="{http_date(versions[-1][1])}"'
    lines = [f'<{address}>; rel="original timegate"', f'<{address}/timemap>; rel="self"; type="{_TYPE}"; {span}']
    for number, (position, recorded_at) in enumerate(versions):
        rel = "first " * (number == 0) + "last " * (number == len(versions) - 1) + "memento"
        lines.append(f'<{address}?recorded_by={position}>; rel="{rel}"; datetime="{http_date(recorded_at)}"')
    headers = {"X-Content-Type-Options": "nosniff", "Last-Modified": http_date(versions[-1][1])}
    return Response(",\n".join(lines) + "\n", 200, headers, _TYPE)
