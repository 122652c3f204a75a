"""The few errors that this service raises on purpose. Anything else is a bug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.validation import Problem


class RecordError(Exception):
    """Something about the record could not be done."""

    def __init__(self, detail: str = "", *, problems: Sequence[Problem] = (), **extra: Any) -> None:  # noqa: ANN401 - whatever JSON can say
        """`problems` name field, value and message; `extra` goes into the answer beside them."""
        super().__init__(detail or (type(self).__doc__ or "").strip())
        self.detail = str(self)
        self.problems = list(problems)
        self.extra = extra


class Invalid(RecordError):
    """The request is not well formed."""


class Refused(RecordError):
    """The record cannot carry this act; nothing was recorded."""


class NotFound(RecordError):
    """Nothing of that name is on record on the clocks asked."""


class Stale(RecordError):
    """The entry has another version than the one that this was decided on; nothing was recorded."""


class Conflict(RecordError):
    """The id is on record with other content; nothing was recorded."""
