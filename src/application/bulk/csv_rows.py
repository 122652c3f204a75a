"""CSV: a heading whose columns name the record's fields, which are looked up in the types of the record, then rows.

`respond_by.date` and `sources.0.url` name a field in a field. `jurisdictions` and other lists of ids are separated by
`|`. A column named for any other field that has fields of its own holds it as JSON.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, BinaryIO, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints

from application.bulk.json_rows import CHANGES, TOO_LONG, SourceRow, bad_row, lines
from application.strict_json import NotJson, StrictDecoder
from domain.errors import Invalid, Problem
from domain.events import ACT_CLASSES
from domain.jurisdictions import Jurisdiction

LIST_SEPARATOR = "|"
_MOST_ITEMS = 1_000
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ROOT: Any = Union[*ACT_CLASSES.values(), Jurisdiction, *CHANGES.values()]
Part = str | int
Convert = Callable[[str], Any]


@lru_cache(maxsize=4_096)
def column(name: str) -> tuple[tuple[Part, ...], Convert] | None:
    """The path of a column's field, and how its cells are converted; None where no field has that name."""
    if name == "act":
        return ("act",), str
    return _field_at(_ROOT, name.split("."))


def _fields(cls: type[BaseModel], name: str) -> Iterator[Any]:
    for field, info in cls.model_fields.items():
        if (info.alias or field) == name:
            yield info.annotation if not info.metadata else Annotated[info.annotation, *info.metadata]


def _field_at(annotation: Any, rest: Sequence[str]) -> tuple[tuple[Part, ...], Convert] | None:  # noqa: ANN401 - annotations have no common type
    kinds = list(_types_in(annotation))
    if not rest:
        return (), _converter(kinds)
    name, *more = rest
    for kind, _ in kinds:
        parts: Iterator[tuple[Part, Any]] = iter(())
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            parts = ((name, field_type) for field_type in _fields(kind, name))
        elif get_origin(kind) is tuple and name.isdecimal() and name.isascii() and len(name) < len(str(_MOST_ITEMS)):
            parts = iter([(int(name), get_args(kind)[0])])
        elif get_origin(kind) is dict:
            parts = iter([(name, get_args(kind)[1])])
        for part, part_type in parts:
            field = _field_at(part_type, more)
            if field is not None:
                path, convert = field
                return (part, *path), convert
    return None


def _types_in(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:  # noqa: ANN401 - annotations have no common type
    """The types that a field may have, `None` left out, each with its metadata."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from _types_in(inner, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _types_in(member, metadata)
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


def _is_word(annotation: Any) -> bool:  # noqa: ANN401 - annotations have no common type
    """Whether it is text with a pattern, as ids and states are: no pattern allows a `|`."""
    return any(
        kind is str and any(isinstance(constraint, StringConstraints) and constraint.pattern for constraint in metadata)
        for kind, metadata in _types_in(annotation)
    )


def _integer(cell: str) -> int | str:
    return int(cell) if _INTEGER.fullmatch(cell) else cell


def _words(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    if cell.lstrip().startswith("["):
        return _json(cell)
    return [word.strip() for word in cell.split(LIST_SEPARATOR)]


def _json(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        value, problems = StrictDecoder().whole(cell)
    except NotJson as error:
        raise Invalid(problems=[Problem("", cell, f"is to be JSON: {error.detail}")]) from error
    if problems:
        raise Invalid(problems=problems)
    return value


# Our own CSV puts an apostrophe before text that a spreadsheet would take for a formula; here it is taken off again.
_DEFUSED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
# Bytes that are not UTF-8 are read as lone surrogates.
_SURROGATE = re.compile("[\ud800-\udfff]")
Column = tuple[str, tuple[Part, ...], Convert]


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
        except csv.Error as error:
            yield bad_row(number, f"is not CSV: {error}; nothing after it was read")
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
            raise csv.Error(f"line {number} {TOO_LONG}")
        yield line.decode("utf-8", "surrogateescape")


def _heading(names: Sequence[str]) -> tuple[list[Column], list[Problem]]:
    columns: list[Column] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for name in map(str.strip, names):
        field = column(name)
        if field is None:
            message = "names no field of the record, so the table cannot be read: the first row is to be its heading"
            problems.append(Problem(name, None, message))
        elif name in taken:
            problems.append(Problem(name, None, "is the name of two columns"))
        else:
            columns.append((name, *field))
        taken.add(name)
    return columns, problems


def _csv_row(number: int, heading: Sequence[Column], cells: Sequence[str]) -> SourceRow:
    if len(cells) != len(heading):
        return bad_row(number, f"has {len(cells)} cells, and the heading {len(heading)}")
    tree: dict[Part, Any] = {}
    problems: list[Problem] = []
    for (name, path, convert), cell in zip(heading, cells, strict=True):
        if not cell:
            continue
        text = cell[1:] if cell.startswith("'") and _DEFUSED.match(cell) else cell
        if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
            problems.append(Problem(name, cell, "is not UTF-8 text without NUL"))
            continue
        try:
            value = convert(text)
        except Invalid as error:
            problems += [
                Problem(name, cell, f"{problem.field}: {problem.message}".strip(": ")) for problem in error.problems
            ]
            continue
        if not _put(tree, path, value):
            problems.append(Problem(name, cell, "is given twice: whole, and by one of its own fields"))
    return SourceRow(number, _fields_of(tree), tuple(problems))


class _Branch(dict[Part, Any]):
    """A field that several columns make up, by its parts; not yet a value."""


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


def _fields_of(tree: Mapping[Part, Any]) -> dict[str, Any]:
    return {str(name): _cell_value(value) for name, value in tree.items()}


def _cell_value(value: Any) -> Any:  # noqa: ANN401 - any value that a cell can hold
    if not isinstance(value, _Branch):
        return value
    if all(isinstance(part, int) for part in value):
        return [_cell_value(value[part]) for part in sorted(value)]
    return _fields_of(value)
