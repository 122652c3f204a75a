"""CSV: a heading whose columns name the record's fields, which are looked up in the types of the record, then rows.

`respond_by.date` and `sources.0.url` name a field in a field. `jurisdictions` and other lists are separated by `|`
(those of ids also by `;`, `,` or a new line), and `roles` is `new-orleans-la: plaintiff | chicago-il: plaintiff`. A
column named for any other field that has fields of its own holds it as JSON, as any cell that begins like JSON does.

Tables are read as spreadsheets write them: separated by commas, semicolons or tabs, with lines that end in LF, CRLF or
CR, in UTF-8 or UTF-16, or in another character set that is named; with empty rows and columns.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import SEEK_CUR, BufferedReader, TextIOWrapper
from itertools import chain
from typing import Any, BinaryIO, TextIO

from application.bulk.csv_columns import Column, Part, column, heading_of
from application.bulk.json_rows import LONGEST_ROW, SourceRow, bad_row
from domain.errors import Invalid, Problem
from domain.refusals import WHOLE

# Our own CSV puts an apostrophe before text that a spreadsheet would take for a formula; here it is taken off again.
_DEFUSED = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
# Bytes that are not UTF-8 are read as lone surrogates.
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_UTF_8 = (
    'is not UTF-8 text without NUL: save the table as "CSV UTF-8", or say which character set it is in, as in '
    "Content-Type: text/csv; charset=windows-1252, or load --charset windows-1252"
)
_COMPARED = 50
"""How many names of a heading tell which separator it has."""
SEPARATORS = ",;\t"
CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    # What says that it is Latin-1 is Windows-1252 (WHATWG, Encoding Standard).
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "macintosh": "mac_roman",
}
"""The character sets that tables are read in, and Python's names of them."""


def csv_rows(file: BinaryIO, charset: str | None = None) -> Iterator[SourceRow]:
    """The rows, numbered as a spreadsheet does: the heading is 1. What follows broken quotation is not read.

    `charset`: the character set that the file is said to be in; left out, it is UTF-8 or UTF-16.
    """
    encoding = _encoding(file, charset)
    if encoding is None:
        yield bad_row(1, f"the character set is none of {', '.join(CHARSETS)}", charset)
        return
    # Bytes that are none of the character set's are read as lone surrogates, which UTF-16 has no way to do.
    text = TextIOWrapper(
        file, encoding, errors="strict" if encoding.startswith("utf-16") else "surrogateescape", newline=""
    )
    number = 0
    try:
        for row in _rows(text):
            number += 1
            if row is not None:
                yield row
    except csv.Error as error:
        yield bad_row(number + 1, f"is not CSV: {error}; nothing after it was read")
    except UnicodeDecodeError as error:
        yield bad_row(number + 1, f"is not UTF-16: {error.reason}; nothing after it was read")
    finally:
        text.detach()


def _encoding(file: BinaryIO, charset: str | None) -> str | None:
    """Python's name of the character set that a file is in, as its first bytes or its sender say; None: not known."""
    beginning = _beginning(file)
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if beginning.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    # A heading begins with letters, whose UTF-16 has a zero before or after.
    little, big = beginning[1:2] == b"\0", beginning[:1] == b"\0"
    if charset is None:
        return "utf-16-le" if little else "utf-16-be" if big else "utf-8"
    named = CHARSETS.get(charset.strip("\"' ").lower())
    if named == "utf-16":  # without the mark that says which: RFC 2781, 4.3
        return "utf-16-le" if little else "utf-16-be"
    return named


def _beginning(file: BinaryIO) -> bytes:
    """The first bytes of a file, which are read again after this."""
    if isinstance(file, BufferedReader):
        return file.peek(3)[:3]
    beginning = file.read(3)
    file.seek(-len(beginning), SEEK_CUR)
    return beginning


def _rows(text: TextIO) -> Iterator[SourceRow | None]:
    """The rows from the heading on; None for the heading and for those without a text."""
    lines = _lines(text)
    first = next(lines, "")
    while first and not first.strip():
        first = next(lines, "")
    separator = _separator(first)
    if not first.lower().startswith("sep="):
        lines = chain([first], lines)
    heading: list[Column] | None = None
    for number, cells in enumerate(csv.reader(lines, strict=True, delimiter=separator), 1):
        if not any(map(str.strip, cells)):
            yield None
        elif heading is not None:
            yield _csv_row(number, heading, cells)
        else:
            heading, problems = heading_of(cells)
            yield SourceRow(number, {}, tuple(problems)) if problems else None
            if problems:
                return


def _separator(first: str) -> str:
    """What separates the cells: what a line `sep=;`, as spreadsheets write it, says, else what names most fields."""
    if first.lower().startswith("sep="):
        return first[len("sep=") :][:1].strip() or "\t"
    named = {
        each: sum(column(name.strip(' "\r\n')) is not None for name in first.split(each, _COMPARED))
        for each in SEPARATORS
    }
    return max(named, key=named.__getitem__)


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            raise csv.Error(f"line {number} is longer than {LONGEST_ROW:,} characters")
        yield line


def _csv_row(number: int, heading: Sequence[Column], cells: Sequence[str]) -> SourceRow:
    beyond = cells[len(heading) :]
    if len(cells) < len(heading) or any(map(str.strip, beyond)):
        return bad_row(number, f"has {len(cells)} cells, and the heading {len(heading)}")
    tree: dict[Part, Any] = {}
    problems: list[Problem] = []
    for (name, path, convert), cell in zip(heading, cells, strict=False):
        if not cell.strip():
            continue
        if not name:
            problems.append(Problem(WHOLE, cell, "stands in a column that has no name in the heading"))
            continue
        text = cell[1:] if cell.startswith("'") and _DEFUSED.match(cell) else cell
        if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
            problems.append(Problem(name, cell, _NOT_UTF_8))
            continue
        try:
            value = convert(text.replace("\r\n", "\n").replace("\r", "\n"))
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
