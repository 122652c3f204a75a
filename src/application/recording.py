"""Recording: commands decided and their events appended under one lock, read models included, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select

from application.decision_state import load_context, load_state
from application.idempotency import mark
from application.near_names import NearNames
from application.parsing import made_id, parse_entries, parse_jurisdiction, unknown_names
from application.service import Service
from domain.decisions import (
    AddJurisdiction,
    ChangeCommand,
    Command,
    NewCommand,
    RecordEntry,
    State,
    UpdateJurisdiction,
    decide,
    updated_jurisdiction,
)
from domain.errors import Conflict, Invalid, Problem, Refused
from domain.facts import Fact
from domain.jurisdictions import Jurisdiction
from eventlog.log import Append, NewEvent, Recorded
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.tables import EVENT, log
from projections.cache import PlaceRow
from projections.projector import MAPPER, first_event_of
from projections.schema import live_tables

_FIRST = CompiledQuery(select(*EVENT).where(InList(log.c.stream, "streams"), log.c.version == 1))


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of a command: the position of its event, and whether that was on record before."""

    id: str
    position: int
    already_recorded: bool = False


BeforeRecording = Callable[[Append, Sequence["PreparedCommand"]], None]
"""Called with new commands that nothing is wrong with and that are not on record; nothing is recorded if it raises."""


def handle(
    service: Service,
    commands: Iterable[Command],
    *,
    recorder: str,
    before_recording: BeforeRecording = lambda _append, _new: None,
) -> list[RecordOutcome]:
    """Carries out commands together, or on any error none of them: first those that record something new.

    What is new may come in any order, and an outcome stands for each id. Then entries and places are changed, in the
    order given. Raises Invalid (an id is given twice, with different content), Conflict (it is on record with other
    content), Refused, NotFound or Stale.
    """
    new: dict[str, PreparedCommand] = {}
    changes: list[ChangeCommand] = []
    problems: list[Problem] = []
    for command in commands:
        if isinstance(command, NewCommand):
            problems += add_once(new, prepare(service, command))
        else:
            changes.append(command)
    if problems:
        raise Invalid(problems=problems)
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        recording = Recording(service, append)
        outcomes = _record_new(recording, list(new.values()), before_recording) if new else []
        return outcomes + [recording.change(command) for command in changes]


def _record_new(
    recording: Recording, commands: Sequence[PreparedCommand], before_recording: BeforeRecording
) -> list[RecordOutcome]:
    on_record = recording.first_events(commands)
    for prepared in commands:
        recorded = on_record.get(prepared.event.stream)
        if recorded is not None and bytes(recorded.state) != prepared.event.state:
            raise Conflict(
                f"{prepared.id!r} {conflict_message(prepared, recorded)}",
                on_record=_fields_in(recorded.state),
                given=_fields_in(prepared.event.state),
            )
    fresh = [prepared for prepared in commands if prepared.event.stream not in on_record]
    problems = recording.problems_of_new(fresh)
    if problems:
        raise Refused(problems=problems)
    before_recording(recording.append, fresh)
    positions = {recorded.stream: recorded.position for recorded in (*on_record.values(), *recording.append_new(fresh))}
    return [
        RecordOutcome(prepared.id, positions[prepared.event.stream], prepared.event.stream in on_record)
        for prepared in commands
    ]


def record(
    service: Service, entries: Iterable[Mapping[str, Any]], places: Iterable[Mapping[str, Any]] = (), *, recorder: str
) -> list[RecordOutcome]:
    """Records places and entries, given as their fields, together. Raises Invalid for malformed fields, or as `handle`.

    The outcomes are those of the places, then those of the entries.
    """
    return handle(service, [*map(parse_jurisdiction, places), *parse_entries(service, entries)], recorder=recorder)


EntryT = TypeVar("EntryT")


def record_entry(service: Service, fields: Mapping[str, Any], *, recorder: str) -> RecordOutcome:
    """Records one entry; an `id` left out is made of the day and the summary, numbered where that is taken."""
    return with_an_id(fields, lambda entry: record(service, [entry], recorder=recorder)[0])


def with_an_id(fields: Mapping[str, Any], record_it: Callable[[Mapping[str, Any]], EntryT]) -> EntryT:
    """What comes of recording fields under their `id`, or under the first of those made of them that is not taken."""
    if "id" in fields:
        return record_it(fields)
    made, number = made_id(fields), 1
    while True:
        try:
            return record_it({"id": made if number == 1 else f"{made}-{number}", **fields})
        except Conflict:
            number += 1


@dataclass(frozen=True, slots=True)
class PreparedCommand:
    """A command for a new entry or place, with what is worked out of it only once, and where it was read."""

    command: NewCommand
    event: NewEvent
    """Its event as the log is to keep it."""
    fact: Fact | None
    """The fact that its act amounts to; None for a place."""
    where: str = ""
    row: int | None = None

    @property
    def id(self) -> str:
        return self.command.event.id

    def problem(self, message: str) -> Problem:
        return Problem("id", self.id, message, self.where, self.row)


def prepare(service: Service, command: NewCommand, where: str = "", row: int | None = None) -> PreparedCommand:
    """Works out what the log is to keep of a command, and the fact that it amounts to."""
    if isinstance(command, AddJurisdiction):
        place = command.event
        return PreparedCommand(command, MAPPER.new(f"jurisdiction:{place.id}", 1, place), None, where, row)
    fields = command.event.fields()
    event = first_event_of(command.event, fields)
    return PreparedCommand(command, event, service.cache.fact_of(fields), where, row)


def add_once(commands: dict[str, PreparedCommand], prepared: PreparedCommand) -> list[Problem]:
    """Adds a command by its stream; returns what is wrong where one with other content is there."""
    first = commands.setdefault(prepared.event.stream, prepared)
    if first.event.state == prepared.event.state:
        return []
    fields = ", ".join(_differing(first.event.state, prepared.event.state))
    where = first.where if first.row is None else f"{first.where} row {first.row}".strip()
    return [prepared.problem(f"is given twice, the other time in {where}: {fields} differ")]


def conflict_message(prepared: PreparedCommand, recorded: Recorded) -> str:
    """Since when an id is on record, and in which fields its content differs."""
    if not _fields_in(recorded.state):
        return f"is on record at position {recorded.position} in a form that cannot be read: `verify` says why"
    fields = ", ".join(_differing(recorded.state, prepared.event.state))
    by = f"position {recorded.position}, by {recorded.recorder}"
    return f"is on record since {recorded.recorded_at} ({by}) with other content: {fields}"


def _fields_in(state: bytes) -> dict[str, Any]:
    """The fields of an event; none of one that no command recorded and that cannot be read."""
    try:
        return msgspec.json.decode(state, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _differing(first: bytes, second: bytes) -> list[str]:
    before, after = _fields_in(first), _fields_in(second)
    return sorted(name for name in before | after if before.get(name) != after.get(name))


class Recording:
    """Commands decided and recorded in one open append, each on what those before it recorded."""

    def __init__(self, service: Service, append: Append) -> None:
        service.cache.refresh(append.connection, append.head)
        self._service = service
        self.append = append
        # As of now, what this append has recorded included.
        self._directory = service.cache.directory
        self._near = NearNames(append.connection, self._directory)

    def first_events(self, commands: Iterable[PreparedCommand]) -> dict[str, Recorded]:
        """The events by which the entries and places of new commands came on record, by stream, where they did."""
        connection = self.append.connection
        streams = list_param(connection, [prepared.event.stream for prepared in commands])
        return {recorded.stream: recorded for recorded in map(Recorded._make, _FIRST.run(connection, streams=streams))}

    def problems_of_new(self, commands: Sequence[PreparedCommand]) -> list[Problem]:
        """Everything for which entries and places that are recorded together are refused."""
        places = [prepared.command.event for prepared in commands if isinstance(prepared.command, AddJurisdiction)]
        if places:
            rows = [_place_row(place, self.append.position + 1) for place in places]
            self._directory = self._directory.with_uncommitted(rows)
        acts = [
            (prepared.command.event, prepared.fact)
            for prepared in commands
            if isinstance(prepared.command, RecordEntry) and prepared.fact is not None
        ]
        speaks_for = {place.speaks_for for place in places if place.speaks_for is not None}
        state = State(load_context(self._service, self.append, self._directory, acts, speaks_for, places))
        problems: list[Problem] = []
        for prepared in commands:
            try:
                decide(prepared.command, state)
            except Refused as error:
                problems += located(error.problems, prepared.where, prepared.row)
        return problems

    def unknown_names(self, fields: Mapping[str, Any]) -> list[Problem]:
        """The places and entries not on record that malformed fields name; places recorded with them are known."""
        connection, position = self.append.connection, self.append.position + 1
        return list(unknown_names(connection, self._directory, position, fields, self._near))

    def append_new(self, commands: Iterable[PreparedCommand]) -> list[Recorded]:
        """Appends the events of new commands that have no problems, and writes the read models."""
        return self._record([prepared.event for prepared in commands])

    def recorded_before(self, command: ChangeCommand) -> bool:
        """Whether an event that says the same is on record: files may be loaded again."""
        event = MAPPER.new(stream_of(command), 0, command.event)
        return any(
            recorded.topic == event.topic and bytes(recorded.state) == event.state
            for recorded in self._service.log.stream(self.append.connection, event.stream)
        )

    def change(self, command: ChangeCommand) -> RecordOutcome:
        """Decides a change of an entry or a place and records it. Raises Refused, NotFound or Stale."""
        stream = stream_of(command)
        history = self._service.log.stream(self.append.connection, stream)
        state = load_state(self._service, self.append, self._directory, command, history)
        events = decide(command, state)
        recorded = self._record(
            [MAPPER.new(stream, version, event) for version, event in enumerate(events, len(history) + 1)]
        )
        position = recorded[-1].position
        if isinstance(command, UpdateJurisdiction) and state.place is not None:
            place = updated_jurisdiction(state.place, command.event)
            self._directory = self._directory.with_uncommitted([_place_row(place, position)])
        return RecordOutcome(stream.partition(":")[2], position)

    def _record(self, events: Sequence[NewEvent]) -> list[Recorded]:
        recorded = self.append.append(events)
        write_read_models(self._service, self.append, recorded)
        return recorded


def write_read_models(service: Service, append: Append, recorded: Sequence[Recorded]) -> None:
    """Brings the read models up to what was appended, in the same transaction."""
    rows = service.rows_of(append.connection, recorded)
    if rows.unreadable:
        raise ValueError(f"position {rows.unreadable[0][0]} cannot be replayed: {rows.unreadable[0][2]}")
    live_tables().write(append.connection, rows)
    if recorded:
        mark(append.connection, recorded[-1].position)


def located(problems: Iterable[Problem], where: str, row: int | None) -> list[Problem]:
    return [replace(problem, where=where, row=row) for problem in problems]


def stream_of(command: ChangeCommand) -> str:
    if isinstance(command, UpdateJurisdiction):
        return f"jurisdiction:{command.event.jurisdiction}"
    return f"entry:{command.event.entry}"


def _place_row(place: Jurisdiction, position: int) -> PlaceRow:
    return position, place.id, place.state, place.time_zone, place.speaks_for
