"""Where a page ends, as a text to go on from."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from domain.errors import Invalid
from domain.refusals import Problem


def cursor_of(key: tuple[str | int, ...] | None) -> str | None:
    """The text of a key; None where there is no more."""
    if key is None:
        return None
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def key_of(cursor: str, types: tuple[type, ...]) -> Any:  # noqa: ANN401 - a tuple of those types
    """The key of a text that `cursor_of` made; Invalid for any other."""
    try:
        key = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        key = None
    if isinstance(key, list) and [type(one) for one in key] == list(types):
        return tuple(key)
    message = "is no cursor that an answer gave as `next`"
    raise Invalid(f"cursor: {message}", problems=[Problem("cursor", cursor, message)])
