"""Pages: how many items, and the cursor to go on from, opaque to its readers."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from typing import Annotated, TypeVar

import msgspec
from pydantic import Field

from api.errors import Malformed
from api.questions import Question
from domain.refusals import Problem

# What may stand in a key: days and slugs, so that no cursor brings to the database what it cannot compare.
Text = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z-]*$", max_length=200)]
Number = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
At = Annotated[int, msgspec.Meta(ge=0, le=10**18)]
"""A log position."""
Fit = Annotated[int, msgspec.Meta(ge=0, le=2)]
"""How well an entry fits what was searched for: an index in `BY_RELEVANCE`."""
Key = TypeVar("Key")


class Paging(Question):
    """The part of a list that is wanted."""

    limit: int = Field(50, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(
        None, max_length=2000, description="`next` of the page before.", examples=["WyIyMDE3LTA0LTIxIl0"]
    )


def key_of(cursor: str | None, shape: msgspec.json.Decoder[Key]) -> Key | None:
    """The key that a page goes on from, of the shape that its list has; None for the first page."""
    if cursor is None:
        return None
    try:
        return shape.decode(b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True))
    except (ValueError, msgspec.DecodeError) as error:
        message = "is no cursor of this list: take `next` as the page before gave it"
        raise Malformed(f"cursor: {message}", problems=[Problem("cursor", cursor, message)]) from error


def cursor_of(key: object) -> str | None:
    """The cursor of a key; None for none."""
    return None if key is None else urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")
