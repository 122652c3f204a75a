"""Acts on the record itself: corrections, disputes, retractions and reinstatements, each decided on a version seen."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from api.http.bodies import JsonBody, json_body, recorder_of
from api.http.errors import MalformedQuery, Unconditional
from api.http.parameters import ClockQuery, EntryId, NoParameters, parse_query, service_of, snapshot_for
from api.http.responses import etag_header, json_response, raw_json
from api.openapi.document import A_CORRECTION, A_DISPUTE, A_REASON, body_schema, documented
from api.openapi.schemas import EntryHistory, EntryShown
from application.recording import handle, parse_change
from domain.errors import Problem
from domain.events import EntryCorrected, EntryDisputed, EntryReinstated, EntryRetracted, LaterEvent
from projections.entries import entry_history
from projections.timeline import read_entry

router = APIRouter(prefix="/api/v1", tags=["audit"])
_OTHERS = (400, 401, 404, 412, 413, 415, 422, 428)
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:-maybe)?(?:-gzip)?"?')
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", include_in_schema=False),  # `api.openapi.rules` describes it
]
RevisionBody = Annotated[JsonBody, Depends(json_body)]


def _revised(request: Request, id_: str, its: JsonBody, if_match: str | None, cls: type[LaterEvent]) -> Response:
    """Records one event on an entry and answers with the entry as it now stands."""
    parse_query(NoParameters, request)
    service = service_of(request)
    recorder = recorder_of(service, its.key)
    version = _version(if_match)
    handle(service, [parse_change(cls, id_, its.fields(), version)], recorder=recorder)
    with service.snapshot() as snapshot:
        shown, _ = read_entry(snapshot, id_)
        return json_response(snapshot, shown, headers=etag_header(shown))


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        raise Unconditional
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if not found:
        message = f'{if_match!r} is no version of an entry: take its ETag, such as "1"'
        raise MalformedQuery(f"If-Match: {message}", problems=[Problem("If-Match", if_match, message)])
    return int(found[1])


@router.post(
    "/entries/{id}/corrections",
    **documented(NoParameters, EntryShown, *_OTHERS, asked=body_schema("Correction", A_CORRECTION), success=200),
)
def correct(request: Request, id: EntryId, its: RevisionBody, if_match: IfMatch = None) -> Response:
    """Gives fields of an entry new values; null removes one, a nested one is given whole. Nothing is edited."""
    return _revised(request, id, its, if_match, EntryCorrected)


@router.post(
    "/entries/{id}/disputes",
    **documented(NoParameters, EntryShown, *_OTHERS, asked=body_schema("Dispute", A_DISPUTE), success=200),
)
def dispute(request: Request, id: EntryId, its: RevisionBody, if_match: IfMatch = None) -> Response:
    """Puts on record that somebody disputes what an entry says."""
    return _revised(request, id, its, if_match, EntryDisputed)


@router.post(
    "/entries/{id}/retraction",
    **documented(NoParameters, EntryShown, *_OTHERS, asked=body_schema("Reason", A_REASON), success=200),
)
def retract(request: Request, id: EntryId, its: RevisionBody, if_match: IfMatch = None) -> Response:
    """Takes an entry back: it stays to be read, and counts for nothing."""
    return _revised(request, id, its, if_match, EntryRetracted)


@router.post(
    "/entries/{id}/reinstatement",
    **documented(NoParameters, EntryShown, *_OTHERS, asked=body_schema("Reason", A_REASON), success=200),
)
def reinstate(request: Request, id: EntryId, its: RevisionBody, if_match: IfMatch = None) -> Response:
    """Lets a retracted entry count again."""
    return _revised(request, id, its, if_match, EntryReinstated)


@router.get("/entries/{id}/history", **documented(ClockQuery, EntryHistory, 400, 404))
def history_of_an_entry(request: Request, id: EntryId) -> Response:
    """Every version of an entry, oldest first: who recorded it, when, why, and what it changed."""
    with snapshot_for(request, parse_query(ClockQuery, request)) as snapshot:
        return raw_json(snapshot, entry_history(snapshot, service_of(request).log, id))
