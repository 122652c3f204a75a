"""JSON read strictly: each name once in an object, numbers that JSON can hold, and text that is UTF-8.

The work grows with the text alone: whoever sends a body decides what is in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any

from domain.errors import Invalid, Problem

MOST_NESTED = 64
"""Objects and lists in one another; an entry of the record has at most five."""
MOST_NAMES = 1_000
"""Names in an object; an entry of the record has at most thirty."""
MOST_PROBLEMS = 100
"""Texts that are none, named in one body or row."""
_LONGEST_NAME = 200
"""Characters of a name that the path of a problem shows: each of many problems repeats it."""


class NotJson(Invalid):
    """The body is not JSON."""


class StrictDecoder:
    """A decoder that notes what is not strictly JSON, and reads on."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._each_once, parse_constant=self._number, parse_float=self._number
        )

    def value(self, text: str, at: int = 0) -> tuple[Any, int, list[Problem]]:
        """A value, where it ends, and what is wrong with it. NotJson where there is none: reading cannot go on then."""
        self._problems = []
        try:
            read, end = self._decoder.raw_decode(text, at)
        except RecursionError as error:
            raise NotJson("is nested too deeply") from error
        except ValueError as error:
            raise NotJson(f"is not JSON: {error}") from error
        # Counting is far cheaper than looking, and only what has so many brackets can be so deep.
        if text.count("[", at, end) + text.count("{", at, end) > MOST_NESTED and _depth(read) > MOST_NESTED:
            raise NotJson(f"is nested too deeply: more than {MOST_NESTED} objects and lists in one another")
        if not text.isascii() or text.find("\\u", at, end) >= 0:
            self._problems += islice(_no_text(read), MOST_PROBLEMS)
        return read, end, self._problems

    def whole(self, text: str) -> tuple[Any, list[Problem]]:
        """The one value that a text is, and what is wrong with it."""
        read, end, problems = self.value(text, after_space(text, 0))
        if after_space(text, end) < len(text):
            raise NotJson(f"is not JSON: Extra data: char {end}")
        return read, problems

    def _each_once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(pairs) > MOST_NAMES:
            raise NotJson(f"has an object with {len(pairs):,} names; more than {MOST_NAMES:,} are not read")
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counts.items() if count > 1)
            self._problems.append(Problem(twice, fields[twice], "is given twice"))
        return fields

    def _number(self, written: str) -> float:
        number = float(written)
        if not isfinite(number):
            self._problems.append(Problem("(the whole)", written, f"{written} is no number of JSON's"))
        return number


def after_space(text: str, at: int) -> int:
    """Where what JSON takes for white space ends."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


_Place = tuple["_Place", str] | None
"""Where a value is: its name or number, and the place of what holds it; None for the whole."""


def _no_text(read: object) -> Iterator[Problem]:
    """Bytes that are not UTF-8 were read as lone surrogates, and so were such escapes: neither can be kept as text."""
    for place, text in _texts(read):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            yield Problem(_path(place), text, f"is not UTF-8 text, from character {error.start} on")


def _texts(whole: object) -> Iterator[tuple[_Place, str]]:
    """All text in a value, names included, each with where it is, in order."""
    waiting: list[tuple[_Place, object]] = [(None, whole)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, dict):
            for name in value:
                yield (place, name), name
            waiting += [((place, name), field) for name, field in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((place, str(number)), value[number]) for number in range(len(value) - 1, -1, -1)]


def _path(place: _Place) -> str:
    names = []
    while place is not None:
        place, name = place
        names.append(name[:_LONGEST_NAME])
    return ".".join(reversed(names)) or "(the whole)"


def _depth(whole: object) -> int:
    """How many objects and lists are in one another."""
    depth, level = 0, [whole]
    while level := [value for value in level if isinstance(value, (dict, list))]:
        depth += 1
        level = [held for value in level for held in (value.values() if isinstance(value, dict) else value)]
    return depth


def fields_in(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object: each once, in UTF-8, with numbers that JSON can hold."""
    try:
        value, problems = StrictDecoder().whole(body.decode("utf-8", "surrogateescape"))
    except NotJson as error:
        raise NotJson(f"the body {error.detail}") from error
    if problems:
        raise NotJson(f"{problems[0].field}: {problems[0].message}", problems=problems)
    if not isinstance(value, dict):
        message = f"expected an object with the fields, found {type(value).__name__}"
        raise Invalid(message, problems=[Problem("(the whole)", value, message)])
    return value
