"""Columns: how a flat table names the record's fields, as told by the types of the record itself.

`respond_by.date` and `sources.0.url` name a field in a field; `jurisdictions` and other lists of ids hold them between
`|`; a column named for any other field that has fields of its own holds it as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, StringConstraints

from application.strict_json import NotJson, Strict
from domain.events import (
    ACT_CLASSES,
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
)
from domain.jurisdictions import Jurisdiction
from domain.refusals import Problem

SEPARATOR = "|"
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
            found = _found(annotation, rest)
            if found is not None:
                path, convert = found
                return (first, *path), convert
    return None


def _fields(cls: type[BaseModel], name: str) -> Iterator[Any]:
    for field, info in cls.model_fields.items():
        if (info.alias or field) == name:
            yield info.annotation if not info.metadata else Annotated[info.annotation, *info.metadata]


def _found(annotation: Any, rest: Sequence[str]) -> tuple[tuple[Part, ...], Convert] | None:  # noqa: ANN401 - whatever an annotation is
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
            found = _found(its, more)
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
    return [one.strip() for one in cell.split(SEPARATOR)]


def _json(cell: str) -> Any:  # noqa: ANN401 - whatever JSON can say
    try:
        read, problems = Strict().whole(cell)
    except NotJson as error:
        raise Unread([Problem("", cell, f"is to be JSON: {error.detail}")]) from error
    if problems:
        raise Unread(problems)
    return read
