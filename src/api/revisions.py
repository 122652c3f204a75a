"""Acts on the record itself: corrections, disputes, retractions and reinstatements, each decided on a version seen."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from api.addresses import EntryId
from api.answers import answer, encoded, tag_of
from api.bodies import Submission, recorder_of, submission
from api.clocks import Clocks, service_of, snapshot_for
from api.documents import body, documented
from api.errors import Malformed, Unconditional
from api.examples import A_CORRECTION, A_DISPUTE, A_REASON
from api.questions import Nothing, read
from api.shapes import EntryHistory, EntryShown
from application.revising import Revision, event_of, revise
from domain.events import EntryCorrected, EntryDisputed, EntryReinstated, EntryRetracted, LaterEvent
from domain.refusals import Problem
from projections.entry_history import history
from projections.timeline import entry

router = APIRouter(prefix="/api/v1", tags=["audit"])
_OTHERS = (400, 401, 404, 412, 413, 415, 422, 428)
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:-maybe)?(?:-gzip)?"?')
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", include_in_schema=False),  # `api.contract` describes it
]
Body = Annotated[Submission, Depends(submission)]


def _revised(request: Request, id_: str, its: Submission, if_match: str | None, cls: type[LaterEvent]) -> Response:
    """Records one event on an entry and answers with the entry as it now stands."""
    read(Nothing, request)
    service = service_of(request)
    recorder = recorder_of(service, its.key)
    version = _version(if_match)
    revision = Revision(event_of(cls, id_, its.fields()), on_version=version)
    revise(service, revision, recorder=recorder)
    with service.snapshot() as snapshot:
        shown, _ = entry(snapshot, id_)
        return answer(snapshot, shown, headers=tag_of(shown))


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        raise Unconditional
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if not found:
        message = f'{if_match!r} is no version of an entry: take its ETag, such as "1"'
        raise Malformed(f"If-Match: {message}", problems=[Problem("If-Match", if_match, message)])
    return int(found[1])


@router.post(
    "/entries/{id}/corrections",
    **documented(Nothing, EntryShown, *_OTHERS, asked=body("Correction", A_CORRECTION), success=200),
)
def correct(request: Request, id: EntryId, its: Body, if_match: IfMatch = None) -> Response:
    """Gives fields of an entry new values; null removes one, a nested one is given whole. Nothing is edited."""
    return _revised(request, id, its, if_match, EntryCorrected)


@router.post(
    "/entries/{id}/disputes",
    **documented(Nothing, EntryShown, *_OTHERS, asked=body("Dispute", A_DISPUTE), success=200),
)
def dispute(request: Request, id: EntryId, its: Body, if_match: IfMatch = None) -> Response:
    """Puts on record that somebody disputes what an entry says."""
    return _revised(request, id, its, if_match, EntryDisputed)


@router.post(
    "/entries/{id}/retraction",
    **documented(Nothing, EntryShown, *_OTHERS, asked=body("Reason", A_REASON), success=200),
)
def retract(request: Request, id: EntryId, its: Body, if_match: IfMatch = None) -> Response:
    """Takes an entry back: it stays to be read, and counts for nothing."""
    return _revised(request, id, its, if_match, EntryRetracted)


@router.post(
    "/entries/{id}/reinstatement",
    **documented(Nothing, EntryShown, *_OTHERS, asked=body("Reason", A_REASON), success=200),
)
def reinstate(request: Request, id: EntryId, its: Body, if_match: IfMatch = None) -> Response:
    """Lets a retracted entry count again."""
    return _revised(request, id, its, if_match, EntryReinstated)


@router.get("/entries/{id}/history", **documented(Clocks, EntryHistory, 400, 404))
def history_of_an_entry(request: Request, id: EntryId) -> Response:
    """Every version of an entry, oldest first: who recorded it, when, why, and what it changed."""
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        return encoded(snapshot, history(snapshot, service_of(request).log, id))
