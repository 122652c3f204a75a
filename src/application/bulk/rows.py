"""Rows: what every format is read into, and the formats that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from domain.refusals import Problem

LONGEST_ROW = 1_000_000
"""Bytes of a line, or characters of an item: as large as the body of a single entry may be."""
EXCERPT = 200
"""Characters that are shown of what cannot be read."""
WHOLE = "(the whole)"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number, its fields, and what is wrong with how it is written."""

    number: int
    fields: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def bad(number: int, message: str, value: Any = None, field: str = WHOLE) -> Row:  # noqa: ANN401 - whatever was given
    """A row that cannot be read."""
    return Row(number, {}, (Problem(field, value, message),))


def row_of(number: int, read: object, problems: list[Problem]) -> Row:
    """The row that a value amounts to, which is to be an object."""
    if problems:
        return Row(number, read if isinstance(read, dict) else {}, tuple(problems))
    if not isinstance(read, dict):
        return bad(number, "expected the fields of an entry or a jurisdiction", read)
    return Row(number, read)


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file with their numbers, and None for one that is too long; never more than a row is held."""
    number = 0
    while line := file.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) <= LONGEST_ROW:
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_ROW)
        yield number, None


TOO_LONG = f"is longer than {LONGEST_ROW:,} bytes"
