"""Parsing what is to be recorded: its fields as a command, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, bindparam, select

from application.near_names import NearNames
from application.service import Service
from domain.dates import bounds
from domain.decisions import AddJurisdiction, ChangeCommand, RecordEntry, act_of, command_for
from domain.errors import Invalid, Problem
from domain.events import JurisdictionAdded, LaterEvent
from domain.folding import words_of
from domain.refusals import problems_of, problems_of_entry
from domain.validation import names_as_written, unknown_entry, unknown_jurisdiction
from eventlog.sql import CompiledQuery
from projections.cache import Directory
from projections.schema import live_tables

_versions = live_tables().versions
_VERSION_OF = CompiledQuery(select(_versions.c.position).where(_versions.c.entry == bindparam("entry")).limit(1))


def parse_entry(fields: Mapping[str, Any]) -> RecordEntry:
    """The command to record an entry. Raises Invalid, naming the fields that are malformed."""
    try:
        return RecordEntry(act_of(fields))
    except ValidationError as error:
        raise Invalid(problems=problems_of_entry(error, fields)) from error


def parse_jurisdiction(fields: Mapping[str, Any]) -> AddJurisdiction:
    """The command to add a place. Raises Invalid, naming the fields that are malformed."""
    with naming_malformed_fields(JurisdictionAdded):
        return AddJurisdiction(JurisdictionAdded.model_validate(fields))


def parse_change(
    event: type[LaterEvent], entry: str, fields: Mapping[str, Any], on_version: int | None = None
) -> ChangeCommand:
    """The command for an event on an entry. Raises Invalid, naming the fields that are malformed."""
    if "entry" in fields:
        raise Invalid(problems=[Problem("entry", fields["entry"], "the address says which entry")])
    with naming_malformed_fields(event):
        return command_for(event.model_validate({"entry": entry, **fields}), on_version)


@contextmanager
def naming_malformed_fields(model: type[BaseModel]) -> Iterator[None]:
    """Raises Invalid for what pydantic refuses of a model."""
    try:
        yield
    except ValidationError as error:
        raise Invalid(problems=problems_of(error, model)) from error


def parse_entries(service: Service, entries: Iterable[Mapping[str, Any]]) -> list[RecordEntry]:
    """The commands to record entries. Raises Invalid, naming the fields that are malformed, and names not on record."""
    commands: list[RecordEntry] = []
    problems: list[Problem] = []
    for fields in entries:
        try:
            commands.append(parse_entry(fields))
        except Invalid as error:
            with service.snapshot() as snapshot:
                directory, head = snapshot.cache.directory, snapshot.position
                near = NearNames(snapshot.connection, directory)
                problems += [*error.problems, *unknown_names(snapshot.connection, directory, head, fields, near)]
    if problems:
        raise Invalid(problems=problems)
    return commands


def unknown_names(
    connection: Connection, directory: Directory, position: int, fields: Mapping[str, Any], near: NearNames
) -> Iterator[Problem]:
    """The places and entries not on record that malformed fields name, so that all their errors are told at once."""
    for name, kind, id_ in dict.fromkeys(names_as_written(fields)):
        if kind == "jurisdiction" and directory.place(id_, position) is None:
            yield unknown_jurisdiction(name, id_, near)
        elif kind == "entry" and _VERSION_OF.run(connection, entry=id_).fetchone() is None:
            yield unknown_entry(name, id_, near)


def made_id(fields: Mapping[str, Any]) -> str:
    """The id of an entry that is given none: its day and the first words of its summary."""
    try:
        day = bounds(str(fields.get("occurred")))[0]
    except ValueError:
        day = "undated"
    words = [word for word in words_of(str(fields.get("summary", ""))) if word.isascii()]
    return "-".join([day, *words[:6]])[:100].rstrip("-")
