"""Pages of a list: as many rows as were asked for, and the cursor of the next page.

A cursor is the key of the last row, as JSON in base64. The API and the command line read and write the same ones.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Generic, TypeVar

import msgspec

# What may stand in a key: days and slugs, so that no forged cursor brings to the database what it cannot compare.
KeyText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-z-]*$", max_length=200)]
KeyNumber = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
PositionKey = Annotated[int, msgspec.Meta(ge=0, le=10**18)]
"""A log position."""
KeyT = TypeVar("KeyT")
KeyT_co = TypeVar("KeyT_co", covariant=True)
ItemT_co = TypeVar("ItemT_co", covariant=True)


class NotACursor(ValueError):
    """A text that is not the cursor of this list."""


def decode_cursor(cursor: str | None, shape: msgspec.json.Decoder[KeyT]) -> KeyT | None:
    """The key in a cursor, in the shape that its list has; None for the first page."""
    if cursor is None:
        return None
    try:
        return shape.decode(b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True))
    except (ValueError, msgspec.DecodeError) as error:
        raise NotACursor(cursor) from error


def encode_cursor(key: object) -> str | None:
    return None if key is None else urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Page(Generic[KeyT_co, ItemT_co]):
    """Some items of a list, the key that the next page begins after, and the log position that they rest on."""

    items: Sequence[ItemT_co]
    next_key: KeyT_co | None
    rests_on: int


@dataclass(frozen=True, slots=True)
class Rows(Generic[KeyT_co, ItemT_co]):
    """The rest of a list, read as it is asked for: key, item, and the log position that the item rests on.

    `rests_on`: the position that the list itself rests on, also where it has no rows.
    """

    rows: Iterable[tuple[KeyT_co, ItemT_co, int]]
    rests_on: int = 0

    def __iter__(self) -> Iterator[tuple[KeyT_co, ItemT_co, int]]:
        return iter(self.rows)

    def page(self, limit: int) -> Page[KeyT_co, ItemT_co]:
        """The first `limit` rows; one more is read, to know whether there is a next page."""
        taken = list(islice(self.rows, limit + 1))
        page = taken[:limit]
        return Page(
            [item for _, item, _ in page],
            page[-1][0] if len(taken) > limit else None,
            max((position for _, _, position in page), default=self.rests_on),
        )
