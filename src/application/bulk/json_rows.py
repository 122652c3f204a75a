"""Rows: what every format is read into, and the formats that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from application.strict_json import NotJson, StrictDecoder, after_space
from domain.errors import Problem

LONGEST_ROW = 1_000_000
"""Bytes of a line, or characters of an item: as large as the body of a single entry may be."""
EXCERPT = 200
"""Characters that are shown of what cannot be read."""
WHOLE = "(the whole)"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its number, its fields, and what is wrong with how it is written."""

    number: int
    fields: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def bad(number: int, message: str, value: Any = None, field: str = WHOLE) -> SourceRow:  # noqa: ANN401 - whatever was given
    """A row that cannot be read."""
    return SourceRow(number, {}, (Problem(field, value, message),))


def row_of(number: int, read: object, problems: list[Problem]) -> SourceRow:
    """The row that a value amounts to, which is to be an object."""
    if problems:
        return SourceRow(number, read if isinstance(read, dict) else {}, tuple(problems))
    if not isinstance(read, dict):
        return bad(number, "expected the fields of an entry or a jurisdiction", read)
    return SourceRow(number, read)


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


def ndjson_rows(file: BinaryIO) -> Iterator[SourceRow]:
    """The rows, numbered as the lines are; blank ones are passed over."""
    strict = StrictDecoder()
    for number, line in lines(file):
        if line is None:
            yield bad(number, TOO_LONG)
        elif line.strip():
            try:
                read, problems = strict.whole(line.decode("utf-8", "surrogateescape"))
            except NotJson as error:
                yield bad(number, error.detail, line.decode("utf-8", "replace").strip()[:EXCERPT])
            else:
                yield row_of(number, read, problems)


def json_list_rows(file: BinaryIO) -> Iterator[SourceRow]:
    """The rows, numbered as the items are. What follows a syntax error is not read."""
    text = file.read().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    strict, number = StrictDecoder(), 1
    at = after_space(text, 0)
    if text[at : at + 1] != "[":
        if text:
            yield bad(number, "expected a JSON list of objects", text[at : at + EXCERPT])
        return
    at = after_space(text, at + 1)
    if text[at : at + 1] == "]":
        at += 1
    else:
        while True:
            try:
                read, at, problems = strict.value(text, at)
            except NotJson as error:
                yield bad(number, f"{error.detail}; nothing after it was read", text[at : at + EXCERPT])
                return
            yield row_of(number, read, problems)
            at = after_space(text, at)
            mark, at = text[at : at + 1], after_space(text, at + 1)
            if mark != ",":
                break
            number += 1
        if mark != "]":
            yield bad(number, "the list is not closed after this; nothing after it was read", mark)
            return
    if after_space(text, at) < len(text):
        yield bad(number, "something follows the list", text[at : at + EXCERPT])
