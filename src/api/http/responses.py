"""Answers: JSON as bytes, most of which the record keeps as they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.http.exchange import CONTEXT_KEY, RequestContext
from api.http.memento import http_date
from api.http.parameters import encode_cursor
from projections.snapshot import Snapshot, recorded_at

_NOSNIFF = (b"x-content-type-options", b"nosniff")


class ResourceResponse(Response):
    """An answer from the record, which tells the edge what it rests on."""

    def __init__(
        self,
        head: int,
        body: str | bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "application/json",
        *,
        position: int = 0,
        stamp: str | None = None,
        following: str | None = None,
    ) -> None:
        """`head`: of the log, as it was then; `position`: what the answer rests on, and when that was recorded."""
        # Starlette's own way, which takes any headers and lets them be changed, costs 10 µs more.
        self.status_code = status
        self.background = None
        self.body = body.encode() if isinstance(body, str) else body
        self.raw_headers = [
            (b"content-length", b"%d" % len(self.body)),
            (b"content-type", media_type.encode()),
            (b"log-position", b"%d" % head),
            _NOSNIFF,
        ]
        if stamp is not None:
            self.raw_headers.append((b"last-modified", http_date(stamp).encode()))
        if headers is not None:
            self.raw_headers += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.position = position
        self.head = head
        self.following = following

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        exchange: RequestContext | None = scope.get(CONTEXT_KEY)
        if exchange is not None:
            exchange.position, exchange.head, exchange.following = self.position, self.head, self.following
        await super().__call__(scope, receive, send)


def json_response(
    snapshot: Snapshot, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON object, and the head of the log at which it was worked out."""
    return ResourceResponse(snapshot.head, body, status, headers)


def raw_json(snapshot: Snapshot, body: Mapping[str, Any]) -> Response:
    """An answer that was worked out just now."""
    position = body.get("position") or 0
    return ResourceResponse(
        snapshot.head,
        msgspec.json.encode(body),
        position=position,
        stamp=recorded_at(snapshot, position),
        following=body.get("next"),
    )


def etag_header(entry: str) -> dict[str, str]:
    """The `ETag` of an entry, its version, on which a correction of it is decided; and since when it stands so.

    Whether the entry certainly counts may change with the day, so that one which only may has another tag.
    """
    read = _logged(entry.encode())
    tag = read.log.version if read.certain else f"{read.log.version}-maybe"
    return {"ETag": f'"{tag}"', "Last-Modified": http_date(read.log.revised.recorded_at)}


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
) -> Response:
    """A page of JSON objects joined as they are, the cursor of the next one, and the position that it rests on.

    `more` is what else the answer says, by name.
    """
    cursor = encode_cursor(after)
    end = msgspec.json.encode({"next": cursor, "position": rests_on, **more})
    body = b'{"%b":[%b],%b' % (plural.encode(), b",".join(items), end[1:])
    stamp = recorded_at(snapshot, rests_on)
    return ResourceResponse(snapshot.head, body, position=rests_on, stamp=stamp, following=cursor)
