"""A YAML list of mappings, read event by event. Only the tags of JSON's values are allowed.

A plain scalar is a number, true, false or null only where JSON writes it so. Anything else is the text that it is
written as: the record has dates, GEOIDs that begin with a zero, dockets such as 1:26 and people called No, which YAML
1.1 would read as dates, octal numbers, numbers to the base of sixty and false.

Anchors and aliases are read. What an alias stands for counts toward the size of its row each time, so that a row
is limited as in the other formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, BinaryIO

import yaml

from application.bulk.json_rows import LONGEST_ROW, SourceRow, bad_row, row_of
from domain.errors import Problem

MAX_DEPTH = 50
_STR = "tag:yaml.org,2002:str"
_COLLECTIONS = (None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")}
_CONSTANTS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?")


def _plain_value(text: str) -> str | int | float | bool | None:
    """What a scalar without quotes and tag stands for."""
    if text in _NULLS:
        return None
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NUMBER.fullmatch(text):
        number = float(text) if "." in text else int(text)
        if str(number) == text:
            return number
    return text


class _Unreadable(Exception):
    """Reading cannot go on after this."""


def yaml_rows(file: BinaryIO) -> Iterator[SourceRow]:
    """The rows, numbered as the items are. What follows a syntax error is not read."""
    reader = _Reader(file)
    try:
        yield from reader.rows()
    except _Unreadable as error:
        yield bad_row(reader.number, f"{error}; nothing after it was read")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield bad_row(reader.number, f"is not YAML: {' '.join(str(error).split())}; nothing after it was read")


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self.number = 1
        self._loader = yaml.CSafeLoader(file)
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._problems: list[Problem] = []
        self._size = 0

    def rows(self) -> Iterator[SourceRow]:
        self._next()  # the stream begins
        if isinstance(self._next(), yaml.StreamEndEvent):
            return
        first = self._next()
        if not isinstance(first, yaml.SequenceStartEvent):
            node = "mapping" if isinstance(first, yaml.MappingStartEvent) else "scalar"
            if not (isinstance(first, yaml.ScalarEvent) and not first.value):
                raise _Unreadable(f"expected a list of entries or of jurisdictions, found a {node}")
            return
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            self._problems, self._size = [], 0
            value = self._value(event, "", 1)
            if self._size > LONGEST_ROW:
                yield bad_row(
                    self.number, f"is larger than {LONGEST_ROW:,} characters, with what its aliases stand for"
                )
            else:
                yield row_of(self.number, value, self._problems)
            self.number += 1
        self._next()  # the document ends
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise _Unreadable("a second document follows")

    def _next(self) -> Any:  # noqa: ANN401 - the library's events have no types
        return self._loader.get_event()

    def _value(self, event: Any, path: str, depth: int) -> Any:  # noqa: ANN401 - any value of YAML
        if depth > MAX_DEPTH:
            raise _Unreadable(f"is nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.AliasEvent):
            value, size = self._anchors.get(str(event.anchor), (None, 0))
            if event.anchor not in self._anchors:
                self._wrong(path, f"*{event.anchor}", "is an alias of nothing that is whole before it")
            self._size += size
            return value
        before = self._size
        self._size += 1
        if isinstance(event, yaml.CollectionStartEvent) and event.tag not in _COLLECTIONS:
            self._wrong(path, None, f"has the tag {event.tag}, which is not read here")
        if isinstance(event, yaml.SequenceStartEvent):
            value = self._list(path, depth)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(path, depth)
        else:
            value = self._scalar(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._size - before)
        return value

    def _list(self, path: str, depth: int) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            values.append(self._value(event, _below(path, len(values)), depth + 1))
        return values

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._value(event, path, depth + 1)
            value = self._value(self._next(), _below(path, name), depth + 1)
            if not isinstance(name, str):
                self._wrong(path, name, "the name of a field is to be text")
            elif name in fields:
                self._wrong(_below(path, name), value, "is given twice")
            else:
                fields[name] = value
        return fields

    def _scalar(self, event: Any, path: str) -> Any:  # noqa: ANN401 - as above
        text: str = event.value
        self._size += len(text)
        tag = event.tag
        if tag is None and event.implicit[0]:
            return _plain_value(text)
        if tag in (None, "!", _STR):
            return text
        if tag in _TAGS:
            try:
                value = self._loader.yaml_constructors[tag](self._loader, yaml.ScalarNode(tag, text))
            except (ValueError, KeyError, IndexError, yaml.YAMLError):
                self._wrong(path, text, f"is no {tag.rpartition(':')[2]}")
                return None
            if isinstance(value, float) and not isfinite(value):
                self._wrong(path, text, "is no number of JSON's")
            return value
        self._wrong(path, text, f"has the tag {tag}, which is not read here")
        return None

    def _wrong(self, path: str, value: object, message: str) -> None:
        self._problems.append(Problem(path or "(the whole)", value, message))


def _below(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)
