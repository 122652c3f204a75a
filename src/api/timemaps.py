"""TimeMaps (RFC 7089): every version of an entry or a place, with the address at which it stays."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.addresses import EntryId, PlaceId, slug_of
from api.clocks import service_of
from api.documents import documented
from api.http.exchange import root_of
from api.http.memento import http_date
from api.questions import Nothing, read
from application.versions import versions
from domain.errors import NotFound

router = APIRouter(prefix="/api/v1", tags=["audit"])
_TYPE = "application/link-format"


@router.get("/entries/{id}/timemap", **documented(Nothing, _TYPE, 400, 404))
def timemap_of_an_entry(request: Request, id: EntryId) -> Response:
    """Every version of an entry with its date, in application/link-format."""
    read(Nothing, request)
    return _timemap(request, f"entry:{id}", f"entries/{id}")


@router.get("/jurisdictions/{id}/timemap", **documented(Nothing, _TYPE, 400, 404))
def timemap_of_a_place(request: Request, id: PlaceId) -> Response:
    """Every version of a place with its date, in application/link-format."""
    read(Nothing, request)
    with service_of(request).snapshot() as snapshot:
        slug = slug_of(snapshot, id)
    return _timemap(request, f"jurisdiction:{slug}", f"jurisdictions/{slug}")


def _timemap(request: Request, stream: str, path: str) -> Response:
    found = versions(service_of(request), stream)
    if not found:
        raise NotFound(f"nothing of the name {path} is on record")
    address = f"{root_of(request)}/api/v1/{path}"
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
