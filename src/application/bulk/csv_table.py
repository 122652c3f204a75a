"""CSV (RFC 4180): a heading of field names, a row each. An empty cell is a field left out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from application.bulk.columns import Convert, Part, Unread, column
from application.bulk.rows import TOO_LONG, Row, bad, lines
from domain.refusals import Problem

# An apostrophe before what a spreadsheet would take for a formula is no part of the text: our own CSV has it, too.
_DEFUSED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
Column = tuple[str, tuple[Part, ...], Convert]


class _TooLong(Exception):
    pass


def rows(file: BinaryIO) -> Iterator[Row]:
    """The rows, numbered as a spreadsheet does: the heading is 1. What follows broken quotation is not read."""
    number = 0
    heading: list[Column] | None = None
    reader = csv.reader(_lines(file), strict=True)
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except (csv.Error, _TooLong) as error:
            yield bad(number, f"is not CSV: {error}; nothing after it was read")
            return
        if not cells:
            continue
        if heading is None:
            heading, problems = _heading(cells)
            if problems:
                yield Row(number, {}, tuple(problems))
                return
        else:
            yield _row(number, heading, cells)


def _lines(file: BinaryIO) -> Iterator[str]:
    for number, line in lines(file):
        if line is None:
            raise _TooLong(f"line {number} {TOO_LONG}")
        yield line.decode("utf-8", "surrogateescape")


def _heading(names: Sequence[str]) -> tuple[list[Column], list[Problem]]:
    columns: list[Column] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for name in (one.strip() for one in names):
        found = column(name)
        if found is None:
            message = "names no field of the record, so the table cannot be read: the first row is to be its heading"
            problems.append(Problem(name, None, message))
        elif name in taken:
            problems.append(Problem(name, None, "is the name of two columns"))
        else:
            columns.append((name, *found))
        taken.add(name)
    return columns, problems


def _row(number: int, heading: Sequence[Column], cells: Sequence[str]) -> Row:
    if len(cells) != len(heading):
        return bad(number, f"has {len(cells)} cells, and the heading {len(heading)}")
    tree: dict[Part, Any] = {}
    problems: list[Problem] = []
    for (name, path, convert), cell in zip(heading, cells, strict=True):
        if not cell:
            continue
        text = cell[1:] if cell.startswith("'") and _DEFUSED.match(cell) else cell
        if "\0" in text or (not text.isascii() and not _is_text(text)):
            problems.append(Problem(name, cell, "is not UTF-8 text without NUL"))
            continue
        try:
            value = convert(text)
        except Unread as error:
            problems += [Problem(name, cell, f"{one.field}: {one.message}".strip(": ")) for one in error.problems]
            continue
        if not _put(tree, path, value):
            problems.append(Problem(name, cell, "is given twice: whole, and by one of its own fields"))
    return Row(number, _grown(tree), tuple(problems))


class _Branch(dict[Part, Any]):
    """What columns below a field amount to, not yet a value."""


def _put(tree: dict[Part, Any], path: Sequence[Part], value: object) -> bool:
    *above, last = path
    for part in above:
        tree = tree.setdefault(part, _Branch())
        if not isinstance(tree, _Branch):
            return False
    if last in tree:
        return False
    tree[last] = value
    return True


def _grown(tree: Mapping[Part, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in tree.items()}


def _value(value: Any) -> Any:  # noqa: ANN401 - whatever a cell can say
    if not isinstance(value, _Branch):
        return value
    if all(isinstance(part, int) for part in value):
        return [_value(value[part]) for part in sorted(value)]
    return _grown(value)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
