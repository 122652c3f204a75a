"""Where a page ends, as a text to go on from: the same as the API's `next`."""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from domain.errors import Invalid
from domain.refusals import Problem

# What may stand in a key: days, instants, slugs and ids, numbers that order a day, and log positions.
_TEXT = re.compile(r"[0-9A-Za-z_:.-]{0,200}")
_LARGEST = 10**18


def cursor_of(key: tuple[str | int, ...] | int | None) -> str | None:
    """The text of a key; None where there is no more."""
    if key is None:
        return None
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def number_of(cursor: str) -> int:
    """The number of a text that `cursor_of` made of one; Invalid for any other."""
    (number,) = _key(cursor, (int,), lambda read: [read])
    return max(int(number), 0)


def key_of(cursor: str, types: tuple[type, ...]) -> Any:  # noqa: ANN401 - a tuple of those types
    """The key of a text that `cursor_of` made; Invalid for any other."""
    return _key(cursor, types, lambda read: read)


def _key(cursor: str, types: tuple[type, ...], parts: Callable[[Any], Any]) -> tuple[Any, ...]:
    try:
        key = parts(json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))))
    except (ValueError, binascii.Error):
        key = None
    if isinstance(key, list) and [type(part) for part in key] == list(types) and all(map(_fits, key)):
        return tuple(key)
    message = "is no cursor of this list: take the one that the page before gave"
    raise Invalid(f"cursor: {message}", problems=[Problem("cursor", cursor, message)])


def _fits(part: str | int) -> bool:
    return _TEXT.fullmatch(part) is not None if isinstance(part, str) else abs(part) <= _LARGEST
