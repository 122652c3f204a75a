"""A JSON list of objects, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from application.bulk.rows import EXCERPT, Row, bad, row_of
from application.strict_json import NotJson, Strict, after_space


def rows(file: BinaryIO) -> Iterator[Row]:
    """The rows, numbered as the items are. What follows a syntax error is not read."""
    text = file.read().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    strict, number = Strict(), 1
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
