"""Answers: JSON as bytes, most of which the record keeps as they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Response

from api.paging import cursor_of
from projections.snapshot import Snapshot


def answer(
    snapshot: Snapshot, body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON object, and the head of the log at which it was worked out."""
    its = {"Log-Position": str(snapshot.head), "X-Content-Type-Options": "nosniff"}
    return Response(body, status, its if headers is None else its | dict(headers), "application/json")


def encoded(snapshot: Snapshot, body: Mapping[str, Any]) -> Response:
    """An answer that was worked out just now."""
    return answer(snapshot, msgspec.json.encode(body))


def tag_of(entry: str) -> dict[str, str]:
    """The `ETag` of an entry: its version, on which a correction of it is decided."""
    return {"ETag": f'"{_logged(entry.encode()).log.version}"'}


class _Log(msgspec.Struct):
    version: int


class _Logged(msgspec.Struct):
    log: _Log


_logged = msgspec.json.Decoder(_Logged).decode


def joined(
    snapshot: Snapshot, plural: str, items: Sequence[bytes], after: object, rests_on: int, **more: object
) -> Response:
    """A page of JSON objects joined as they are, the cursor of the next one, and the position that it rests on.

    `more` is what else the answer says, by name.
    """
    end = msgspec.json.encode({"next": cursor_of(after), "position": rests_on, **more})
    return answer(snapshot, b'{"%b":[%b],%b' % (plural.encode(), b",".join(items), end[1:]))
