"""Records as files of every format that is read: what a spreadsheet, a script or a person would hand in."""

import csv
import io
import json
from typing import Any

import yaml

# What our own CSV puts an apostrophe before, so that no spreadsheet takes it for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WORDS = {"jurisdictions", "follows", "answers", "disputes", "grants", "added", "removed", "revokes", "ends_reviews",
          "ends_lists", "ends_subjects"}  # fmt: skip
MEDIA_TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "yaml": "application/yaml",
    "json": "application/json",
}


def table(items: list[dict[str, Any]], kind: str) -> bytes:
    """The items in a format."""
    match kind:
        case "ndjson":
            return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in items).encode()
        case "csv":
            return _csv(items)
        case "yaml":
            return yaml.safe_dump(items, sort_keys=False, allow_unicode=True).encode()
        case _:
            return json.dumps(items, ensure_ascii=False).encode()


def _csv(items: list[dict[str, Any]]) -> bytes:
    rows = [dict(_cells(one)) for one in items]
    heading = list(dict.fromkeys(name for row in rows for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, heading, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _cells(fields: dict[str, Any], above: str = "") -> Any:
    """Whole fields, fields in fields, and lists by number: each way that a column may be named."""
    for name, value in fields.items():
        path = f"{above}{name}"
        if value is None:
            continue
        if name in _WORDS and not above and value:
            yield path, " | ".join(value)
        elif name in ("actor", "respond_by", "review", "case") and value:
            yield from _cells(value, f"{path}.")
        elif name == "sources":
            for number, one in enumerate(value):
                yield from _cells(one, f"{path}.{number}.")
        elif isinstance(value, str):
            bare = value.lstrip("'")
            yield path, f"'{value}" if bare.startswith(_FORMULA) else value
        else:
            yield path, json.dumps(value, ensure_ascii=False)
