"""The few errors that this service raises on purpose, and the problems they list. Any other exception is a bug."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the field's path, its value, what to do about it, and where it was read."""

    field: str
    value: Any
    message: str
    where: str = ""
    row: int | None = None
    """Its number in the file or body, from 1: of a line, of an item in a list, or as a spreadsheet counts."""


class RecordError(Exception):
    """Something about the record could not be done."""

    def __init__(self, detail: str = "", *, problems: Sequence[Problem] = (), **extra: Any) -> None:  # noqa: ANN401 - any JSON value
        """`detail` left out is the first of the problems; `extra` goes into the answer beside them."""
        super().__init__(detail or (problem_summary(problems) if problems else (type(self).__doc__ or "").strip()))
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


def problem_summary(problems: Sequence[Problem]) -> str:
    """The first of several problems in a line, and how many more there are."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.where}: " if first.where else ""
    return f"{where}{first.field}: {first.message}{more}"
