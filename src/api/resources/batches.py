"""Batches: many entries in one request, in the format of its Content-Type, together or not at all."""

from io import BytesIO
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api.http.bodies import JsonBody, Recorder, body_of, charset_of, media_type_of, require_media_type
from api.http.exchange import request_context
from api.http.parameters import QueryModel
from api.http.routes import post, raw_json
from api.openapi.document import A_JURISDICTION, A_WARNING
from application.bulk.batch import Report, record_rows
from application.bulk.files import MEDIA_TYPES, reader_of
from application.service import Service
from application.settings import Settings
from eventlog.limits import limits, more, waiting_at_most

router = APIRouter(prefix="/api/v1", tags=["entries"])
MOST_SUSPECTED = 1_000


class DryRunQuery(QueryModel):
    dry_run: bool = Field(default=False, description="Say what would become of it, and record nothing.")


class BatchQuery(QueryModel):
    dry_run: bool = Field(default=False, description="Say what would become of the batch, and record nothing.")


class Because(BaseModel):
    """What the row is; and the page or docket, where that is what it has in common with entries that it is like."""

    kind: str
    date: str
    jurisdictions: list[str]
    source: str | None = Field(None, description="An address that both rest on, with or without what counts readers.")
    docket: str | None = Field(None, description="Docket and court of a case that is on record under another id.")


class Suspected(BaseModel):
    """A row that was recorded and may be an act that was recorded before."""

    row: int
    entry: str
    like: list[str] = Field(description="On record, or before it in the batch: at most ten.")
    because: Because


class BatchShown(BaseModel):
    """What became of a batch."""

    recorded: int
    already: int = Field(description="Rows that are on record, or before in the batch, with the same content.")
    suspected: list[Suspected] = Field(description="At most a thousand; `suspected_total` says how many there are.")
    suspected_total: int
    dry_run: bool


async def batch_body(request: Request, recorder: Recorder) -> JsonBody:
    require_media_type(request, media_type_of(request), *MEDIA_TYPES)
    return JsonBody(recorder, await body_of(request, request.app.state.settings.batch_bytes))


_ROW = {
    "description": "Each with its `id`.",
    "anyOf": [{"$ref": "#/components/schemas/Entry"}, {"$ref": "#/components/schemas/Jurisdiction"}],
}
_LIST = {"schema": {"type": "array", "items": _ROW}, "example": [{"id": "2017-04-21-letters", **A_WARNING}]}
_ROWS = {
    "application/x-ndjson": {
        "schema": {"type": "string", "description": "An `Entry` or a `Jurisdiction` a line."},
        "example": "\n".join(
            msgspec.json.encode(row).decode() for row in (A_JURISDICTION, {"id": "2017-04-21-letters", **A_WARNING})
        ),
    },
    "text/csv": {
        "schema": {
            "type": "string",
            "description": "A heading, a row each. Columns are fields; `actor.party` and `sources.0.title` are fields "
            "in a field, `jurisdictions` and other lists have `|` between them (`[]`: none), `roles` are `chicago-il: "
            "plaintiff`, and a column named for any other field with fields of its own holds it as JSON. An empty "
            "cell is a field left out.",
        },
        "example": "id,kind,occurred,actor.party,jurisdictions,summary,sources.0.id,sources.0.title,sources.0.rank\r\n"
        "2017-05-01-said,statement,2017-05-01,federal,chicago-il | new-orleans-la,Something was said.,s1,A page,"
        "primary\r\n",
    },
    "application/yaml": _LIST,
    "application/json": _LIST,
}
_BODY: dict[str, Any] = {"required": True, "content": _ROWS}


@post(router, "/entries:batch", query=BatchQuery, body=_BODY, answer=BatchShown)
def record_a_batch(
    request: Request, service: Service, query: BatchQuery, batch: Annotated[JsonBody, Depends(batch_body)]
) -> Response:
    """Records entries, and the jurisdictions they name: all, or on any fault none, with every bad row in `errors`."""
    request_context(request).dry_run = query.dry_run
    settings: Settings = request.app.state.settings
    read = reader_of(MEDIA_TYPES[media_type_of(request)], charset_of(request))
    unnamed, most = (("", row) for row in read(BytesIO(batch.body))), settings.batch_rows
    with waiting_at_most(more(limits(), len(batch.body))):
        report = record_rows(
            service, unnamed, recorder=batch.recorder, dry_run=query.dry_run, revising=False, most=most
        )
    return shown_report(service, report, dry_run=query.dry_run)


def shown_report(service: Service, report: Report, *, dry_run: bool) -> Response:
    answer = {
        "recorded": report.recorded,
        "already": report.already_recorded,
        "suspected": [row.shown() for row in report.possible_duplicates[:MOST_SUSPECTED]],
        "suspected_total": len(report.possible_duplicates),
        "dry_run": dry_run,
    }
    with service.snapshot() as snapshot:
        return raw_json(snapshot, answer)
