"""Entries: one act of the dispute each, read by id and recorded whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.addresses import EntryId
from api.answers import answer, tag_of
from api.bodies import Submission, recorder_of, submission
from api.clocks import Clocks, service_of, snapshot_for
from api.documents import body, documented, in_formats
from api.examples import ENTRIES
from api.formats.table import JSON, JSON_LD, chosen
from api.publishing import entry_as_json_ld
from api.questions import Nothing, read
from api.shapes import EntryShown
from application.recording import record_entry
from projections.timeline import entry

router = APIRouter(prefix="/api/v1", tags=["entries"])


@router.get("/entries/{id}", **in_formats(Clocks, EntryShown, (JSON, JSON_LD), 400, 404, 406))
def an_entry(request: Request, id: EntryId) -> Response:
    """An entry as the record has it, with its sources, its standing and where it lies in the log."""
    if chosen(request, (JSON, JSON_LD)) is JSON_LD:
        return entry_as_json_ld(request, id)
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        shown, _ = entry(snapshot, id)
        return answer(snapshot, shown, headers=tag_of(shown))


@router.post(
    "/entries",
    status_code=201,
    **documented(Nothing, EntryShown, 200, 400, 401, 409, 413, 415, 422, asked=body("Entry", **ENTRIES)),
)
def record_an_entry(request: Request, its: Annotated[Submission, Depends(submission)]) -> Response:
    """Records an act: at once or, on any fault, not at all. The same again, with the same id, is already recorded."""
    read(Nothing, request)
    service = service_of(request)
    outcome = record_entry(service, its.fields(), recorder=recorder_of(service, its.key))
    with service.snapshot() as snapshot:
        shown, _ = entry(snapshot, outcome.id)
        headers = tag_of(shown) | {"Location": f"/api/v1/entries/{outcome.id}"}
        return answer(snapshot, shown, 200 if outcome.already else 201, headers)
