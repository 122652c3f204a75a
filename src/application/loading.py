"""Loading files: a folder of the record, whole or not at all, with errors that say file, entry and field."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from application.recording import Item, Outcome, record
from application.revising import Revision
from application.service import Service
from application.updating import Update
from application.writing import problems_in, summary
from domain.errors import Invalid
from domain.events import (
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
    LaterEvent,
)
from domain.refusals import Problem

SUFFIXES = (".yaml", ".yml")


class _Loader(yaml.CSafeLoader):
    """Reads dates as the text they are: 2016-05 is a month, and the record's dates are EDTF."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def load(service: Service, paths: Iterable[Path], *, recorder: str) -> list[Outcome]:
    """Records everything in the files and folders given, together."""
    places: list[Item] = []
    entries: list[Item] = []
    revisions: list[Revision | Update] = []
    for path in files_in(paths):
        for item in _items(path):
            if "act" in item.fields:
                revisions.append(_revision(item))
            else:
                (places if "time_zone" in item.fields and "occurred" not in item.fields else entries).append(item)
    return record(service, entries, places, revisions, recorder=recorder)


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The record's files: those named, and all under the folders named, in order of their names."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES)
        elif path.is_file():
            found.append(path)
        else:
            raise Invalid(f"{path}: there is no such file or folder")
    return found


_ACTS: dict[str, type[LaterEvent | JurisdictionUpdated]] = {
    "correct": EntryCorrected,
    "dispute": EntryDisputed,
    "retract": EntryRetracted,
    "reinstate": EntryReinstated,
    "update": JurisdictionUpdated,
}


def _revision(item: Item) -> Revision | Update:
    """An act on the record itself: what `act` says, and what its event carries."""
    cls = _ACTS.get(str(item.fields["act"]))
    if cls is None:
        problem = Problem("act", item.fields["act"], f"is none of {', '.join(_ACTS)}", item.where)
        raise Invalid(f"{item.where}: act: {problem.message}", problems=[problem])
    try:
        event = cls.model_validate({name: value for name, value in item.fields.items() if name != "act"})
    except ValidationError as error:
        problems = problems_in(error, None, item.where)
        raise Invalid(summary(problems), problems=problems) from error
    return Update(event, item.where) if isinstance(event, JurisdictionUpdated) else Revision(event, item.where)


def _items(path: Path) -> list[Item]:
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader without dates
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path}: {error}") from error
    if not isinstance(read, list):
        raise Invalid(f"{path}: expected a list of entries or of jurisdictions, found {type(read).__name__}")
    return [_item(path, number, one) for number, one in enumerate(read, 1)]


def _item(path: Path, number: int, one: Any) -> Item:  # noqa: ANN401 - whatever the file holds
    if not isinstance(one, dict):
        where = f"{path}: item {number}"
        problem = Problem("(the whole)", one, "expected the fields of an entry or a jurisdiction", where)
        raise Invalid(f"{where}: {problem.message}", problems=[problem])
    return Item(
        {name: value for name, value in one.items() if value is not None}, f"{path}: {one.get('id', f'item {number}')}"
    )
