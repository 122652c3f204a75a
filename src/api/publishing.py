"""One entry for other programs and for footnotes: as JSON-LD, and as a citation with an address that stays."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.addresses import EntryId
from api.answers import Answer, encoded
from api.citations import citation, permalink_of
from api.clocks import Clocks, snapshot_for
from api.documents import documented
from api.formats.json_ld import json_ld
from api.formats.shapes import Citation, Linked
from api.formats.table import JSON_LD
from api.http.exchange import root_of
from api.questions import read
from domain.errors import NotFound
from projections.jurisdictions import place_by
from projections.snapshot import Snapshot
from projections.timeline import entry

router = APIRouter(prefix="/api/v1", tags=["entries"])


class LinkedData(JSONResponse):
    """JSON-LD, for the documentation."""

    media_type = JSON_LD.media_type


@router.get("/entries/{id}.jsonld", response_class=LinkedData, **documented(Clocks, Linked, 400, 404))
def entry_as_json_ld(request: Request, id: EntryId) -> Response:
    """An entry in the words of schema.org: our account of an act, and the act itself."""
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        shown = msgspec.json.decode(entry(snapshot, id)[0])
        places = {one: found for one in shown["jurisdictions"] if (found := _place(snapshot, one)) is not None}
        body = msgspec.json.encode(json_ld(shown, places, f"{root_of(request)}/api/v1"))
        revised = shown["log"]["revised"]
        return Answer(
            snapshot.head,
            body,
            media_type=JSON_LD.content_type,
            position=revised["position"],
            stamp=revised["recorded_at"],
        )


@router.get("/entries/{id}/citation", **documented(Clocks, Citation, 400, 404))
def citation_of_an_entry(request: Request, id: EntryId) -> Response:
    """An entry's citation, ready to paste, with an address pinned to what we said: its answer never changes."""
    with snapshot_for(request, read(Clocks, request)) as snapshot:
        shown = msgspec.json.decode(entry(snapshot, id)[0])
        permalink = permalink_of(shown, f"{root_of(request)}/api/v1")
        return encoded(snapshot, citation(shown, permalink) | {"position": shown["log"]["revised"]["position"]})


def _place(snapshot: Snapshot, id_: str) -> dict[str, object] | None:
    try:
        place: dict[str, object] = msgspec.json.decode(place_by(snapshot, "id", id_)[0])
    except NotFound:
        return None
    return place
