"""An entry's versions: who recorded each, when and why, and what it changed, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.entries import EntryState
from domain.errors import NotFound
from domain.events import EVENT_CLASSES
from eventlog.log import EventLog, Recorded
from projections.change import states
from projections.mapping import MAPPER
from projections.snapshot import Snapshot


def history(snapshot: Snapshot, log: EventLog, id_: str) -> dict[str, Any]:
    """Every version up to the snapshot's position, oldest first; NotFound where there is none."""
    stream = [one for one in log.stream(snapshot.connection, f"entry:{id_}") if one.position <= snapshot.position]
    if not stream:
        raise NotFound(f"no entry {id_!r} is on record")
    versions = []
    before: EntryState | None = None
    for recorded, state in zip(stream, states(stream), strict=True):
        said = told(recorded)
        versions.append(
            {
                "version": state.version,
                "event": event_name(recorded),
                "position": recorded.position,
                "recorded_at": recorded.recorded_at,
                "recorder": recorded.recorder,
                **said,
                "standing": state.standing,
                "changes": [] if before is None else differences(before, state),
            }
        )
        before = state
    return {"entry": id_, "versions": versions, "position": stream[-1].position}


def event_name(recorded: Recorded) -> str:
    """The event's name as the domain has it: `EntryCorrected`."""
    return EVENT_CLASSES[recorded.topic.partition("/")[0]].__name__


def told(recorded: Recorded) -> dict[str, Any]:
    """Why an event came, and what it rests on, where the event itself says so."""
    if recorded.version == 1:
        return {"reason": None, "source": None}
    fields = MAPPER.event(recorded).model_dump(mode="json", exclude_none=True)
    by = {"by": fields["by"]} if "by" in fields else {}
    return {"reason": fields.get("reason", fields.get("what")), "source": fields.get("source")} | by


def differences(before: EntryState, after: EntryState) -> list[dict[str, Any]]:
    """The fields (and the standing) that differ; null for what is left out."""
    old, new = _with_standing(before), _with_standing(after)
    return [
        {"field": name, "before": old.get(name), "after": new.get(name)}
        for name in (*old, *(name for name in new if name not in old))
        if old.get(name) != new.get(name)
    ]


def _with_standing(state: EntryState) -> Mapping[str, Any]:
    return {**state.fields, "standing": state.standing}


def at_position(stream: Sequence[Recorded], position: int) -> EntryState | None:
    """The entry as it stood at a log position; None before it was recorded."""
    known = [one for one in stream if one.position <= position]
    return list(states(known))[-1] if known else None
