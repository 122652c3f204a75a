"""Responses from the record: JSON as bytes, most of which the read models store as they are sent."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.http.exchange import ResponseContext, set_response_context
from api.http.memento import http_date
from projections.paging import encode_cursor
from projections.snapshot import Snapshot, recorded_at

_NOSNIFF = (b"x-content-type-options", b"nosniff")


class ResourceResponse(Response):
    """A response from the record, which tells the edge what it rests on.

    The edge remembers its validator, so that the same request again costs no more than a look at the head of the log.
    """

    def __init__(
        self,
        head: int,
        body: str | bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json",
        *,
        position: int = 0,
        last_modified: str | None = None,
        next_cursor: str | None = None,
    ) -> None:
        """`head`: of the log, when the answer was made; `position`: what it rests on, recorded at `last_modified`."""
        # Starlette's own __init__, whose headers can be changed later, costs 10 µs more.
        self.status_code = status
        self.background = None
        self.body = body.encode() if isinstance(body, str) else body
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", media_type.encode()),
            (b"log-position", b"%d" % head),
            _NOSNIFF,
        ]
        if last_modified is not None:
            self.raw_headers.append((b"last-modified", http_date(last_modified).encode()))
        if headers is not None:
            self.raw_headers += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.context = ResponseContext(head, position, next_cursor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_response_context(scope, self.context)
        await super().__call__(scope, receive, send)


class ResourceStream(StreamingResponse):
    """The same for a body that is sent piece by piece."""

    context: ResponseContext

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_response_context(scope, self.context)
        await super().__call__(scope, receive, send)


def json_response(
    snapshot: Snapshot, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> ResourceResponse:
    return ResourceResponse(snapshot.head, body, status, headers)


def raw_json(snapshot: Snapshot, body: Mapping[str, Any]) -> ResourceResponse:
    """An object that was computed for this request; `position` and `next` are taken from it."""
    position = body.get("position") or 0
    return ResourceResponse(
        snapshot.head,
        msgspec.json.encode(body),
        position=position,
        last_modified=recorded_at(snapshot, position),
        next_cursor=body.get("next"),
    )


def etag_header(entry: str) -> dict[str, str]:
    """The `ETag` of an entry, which is its version, and when that version was recorded.

    An entry that only may count on the clocks asked has another tag, since the passing of a day can make it certain.
    """
    logged = _logged(entry.encode())
    tag = logged.log.version if logged.certain else f"{logged.log.version}-maybe"
    return {"ETag": f'"{tag}"', "Last-Modified": http_date(logged.log.revised.recorded_at)}


class _Revised(msgspec.Struct):
    recorded_at: str


class _Log(msgspec.Struct):
    version: int
    revised: _Revised


class _Logged(msgspec.Struct):
    log: _Log
    certain: bool


_logged = msgspec.json.Decoder(_Logged).decode


def page_response(
    snapshot: Snapshot, plural: str, items: Sequence[bytes], after: object, rests_on: int, **more: object
) -> ResourceResponse:
    """A page of JSON objects, joined without parsing them; `more` are further fields of the answer."""
    cursor = encode_cursor(after)
    end = msgspec.json.encode({"next": cursor, "position": rests_on, **more})
    body = b'{"%b":[%b],%b' % (plural.encode(), b",".join(items), end[1:])
    return ResourceResponse(
        snapshot.head, body, position=rests_on, last_modified=recorded_at(snapshot, rests_on), next_cursor=cursor
    )
