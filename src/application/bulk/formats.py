"""The formats in which rows are read: by the suffix of a file, and by the media type of a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from application.bulk import csv_table, json_list, ndjson, yaml_list
from application.bulk.rows import Row

Read = Callable[[BinaryIO], Iterator[Row]]
READERS: dict[str, Read] = {
    "ndjson": ndjson.rows,
    "csv": csv_table.rows,
    "yaml": yaml_list.rows,
    "json": json_list.rows,
}
SUFFIXES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".json": "json",
}
MEDIA_TYPES = {
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
    "application/yaml": "yaml",
    "text/yaml": "yaml",
    "application/x-yaml": "yaml",
    "application/json": "json",
}
