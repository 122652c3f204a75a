"""Columns: how a flat table names the record's fields, as told by the types of the record itself.

`respond_by.date` and `sources.0.url` name a field in a field; `jurisdictions` and other lists of ids hold them between
`|`; a column named for any other field that has fields of its own holds it as JSON.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, BinaryIO, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints

from application.bulk.json_rows import TOO_LONG, SourceRow, bad, lines
from application.strict_json import NotJson, StrictDecoder
from domain.errors import Problem
from domain.events import (
    ACT_CLASSES,
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
)
from domain.jurisdictions import Jurisdiction

LIST_SEPARATOR = "|"
_MOST_ITEMS = 1_000
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ROOTS: tuple[type[BaseModel], ...] = (
    *ACT_CLASSES.values(),
    Jurisdiction,
    EntryCorrected,
    EntryDisputed,
    EntryRetracted,
    EntryReinstated,
    JurisdictionUpdated,
)
Part = str | int
Convert = Callable[[str], Any]


class Unread(ValueError):
    """A cell does not hold what its column is for."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


@lru_cache(maxsize=4_096)
def column(name: str) -> tuple[tuple[Part, ...], Convert] | None:
    """Where a column's cells go, and how they are read; None where it names no field of the record."""
    if name == "act":
        return ("act",), str
    first, *rest = name.split(".")
    for root in _ROOTS:
        for annotation in _fields(root, first):
            found = _field_at(annotation, rest)
            if found is not None:
                path, convert = found
                return (first, *path), convert
    return None


def _fields(cls: type[BaseModel], name: str) -> Iterator[Any]:
    for field, info in cls.model_fields.items():
        if (info.alias or field) == name:
            yield info.annotation if not info.metadata else Annotated[info.annotation, *info.metadata]


def _field_at(annotation: Any, rest: Sequence[str]) -> tuple[tuple[Part, ...], Convert] | None:  # noqa: ANN401 - whatever an annotation is
    kinds = list(_plain(annotation))
    if not rest:
        return (), _converter(kinds)
    name, *more = rest
    for kind, _ in kinds:
        parts: Iterator[tuple[Part, Any]] = iter(())
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            parts = ((name, one) for one in _fields(kind, name))
        elif get_origin(kind) is tuple and name.isdecimal() and name.isascii() and len(name) < len(str(_MOST_ITEMS)):
            parts = iter([(int(name), get_args(kind)[0])])
        elif get_origin(kind) is dict:
            parts = iter([(name, get_args(kind)[1])])
        for part, its in parts:
            found = _field_at(its, more)
            if found is not None:
                return (part, *found[0]), found[1]
    return None


def _plain(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:  # noqa: ANN401 - whatever an annotation is
    """What a field may be, without `None`, each with what is said of it."""
    if get_origin(annotation) is Annotated:
        its, *more = get_args(annotation)
        yield from _plain(its, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _plain(one, metadata)
    elif annotation is not type(None):
        yield annotation, metadata


def _converter(kinds: Sequence[tuple[Any, tuple[Any, ...]]]) -> Convert:
    types = [kind for kind, _ in kinds]
    if int in types:
        return _integer
    if all(kind is str or get_origin(kind) is Literal for kind in types):
        return str
    if len(types) == 1 and get_origin(types[0]) is tuple and _is_word(get_args(types[0])[0]):
        return _words
    return _json


def _is_word(annotation: Any) -> bool:  # noqa: ANN401 - whatever an annotation is
    """Whether it is text of a pattern, as ids and states are: `|` is never in one."""
    return any(
        kind is str and any(isinstance(one, StringConstraints) and one.pattern for one in metadata)
        for kind, metadata in _plain(annotation)
    )


def _integer(cell: str) -> int | str:
    return int(cell) if _INTEGER.fullmatch(cell) else cell


def _words(cell: str) -> Any:  # noqa: ANN401 - whatever JSON can say
    if cell.lstrip().startswith("["):
        return _json(cell)
    return [one.strip() for one in cell.split(LIST_SEPARATOR)]


def _json(cell: str) -> Any:  # noqa: ANN401 - whatever JSON can say
    try:
        read, problems = StrictDecoder().whole(cell)
    except NotJson as error:
        raise Unread([Problem("", cell, f"is to be JSON: {error.detail}")]) from error
    if problems:
        raise Unread(problems)
    return read


# An apostrophe before what a spreadsheet would take for a formula is no part of the text: our own CSV has it, too.
_DEFUSED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
Column = tuple[str, tuple[Part, ...], Convert]


class _TooLong(Exception):
    pass


def csv_rows(file: BinaryIO) -> Iterator[SourceRow]:
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
                yield SourceRow(number, {}, tuple(problems))
                return
        else:
            yield _csv_row(number, heading, cells)


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


def _csv_row(number: int, heading: Sequence[Column], cells: Sequence[str]) -> SourceRow:
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
    return SourceRow(number, _grown(tree), tuple(problems))


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
    return {str(name): _cell_value(value) for name, value in tree.items()}


def _cell_value(value: Any) -> Any:  # noqa: ANN401 - whatever a cell can say
    if not isinstance(value, _Branch):
        return value
    if all(isinstance(part, int) for part in value):
        return [_cell_value(value[part]) for part in sorted(value)]
    return _grown(value)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
