"""Loading files: all of them together or none, with errors that name file, row, entry and field."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from application.bulk import csv_rows, json_rows, yaml_rows
from application.bulk.batch import BatchProgress, Report, record_rows
from application.bulk.json_rows import SourceRow
from application.service import Service
from domain.errors import Invalid

Read = Callable[[BinaryIO], Iterator[SourceRow]]
READERS: dict[str, Read] = {
    "ndjson": json_rows.ndjson_rows,
    "csv": csv_rows.csv_rows,
    "yaml": yaml_rows.yaml_rows,
    "json": json_rows.json_list_rows,
}
SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".json": "json"}
MEDIA_TYPES = {
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
    "application/yaml": "yaml",
    "text/yaml": "yaml",
    "application/x-yaml": "yaml",
    "application/json": "json",
}
STANDARD_INPUT = Path("-")


def reader_of(format_: str, charset: str | None = None) -> Read:
    """What reads a format; `charset`: of CSV, since the other formats are always in Unicode."""
    if format_ == "csv":
        return partial(csv_rows.csv_rows, charset=charset)
    return READERS[format_]


def load(
    service: Service,
    paths: Iterable[Path],
    *,
    recorder: str,
    format_: str | None = None,
    charset: str | None = None,
    dry_run: bool = False,
    progress: BatchProgress = lambda _doing, _done, _of: None,
) -> Report:
    """Records everything in the files and folders given, together. The path `-` is standard input.

    `format_` is the format of every file; without it, each file's suffix gives its own. `charset` is the character
    set of those in CSV, where it is neither UTF-8 nor UTF-16. Raises BadRows, whose problems
    name file, row, field and value; Invalid for a file that does not exist or is of no known format; OSError.
    """
    readers = [(path, reader_of(_format_of(path, format_), charset)) for path in files_in(paths)]
    rows = (row for path, read in readers for row in _rows(path, read))
    return record_rows(service, rows, recorder=recorder, dry_run=dry_run, progress=progress)


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The record's files: those named, and all under the folders named, in order of their names."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        elif path == STANDARD_INPUT or path.exists():
            files.append(path)
        else:
            raise Invalid(f"{path}: there is no such file or folder")
    return files


def _format_of(path: Path, format_: str | None) -> str:
    known = format_ or SUFFIXES.get(path.suffix)
    if known is None:
        raise Invalid(f"{path}: the suffix tells no format ({', '.join(SUFFIXES)}): say which with --format")
    return known


def _rows(path: Path, read: Read) -> Iterator[tuple[str, SourceRow]]:
    with sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb") as file:
        for row in read(file):
            yield str(path), row
