"""The columns of a table: which field each name stands for, and how the cells under it are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import StringConstraints

from application.bulk.json_rows import CHANGES
from application.strict_json import NotJson, StrictDecoder
from domain.errors import Invalid, Problem
from domain.events import ACT_CLASSES
from domain.jurisdictions import Jurisdiction
from domain.refusals import WHOLE, did_you_mean, nearest
from domain.shapes import fields_of, is_model, types_in

LIST_SEPARATOR = "|"
_MOST_ITEMS = 1_000
_BETWEEN_IDS = re.compile(r"[|;,\n]")
_BETWEEN_PAIRS = re.compile(r"[|;\n]")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_ROOT: Any = Union[*ACT_CLASSES.values(), Jurisdiction, *CHANGES.values()]
_MOST_FOREIGN = 5
_MOST_COLUMNS = 10_000
Part = str | int
Convert = Callable[[str], Any]
Column = tuple[str, tuple[Part, ...], Convert]
"""Name, path of the field, and what converts a cell; the name is empty where the heading has none."""


@lru_cache(maxsize=4_096)
def column(name: str) -> tuple[tuple[Part, ...], Convert] | None:
    """The path of a column's field, and how its cells are converted; None where no field has that name."""
    if name == "act":
        return ("act",), str
    return _field_at(_ROOT, name.split("."))


def _field_at(annotation: Any, rest: Sequence[str]) -> tuple[tuple[Part, ...], Convert] | None:  # noqa: ANN401 - annotations have no common type
    kinds = list(types_in(annotation))
    if not rest:
        return (), _converter(kinds)
    name, *more = rest
    for kind, _ in kinds:
        parts: Iterator[tuple[Part, Any]] = iter(())
        if is_model(kind):
            parts = ((name, field_type) for field, field_type in fields_of(kind).items() if field == name)
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


def _converter(kinds: Sequence[tuple[Any, tuple[Any, ...]]]) -> Convert:
    types = [kind for kind, _ in kinds]
    if int in types:
        return _integer
    if all(_is_text(kind) for kind in types):
        return str
    if len(types) == 1 and get_origin(types[0]) is tuple:
        items = list(types_in(get_args(types[0])[0]))
        if all(_is_text(kind) for kind, _ in items):
            return _ids if _has_pattern(items) else _texts
    if len(types) == 1 and get_origin(types[0]) is dict:
        return _pairs
    return _json


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - annotations have no common type
    return kind is str or get_origin(kind) is Literal


def _has_pattern(kinds: Sequence[tuple[Any, tuple[Any, ...]]]) -> bool:
    """Whether it is text with a pattern, as ids and states are: no pattern allows a separator."""
    return any(isinstance(each, StringConstraints) and each.pattern for _, metadata in kinds for each in metadata)


def _integer(cell: str) -> int | str:
    return int(cell) if _INTEGER.fullmatch(cell) else cell


def _ids(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    if cell.lstrip().startswith("["):
        return _json(cell)
    return [id_.strip() for id_ in _BETWEEN_IDS.split(cell)]


def _texts(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    if cell.lstrip().startswith("["):
        return _json(cell)
    return [text.strip() for text in cell.split(LIST_SEPARATOR)]


def _pairs(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    """`new-orleans-la: plaintiff | chicago-il: plaintiff`, or JSON."""
    if cell.lstrip().startswith("{"):
        return _json(cell)
    pairs: dict[str, str] = {}
    for pair in _BETWEEN_PAIRS.split(cell):
        name, colon, value = (part.strip() for part in pair.partition(":"))
        if not (name and colon and value):
            raise Invalid(problems=[Problem("", cell, "is to be JSON, or pairs such as new-orleans-la: plaintiff")])
        if name in pairs:
            raise Invalid(problems=[Problem(name, value, "is given twice")])
        pairs[name] = value
    return pairs


def _json(cell: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        value, problems = StrictDecoder().whole(cell)
    except NotJson as error:
        raise Invalid(problems=[Problem("", cell, f"is to be JSON: {error.detail}")]) from error
    if problems:
        raise Invalid(problems=problems)
    return value


def heading_of(names: Sequence[str]) -> tuple[list[Column], list[Problem]]:
    """The columns of a table whose first row this is, and what is wrong with it."""
    if len(names) > _MOST_COLUMNS:
        return [], [Problem(WHOLE, None, f"has {len(names):,} columns, and at most {_MOST_COLUMNS:,} are read")]
    columns: list[Column] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    foreign: list[str] = []
    for name in map(str.strip, names):
        field = column(name)
        if not name:
            columns.append(("", (), str))
        elif field is None:
            foreign.append(name)
        elif name in taken:
            problems.append(Problem(name, None, "is the name of two columns"))
        else:
            columns.append((name, *field))
        taken.add(name)
    if foreign:
        problems.insert(0, _foreign_heading(foreign))
    return columns, problems


def _foreign_heading(foreign: Sequence[str]) -> Problem:
    """One error for all columns that name no field."""
    shown = foreign[:_MOST_FOREIGN]
    named = ", ".join(f"{name!r}{did_you_mean(nearest(name, _usual_columns()))}" for name in shown)
    more = f" and {len(foreign) - len(shown)} more" if len(foreign) > len(shown) else ""
    what = "is no field of the record" if len(foreign) == 1 else "are no fields of the record"
    message = (
        f"the heading's {named}{more} {what}, so the table cannot be read: the first row is to be a heading such as "
        "id, kind, occurred, actor.party, jurisdictions, summary, sources.0.id, sources.0.title, sources.0.rank"
    )
    return Problem(foreign[0], None if len(foreign) == 1 else list(shown), message)


@cache
def _usual_columns() -> list[str]:
    """The columns that a table may have, with the first item of each list and no more than one field in a field."""
    names: dict[str, None] = {}
    for kind, _ in types_in(_ROOT):
        for name, annotation in fields_of(kind).items():
            names[name] = None
            for inner, _ in types_in(annotation):
                items = types_in(get_args(inner)[0]) if get_origin(inner) is tuple else [(inner, ())]
                index = ".0" if get_origin(inner) is tuple else ""
                for item, _ in items:
                    if is_model(item):
                        names |= {f"{name}{index}.{field}": None for field in fields_of(item)}
    return list(names)
