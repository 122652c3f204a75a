"""Acts on the record itself: corrections, disputes, retractions and reinstatements, each decided on a version seen."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response

from api.http.bodies import JsonBody, json_body, recorder_of
from api.http.errors import Unconditional, malformed
from api.http.parameters import ClockQuery, EntryId
from api.http.responses import ResourceResponse, etag_header, json_response, raw_json
from api.http.routes import get, post
from api.openapi.document import A_CORRECTION, A_DISPUTE, A_REASON, body_schema
from api.openapi.schemas import EntryHistory, EntryShown
from application.recording import handle, parse_change
from application.service import Service
from domain.events import EntryCorrected, EntryDisputed, EntryReinstated, EntryRetracted, LaterEvent
from projections.entries import entry_history
from projections.snapshot import Snapshot
from projections.timeline import read_entry

router = APIRouter(prefix="/api/v1", tags=["audit"])
_CONDITIONAL = (412, 428)
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:-maybe)?(?:-gzip)?"?')
IfMatch = Annotated[
    str | None, Header(alias="If-Match", include_in_schema=False)  # `api.openapi.rules` describes it
]
RevisionBody = Annotated[JsonBody, Depends(json_body)]


def _revised(service: Service, id_: str, body: JsonBody, if_match: str | None, cls: type[LaterEvent]) -> Response:
    recorder = recorder_of(service, body.key)
    version = _version(if_match)
    handle(service, [parse_change(cls, id_, body.fields(), version)], recorder=recorder)
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
    router,
    "/entries/{id}/corrections",
    body=body_schema("Correction", A_CORRECTION),
    answer=EntryShown,
    also=_CONDITIONAL,
)
def correct(service: Service, id: EntryId, body: RevisionBody, if_match: IfMatch = None) -> Response:
    """Gives fields of an entry new values; null removes one, a nested one is given whole. Nothing is edited."""
    return _revised(service, id, body, if_match, EntryCorrected)


@post(router, "/entries/{id}/disputes", body=body_schema("Dispute", A_DISPUTE), answer=EntryShown, also=_CONDITIONAL)
def dispute(service: Service, id: EntryId, body: RevisionBody, if_match: IfMatch = None) -> Response:
    """Puts on record that somebody disputes what an entry says."""
    return _revised(service, id, body, if_match, EntryDisputed)


@post(router, "/entries/{id}/retraction", body=body_schema("Reason", A_REASON), answer=EntryShown, also=_CONDITIONAL)
def retract(service: Service, id: EntryId, body: RevisionBody, if_match: IfMatch = None) -> Response:
    """Takes an entry back: it stays to be read, and counts for nothing."""
    return _revised(service, id, body, if_match, EntryRetracted)


@post(router, "/entries/{id}/reinstatement", body=body_schema("Reason", A_REASON), answer=EntryShown, also=_CONDITIONAL)
def reinstate(service: Service, id: EntryId, body: RevisionBody, if_match: IfMatch = None) -> Response:
    """Lets a retracted entry count again."""
    return _revised(service, id, body, if_match, EntryReinstated)


@get(router, "/entries/{id}/history", query=ClockQuery, answer=EntryHistory)
def history_of_an_entry(service: Service, snapshot: Snapshot, id: EntryId) -> ResourceResponse:
    """Every version of an entry, oldest first: who recorded it, when, why, and what it changed."""
    return raw_json(snapshot, entry_history(snapshot, service.log, id))
