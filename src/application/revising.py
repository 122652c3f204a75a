"""Revising: corrections, disputes, retractions and reinstatements, each an event of its own on an entry's stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import bindparam, select

from application.register import ValidatedAct, problem_summary, problems_of, validation_context, write_read_models
from application.service import Service
from domain.entries import EntryState, act_of, apply_correction, evolve
from domain.errors import Invalid, NotFound, Refused, Stale
from domain.events import ACT_CLASSES, EntryCorrected, EntryReinstated, EntryRetracted, JurisdictionUpdated, LaterEvent
from domain.jurisdictions import Jurisdiction
from domain.validation import Problem, validate
from eventlog.log import Append, Recorded
from eventlog.sql import CompiledQuery
from projections.cache import Directory, PlaceRow
from projections.projector import MAPPER, entry_state, place_fields
from projections.schema import live_tables

_links = live_tables().links
_DEPENDENTS = CompiledQuery(select(_links.c.entry).where(_links.c.target == bindparam("target")).distinct())


@dataclass(frozen=True, slots=True)
class Revision:
    """A later event on an entry, where it was read, and the version it was decided on (None: any)."""

    event: LaterEvent
    where: str = ""
    on_version: int | None = None

    @property
    def stream(self) -> str:
        """The stream of the entry."""
        return f"entry:{self.event.entry}"


def revise_entry(service: Service, revision: Revision, *, recorder: str) -> int:
    """Records one revision and returns its log position.

    Raises NotFound, Stale (the entry has another version), or Refused, naming the fields.
    """
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        service.cache.refresh(append.connection, append.head)
        recorded = apply_revision(service, append, service.cache.directory, revision)
    return recorded.position


def revision_event(kind: type[LaterEvent], entry: str, fields: Mapping[str, Any]) -> LaterEvent:
    """The event that fields amount to, on an entry; Invalid, naming the fields, where they are none."""
    if "entry" in fields:
        message = "the address says which entry"
        raise Invalid(f"entry: {message}", problems=[Problem("entry", fields["entry"], message)])
    try:
        return kind.model_validate({"entry": entry, **fields})
    except ValidationError as error:
        problems = problems_of(error, None)
        raise Invalid(problem_summary(problems), problems=problems) from error


def recorded_already(
    service: Service, append: Append, stream: str, event: LaterEvent | JurisdictionUpdated
) -> Recorded | None:
    """The event on record that says the same as one read from a file: files may be loaded again."""
    new = MAPPER.new(stream, 0, event)
    return next(
        (
            one
            for one in service.log.stream(append.connection, stream)
            if one.topic == new.topic and bytes(one.state) == new.state
        ),
        None,
    )


def apply_revision(service: Service, append: Append, directory: Directory, revision: Revision) -> Recorded:
    """Decides and appends a revision in the transaction of an append, and brings the read models up to it."""
    event = revision.event
    history = service.log.stream(append.connection, revision.stream)
    if not history:
        raise NotFound(f"no entry {event.entry!r} is on record")
    state = entry_state(history)
    if revision.on_version not in (None, state.version):
        raise Stale(
            f"entry {event.entry!r} is at version {state.version}, not {revision.on_version}", version=state.version
        )
    problems = [
        replace(problem, where=problem.where or revision.where)
        for problem in _problems(service, append, directory, state, event)
    ]
    if problems:
        raise Refused(problem_summary(problems), problems=problems)
    if isinstance(event, EntryCorrected):
        event = _as_written(event, state)
    (recorded,) = append.append([MAPPER.new(revision.stream, state.version + 1, event)])
    write_read_models(service, append, [recorded])
    return recorded


def _as_written(event: EntryCorrected, state: EntryState) -> EntryCorrected:
    """The correction with its values as the record writes them; what an act leaves out stays as it was given."""
    fields = act_of(evolve(state, event).fields).fields()
    return event.model_copy(update={"fields": {name: fields.get(name, value) for name, value in event.fields.items()}})


def _problems(
    service: Service, append: Append, directory: Directory, state: EntryState, event: LaterEvent
) -> Sequence[Problem]:
    """What is wrong with a revision, in the entry itself or in those that link to it."""
    match event:
        case EntryRetracted() if state.retracted:
            return [Problem("entry", event.entry, "is retracted already")]
        case EntryReinstated() if not state.retracted:
            return [Problem("entry", event.entry, "is not retracted")]
        case EntryCorrected():
            return _problems_of_correction(service, append, directory, state, event)
        case _:
            return []


def _problems_of_correction(
    service: Service, append: Append, directory: Directory, state: EntryState, event: EntryCorrected
) -> list[Problem]:
    kind = state.fields["kind"]
    if not event.fields:
        return [Problem("fields", {}, "names no field")]
    known = {field.alias or name for name, field in ACT_CLASSES[kind].model_fields.items()}
    problems = [
        Problem(f"fields.{name}", value, "an entry's id and kind never change")
        if name in ("id", "kind")
        else Problem(f"fields.{name}", value, f"a {kind} has no such field")
        for name, value in event.fields.items()
        if name in ("id", "kind") or name not in known
    ]
    if problems:
        return problems
    after = evolve(state, event)
    try:
        act = act_of(after.fields)
    except ValidationError as error:
        return [replace(one, field=f"fields.{one.field}") for one in problems_of(error, kind)]
    fact = service.cache.fact_of(act.fields())
    names = [row[0] for row in _DEPENDENTS.run(append.connection, target=event.entry)]
    dependents = _judged(service, append, names)
    register = validation_context(
        append.connection,
        service.cache,
        directory,
        [ValidatedAct(act, fact), *dependents],
        now=service.now(),
        position=append.position,
    )
    problems = [replace(one, field=f"fields.{one.field}") for one in validate(act, fact, register)]
    for dependent in dependents:
        problems += [
            replace(one, where=f"entry {dependent.act.id}") for one in validate(dependent.act, dependent.fact, register)
        ]
    return problems


def _judged(service: Service, append: Append, entries: Sequence[str]) -> list[ValidatedAct]:
    """Entries as they now stand."""
    judged = []
    for entry in entries:
        state = entry_state(service.log.stream(append.connection, f"entry:{entry}"))
        act = act_of(state.fields)
        judged.append(ValidatedAct(act, service.cache.fact_of(act.fields())))
    return judged


@dataclass(frozen=True, slots=True)
class Update:
    """An update of a place, and where it was read."""

    event: JurisdictionUpdated
    where: str = ""

    @property
    def stream(self) -> str:
        """The stream of the place."""
        return f"jurisdiction:{self.event.jurisdiction}"


def update(service: Service, event: JurisdictionUpdated, *, recorder: str) -> int:
    """Records an update and returns its log position; NotFound or Refused, naming the fields, where it cannot be."""
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        service.cache.refresh(append.connection, append.head)
        recorded, _ = apply_update(service, append, service.cache.directory, Update(event))
    return recorded.position


def apply_update(service: Service, append: Append, directory: Directory, update: Update) -> tuple[Recorded, Directory]:
    """Decides and appends an update in the transaction of an append; also the places as they then are."""
    event = update.event
    history = service.log.stream(append.connection, update.stream)
    if not history:
        raise NotFound(f"no jurisdiction {event.jurisdiction!r} is on record")
    problems: list[Problem] = []
    if "id" in event.fields:
        problems.append(Problem("fields.id", event.fields["id"], "a jurisdiction's id never changes"))
    after = None
    try:
        after = Jurisdiction.model_validate(apply_correction(place_fields(history), event.fields))
    except ValidationError as error:
        problems += [replace(one, field=f"fields.{one.field}") for one in problems_of(error, None)]
    else:
        speaks_for = who_speaks(after, directory, append.position + 1)
        problems += [replace(one, field=f"fields.{one.field}") for one in speaks_for]
    if after is None or problems:
        problems = [replace(one, where=update.where) for one in problems]
        raise Refused(problem_summary(problems), problems=problems)
    (recorded,) = append.append([MAPPER.new(update.stream, len(history) + 1, event)])
    write_read_models(service, append, [recorded])
    return recorded, directory.with_uncommitted([place_row(after, recorded.position)])


def who_speaks(place: Jurisdiction, directory: Directory, position: int) -> Iterator[Problem]:
    """What is wrong with whom a place speaks for: only an agency does, and for a place that is none."""
    speaks_for = place.speaks_for
    if speaks_for is None:
        return
    if place.kind != "agency":
        yield Problem("speaks_for", speaks_for, f"only an agency speaks for another, and {place.id!r} is none")
    other = directory.place(speaks_for, position)
    if other is None:
        yield Problem("speaks_for", speaks_for, f"no jurisdiction {speaks_for!r} is on record")
    elif other.speaks_for is not None:
        yield Problem("speaks_for", speaks_for, f"{speaks_for!r} is itself an agency")


def place_row(place: Jurisdiction, position: int) -> PlaceRow:
    """What a directory keeps of a place."""
    return position, place.id, place.state, place.time_zone, place.speaks_for
