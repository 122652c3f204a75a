"""NDJSON: an object a line. A bad line is reported, and the next one read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from application.bulk.rows import EXCERPT, TOO_LONG, Row, bad, lines, row_of
from application.strict_json import NotJson, Strict


def rows(file: BinaryIO) -> Iterator[Row]:
    """The rows, numbered as the lines are; blank ones are passed over."""
    strict = Strict()
    for number, line in lines(file):
        if line is None:
            yield bad(number, TOO_LONG)
        elif line.strip():
            try:
                read, problems = strict.whole(line.decode("utf-8", "surrogateescape"))
            except NotJson as error:
                yield bad(number, error.detail, line.decode("utf-8", "replace").strip()[:EXCERPT])
            else:
                yield row_of(number, read, problems)
