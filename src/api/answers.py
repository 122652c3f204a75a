"""Answers: JSON as bytes, most of which the record keeps as they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.http.exchange import KEY, Exchange
from api.http.memento import http_date
from api.moments import recorded_at
from api.paging import cursor_of
from projections.snapshot import Snapshot

_NOSNIFF = (b"x-content-type-options", b"nosniff")


class Answer(Response):
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
        exchange: Exchange | None = scope.get(KEY)
        if exchange is not None:
            exchange.position, exchange.head, exchange.following = self.position, self.head, self.following
        await super().__call__(scope, receive, send)


def answer(
    snapshot: Snapshot, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON object, and the head of the log at which it was worked out."""
    return Answer(snapshot.head, body, status, headers)


def encoded(snapshot: Snapshot, body: Mapping[str, Any]) -> Response:
    """An answer that was worked out just now."""
    position = body.get("position") or 0
    return Answer(
        snapshot.head,
        msgspec.json.encode(body),
        position=position,
        stamp=recorded_at(snapshot, position),
        following=body.get("next"),
    )


def tag_of(entry: str) -> dict[str, str]:
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


def joined(snapshot: Snapshot, plural: str, items: Sequence[bytes], after: object, rests_on: int) -> Response:
    """A page of JSON objects joined as they are, the cursor of the next one, and the position that it rests on."""
    cursor = cursor_of(after)
    following = "null" if cursor is None else f'"{cursor}"'
    end = f'],"next":{following},"position":{rests_on}}}'
    body = b'{"%b":[%b%b' % (plural.encode(), b",".join(items), end.encode())
    stamp = recorded_at(snapshot, rests_on)
    return Answer(snapshot.head, body, position=rests_on, stamp=stamp, following=cursor)
