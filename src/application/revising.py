"""Revising: corrections, disputes, retractions and reinstatements, each an event of its own on an entry's stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy import bindparam, select

from application.register import Judged, register_for
from application.service import Service
from application.writing import problems_in, summary, write
from domain.entries import EntryState, act_of, evolve
from domain.errors import Invalid, NotFound, Refused, Stale
from domain.events import ACT_CLASSES, EntryCorrected, EntryReinstated, EntryRetracted, JurisdictionUpdated, LaterEvent
from domain.refusals import Problem, refusals
from eventlog.log import Append, Recorded
from eventlog.statements import Statement
from projections.change import entry_state
from projections.directory import Directory
from projections.mapping import MAPPER
from projections.tables import live

_links = live().links
_DEPENDENTS = Statement(select(_links.c.entry).where(_links.c.target == bindparam("target")).distinct())


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


def revise(service: Service, revision: Revision, *, recorder: str) -> int:
    """Records one revision and returns its log position.

    Raises NotFound, Stale (the entry has another version), or Refused, naming the fields.
    """
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        service.memory.refresh(append.connection, append.head)
        recorded = apply(service, append, service.memory.directory, revision)
    return recorded.position


def event_of(kind: type[LaterEvent], entry: str, fields: Mapping[str, Any]) -> LaterEvent:
    """The event that fields amount to, on an entry; Invalid, naming the fields, where they are none."""
    if "entry" in fields:
        message = "the address says which entry"
        raise Invalid(f"entry: {message}", problems=[Problem("entry", fields["entry"], message)])
    try:
        return kind.model_validate({"entry": entry, **fields})
    except ValidationError as error:
        problems = problems_in(error, None)
        raise Invalid(summary(problems), problems=problems) from error


def already(service: Service, append: Append, stream: str, event: LaterEvent | JurisdictionUpdated) -> Recorded | None:
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


def apply(service: Service, append: Append, directory: Directory, revision: Revision) -> Recorded:
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
        raise Refused(summary(problems), problems=problems)
    if isinstance(event, EntryCorrected):
        event = _as_written(event, state)
    (recorded,) = append.append([MAPPER.new(revision.stream, state.version + 1, event)])
    write(service, append, [recorded])
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
        return [replace(one, field=f"fields.{one.field}") for one in problems_in(error, kind)]
    fact = service.memory.fact_of(act.fields())
    names = [row[0] for row in _DEPENDENTS.run(append.connection, target=event.entry)]
    dependents = _judged(service, append, names)
    register = register_for(
        append.connection,
        service.memory,
        directory,
        [Judged(act, fact), *dependents],
        now=service.now(),
        position=append.position,
    )
    problems = [replace(one, field=f"fields.{one.field}") for one in refusals(act, fact, register)]
    for dependent in dependents:
        problems += [
            replace(one, where=f"entry {dependent.act.id}") for one in refusals(dependent.act, dependent.fact, register)
        ]
    return problems


def _judged(service: Service, append: Append, entries: Sequence[str]) -> list[Judged]:
    """Entries as they now stand."""
    judged = []
    for entry in entries:
        state = entry_state(service.log.stream(append.connection, f"entry:{entry}"))
        act = act_of(state.fields)
        judged.append(Judged(act, service.memory.fact_of(act.fields())))
    return judged
