"""Decisions: what a command does to the record, and what an event makes of an entry.

Every rule on what may be recorded is here or in `domain.validation`.

`decide` is pure: it looks nothing up. Whoever calls it loads the state first, under the lock of the append, and then
appends the events that it returns.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, assert_never

from pydantic import ValidationError

from domain.acts import AnyAct
from domain.errors import NotFound, Problem, Refused, Stale
from domain.events import (
    ACT_CLASSES,
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    Event,
    JurisdictionAdded,
    JurisdictionUpdated,
    LaterEvent,
    entry_adapter,
)
from domain.facts import Fact
from domain.jurisdictions import Jurisdiction, problems_of_identifiers
from domain.legibility import ON_RECORD
from domain.refusals import WHOLE, did_you_mean, nearest, problems_of, problems_of_entry
from domain.validation import ValidationContext, unknown_jurisdiction, validate

Standing = Literal["stands", "disputed", "retracted"]


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry as it stands after some of its events: its fields (the record file's), version and standing."""

    fields: Mapping[str, Any]
    version: int = 1
    disputed: bool = False
    retracted: bool = False

    @property
    def standing(self) -> Standing:
        """A retraction outweighs disputes."""
        return "retracted" if self.retracted else "disputed" if self.disputed else "stands"


def evolve(state: EntryState, event: LaterEvent) -> EntryState:
    """The state after a later event. Nothing is checked here: `decide` did so before the event was recorded."""
    version = state.version + 1
    match event:
        case EntryCorrected():
            return replace(state, fields=apply_correction(state.fields, event.fields), version=version)
        case EntryDisputed():
            return replace(state, disputed=True, version=version)
        case EntryRetracted():
            return replace(state, retracted=True, version=version)
        case EntryReinstated():
            return replace(state, retracted=False, version=version)
        case _:
            assert_never(event)


def apply_correction(fields: Mapping[str, Any], corrected: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with a correction laid over them: null removes one, a nested one is given whole."""
    return {name: value for name, value in {**fields, **corrected}.items() if value is not None}


def act_of(fields: Mapping[str, Any], *, on_record: bool = False) -> AnyAct:
    """The act with these fields (perhaps `on_record`). Raises pydantic's ValidationError where they are malformed."""
    return entry_adapter().validate_python(fields, context=ON_RECORD if on_record else None)


@dataclass(frozen=True, slots=True)
class RecordEntry:
    event: AnyAct


@dataclass(frozen=True, slots=True)
class CorrectEntry:
    """Give fields of an entry new values. `on_version`: only if the entry still has that version; None: in any case."""

    event: EntryCorrected
    on_version: int | None = None


@dataclass(frozen=True, slots=True)
class DisputeEntry:
    event: EntryDisputed
    on_version: int | None = None


@dataclass(frozen=True, slots=True)
class RetractEntry:
    event: EntryRetracted
    on_version: int | None = None


@dataclass(frozen=True, slots=True)
class ReinstateEntry:
    event: EntryReinstated
    on_version: int | None = None


@dataclass(frozen=True, slots=True)
class AddJurisdiction:
    event: JurisdictionAdded


@dataclass(frozen=True, slots=True)
class UpdateJurisdiction:
    event: JurisdictionUpdated


ChangeEntry = CorrectEntry | DisputeEntry | RetractEntry | ReinstateEntry
NewCommand = RecordEntry | AddJurisdiction
ChangeCommand = ChangeEntry | UpdateJurisdiction
Command = NewCommand | ChangeCommand
"""A command carries the event that it asks for."""


def command_for(event: LaterEvent | JurisdictionUpdated, on_version: int | None = None) -> ChangeCommand:
    """The command that asks for an event on an entry or a place that is on record."""
    match event:
        case EntryCorrected():
            return CorrectEntry(event, on_version)
        case EntryDisputed():
            return DisputeEntry(event, on_version)
        case EntryRetracted():
            return RetractEntry(event, on_version)
        case EntryReinstated():
            return ReinstateEntry(event, on_version)
        case JurisdictionUpdated():
            return UpdateJurisdiction(event)
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True)
class State:
    """What a command is decided on: the part of the record that it names."""

    context: ValidationContext = field(default_factory=ValidationContext)
    """For an act, its own fact included; for a correction, that of the act as corrected, and those of `dependents`."""
    entry: EntryState | None = None
    """The entry that the command changes; None where it is not on record."""
    dependents: Sequence[AnyAct] = ()
    """The entries that link to the one that is corrected: they must stay valid."""
    uncorrected: Fact | None = None
    """What the entry that is corrected amounts to as it stands."""
    place: Mapping[str, Any] | None = None
    """The fields of the place that the command changes; None where it is not on record."""


def decide(command: Command, state: State) -> list[Event]:
    """The events that a command comes to.

    Raises Refused, naming the fields; NotFound where the entry or place that it changes is not on record; Stale.
    """
    match command:
        case RecordEntry(event):
            _refuse(validate(event, state.context.facts[event.id], state.context))
            return [event]
        case CorrectEntry(event):
            entry = _entry(command, state)
            act = corrected_act(entry, event)
            _refuse(_problems_of_correction(act, state))
            return [_as_written(event, act)]
        case DisputeEntry(event):
            _entry(command, state)
            return [event]
        case RetractEntry(event):
            if _entry(command, state).retracted:
                _refuse([Problem("entry", event.entry, "is retracted already")])
            return [event]
        case ReinstateEntry(event):
            if not _entry(command, state).retracted:
                _refuse([Problem("entry", event.entry, "is not retracted")])
            return [event]
        case AddJurisdiction(event):
            _refuse(_problems_of_place(event, state.context))
            return [event]
        case UpdateJurisdiction(event):
            _refuse(_problems_of_update(event, state))
            return [event]
        case _:
            assert_never(command)


def corrected_act(entry: EntryState, event: EntryCorrected) -> AnyAct:
    """The act that an entry becomes by a correction. Raises Refused, naming the fields, where it is none."""
    kind = entry.fields["kind"]
    if not event.fields:
        _refuse([Problem("fields", {}, "names no field")])
    known = {info.alias or name for name, info in ACT_CLASSES[kind].model_fields.items()}
    problems = []
    for name, value in event.fields.items():
        if name in ("id", "kind"):
            problems.append(Problem(f"fields.{name}", value, "an entry's id and kind never change"))
        elif name not in known:
            near = did_you_mean(nearest(name, known))
            problems.append(Problem(f"fields.{name}", value, f"a {kind} has no such field{near}"))
    _refuse(problems)
    corrected = apply_correction(entry.fields, event.fields)
    try:
        return act_of(corrected)
    except ValidationError as error:
        problems = problems_of_entry(error, corrected)
        # What the correction leaves as it is was recorded, perhaps before there was a rule against it.
        of_correction = [problem for problem in problems if problem.field.partition(".")[0] in (*event.fields, WHOLE)]
        if of_correction:
            raise Refused(problems=list(_in_fields(of_correction))) from error
    return act_of(corrected, on_record=True)


def _entry(command: ChangeEntry, state: State) -> EntryState:
    """The entry that a command changes, at the version that the command was decided on."""
    id_, entry = command.event.entry, state.entry
    if entry is None:
        raise NotFound(f"no entry {id_!r} is on record")
    if command.on_version not in (None, entry.version):
        detail = f"entry {id_!r} is at version {entry.version}, not {command.on_version}"
        raise Stale(detail, version=entry.version)
    return entry


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems=problems)


def _in_fields(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Problems of a whole, as the `fields` of a change name them."""
    return (replace(problem, field=f"fields.{problem.field}") for problem in problems)


def _problems_of_correction(act: AnyAct, state: State) -> list[Problem]:
    context = state.context
    problems = list(_in_fields(validate(act, context.facts[act.id], context)))
    uncorrected = None if state.uncorrected is None else context.with_fact(state.uncorrected)
    for dependent in state.dependents:
        # What was wrong with it before, by a rule that came later than the entry, is no fault of this correction.
        before = [] if uncorrected is None else _problems_of_dependent(dependent, uncorrected)
        now = _problems_of_dependent(dependent, context)
        problems += [replace(problem, where=f"entry {dependent.id}") for problem in now if problem not in before]
    return problems


def _problems_of_dependent(dependent: AnyAct, context: ValidationContext) -> list[Problem]:
    return validate(dependent, context.facts[dependent.id], context)


def _as_written(event: EntryCorrected, act: AnyAct) -> EntryCorrected:
    """The correction with its values as the record writes them; a field that the act leaves out stays as given."""
    fields = act.fields()
    return event.model_copy(update={"fields": {name: fields.get(name, value) for name, value in event.fields.items()}})


def _problems_of_update(event: JurisdictionUpdated, state: State) -> list[Problem]:
    if state.place is None:
        raise NotFound(f"no jurisdiction {event.jurisdiction!r} is on record")
    problems = []
    if "id" in event.fields:
        problems.append(Problem("fields.id", event.fields["id"], "a jurisdiction's id never changes"))
    try:
        updated = updated_jurisdiction(state.place, event)
    except ValidationError as error:
        return [*problems, *_in_fields(problems_of(error, Jurisdiction))]
    return [*problems, *_in_fields(_problems_of_place(updated, state.context))]


def updated_jurisdiction(place: Mapping[str, Any], event: JurisdictionUpdated) -> Jurisdiction:
    """The place that a place's fields become by an update; pydantic's ValidationError where they are none."""
    return Jurisdiction.model_validate(apply_correction(place, event.fields))


def _problems_of_place(place: Jurisdiction, context: ValidationContext) -> list[Problem]:
    """What is wrong with a place's identifiers and with whom it speaks for."""
    problems = list(problems_of_identifiers(place))
    for name, value in place.identifiers():
        if (holder := context.identified.get((name, value))) not in (None, place.id):
            problems.append(Problem(name, value, f"is that of {holder!r}, which is on record or recorded with it"))
    return problems + _problems_of_speaker(place, context)


def _problems_of_speaker(place: Jurisdiction, context: ValidationContext) -> list[Problem]:
    """Only an agency speaks for another, and only for a place that is none, of its own state."""
    speaks_for = place.speaks_for
    if speaks_for is None:
        return []
    problems = []
    if place.kind != "agency":
        message = f"only an agency speaks for another, and {place.id!r} is none"
        problems.append(Problem("speaks_for", speaks_for, message))
    represented = context.places.get(speaks_for)
    if represented is None:
        problems.append(unknown_jurisdiction("speaks_for", speaks_for, context.near))
    elif represented.speaks_for is not None:
        problems.append(Problem("speaks_for", speaks_for, f"{speaks_for!r} is itself an agency"))
    if represented is not None and represented.state != place.state:
        message = f"{speaks_for!r} is in {represented.state}, and {place.id!r} in {place.state}"
        problems.append(Problem("speaks_for", speaks_for, message))
    return problems
