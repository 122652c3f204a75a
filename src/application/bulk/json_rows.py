"""Rows, which every format is read into, and the two JSON formats: NDJSON and a JSON list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from application.strict_json import NotJson, StrictDecoder, after_space
from domain import events
from domain.errors import Problem
from domain.refusals import WHOLE

CHANGES: dict[str, type[events.LaterEvent | events.JurisdictionUpdated]] = {
    "correct": events.EntryCorrected,
    "dispute": events.EntryDisputed,
    "retract": events.EntryRetracted,
    "reinstate": events.EntryReinstated,
    "update": events.JurisdictionUpdated,
}
"""The events of rows that change what is on record, by the `act` that names them."""
LONGEST_ROW = 1_000_000
"""Bytes of a line or characters of an item: the same as the longest body of a single entry."""
EXCERPT = 200
"""Characters of unreadable text that an error shows."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its number, its fields, and what is wrong with how they are written."""

    number: int
    fields: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def bad_row(number: int, message: str, value: Any = None) -> SourceRow:  # noqa: ANN401 - any JSON value
    return SourceRow(number, {}, (Problem(WHOLE, value, message),))


def row_of(number: int, value: object, problems: list[Problem]) -> SourceRow:
    """The row of a value, which must be an object."""
    if problems:
        return SourceRow(number, value if isinstance(value, dict) else {}, tuple(problems))
    if not isinstance(value, dict):
        return bad_row(number, "expected the fields of an entry or a jurisdiction", value)
    return SourceRow(number, value)


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file with their numbers; None for a line that is too long, so that memory stays bounded."""
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
    """The rows, numbered as the lines are; blank lines are skipped."""
    strict = StrictDecoder()
    for number, line in lines(file):
        if line is None:
            yield bad_row(number, TOO_LONG)
        elif line.strip():
            try:
                value, problems = strict.whole(line.decode("utf-8", "surrogateescape"))
            except NotJson as error:
                yield bad_row(number, error.detail, line.decode("utf-8", "replace").strip()[:EXCERPT])
            else:
                yield row_of(number, value, problems)


def json_list_rows(file: BinaryIO) -> Iterator[SourceRow]:
    """The rows, numbered as the items are. What follows a syntax error is not read."""
    text = file.read().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    strict, number = StrictDecoder(), 1
    at = after_space(text, 0)
    if text[at : at + 1] != "[":
        if text:
            yield bad_row(number, "expected a JSON list of objects", text[at : at + EXCERPT])
        return
    at = after_space(text, at + 1)
    if text[at : at + 1] == "]":
        at += 1
    else:
        while True:
            try:
                value, at, problems = strict.value(text, at)
            except NotJson as error:
                yield bad_row(number, f"{error.detail}; nothing after it was read", text[at : at + EXCERPT])
                return
            yield row_of(number, value, problems)
            at = after_space(text, at)
            separator, at = text[at : at + 1], after_space(text, at + 1)
            if separator != ",":
                break
            number += 1
        if separator != "]":
            yield bad_row(number, "the list is not closed after this; nothing after it was read", separator)
            return
    if after_space(text, at) < len(text):
        yield bad_row(number, "something follows the list", text[at : at + EXCERPT])
