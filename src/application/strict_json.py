"""JSON read strictly: each name once in an object, numbers that JSON can hold, and text that is UTF-8."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from domain.errors import Invalid, Problem


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
        if not text.isascii() or "\\u" in text:
            self._problems += _no_text(read)
        return read, end, self._problems

    def whole(self, text: str) -> tuple[Any, list[Problem]]:
        """The one value that a text is, and what is wrong with it."""
        read, end, problems = self.value(text, after_space(text, 0))
        if after_space(text, end) < len(text):
            raise NotJson(f"is not JSON: Extra data: char {end}")
        return read, problems

    def _each_once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
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


def _no_text(read: object) -> Iterator[Problem]:
    """Bytes that are not UTF-8 were read as lone surrogates, and so were such escapes: neither can be kept as text."""
    for path, text in _texts(read, ""):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            yield Problem(path or "(the whole)", text, f"is not UTF-8 text, from character {error.start} on")


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """All text in a value, names included, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, field in value.items():
            path_of_field = f"{path}.{name}" if path else name
            yield path_of_field, name
            yield from _texts(field, path_of_field)
    elif isinstance(value, list):
        for number, element in enumerate(value):
            yield from _texts(element, f"{path}.{number}" if path else str(number))


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
