"""The state of an entry, from the events of its stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, assert_never

from domain.acts import Act, AnyAct
from domain.events import EntryCorrected, EntryDisputed, EntryReinstated, EntryRetracted, LaterEvent, entry_adapter

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


def initial_state(act: Act) -> EntryState:
    """The state after the event of an entry's kind."""
    return EntryState(act.fields())


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


def act_of(fields: Mapping[str, Any]) -> AnyAct:
    """The act with these fields. Raises pydantic's ValidationError where they are malformed."""
    return entry_adapter().validate_python(fields)
