"""Verifying events: each is one that a command of today would record.

A row of the log can be whole, hashed and signed, and yet be none that any command makes: planted past them, or recorded
before a rule was one. No answer fails for such an event (`projections.projector.changes_of`), so it has to be named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlalchemy import Connection, select

from application.service import Service
from domain.acts import AnyAct
from domain.decisions import act_of, corrected_act, updated_jurisdiction
from domain.errors import Problem, RecordError, Refused, problem_summary
from domain.events import (
    EVENT_CLASSES,
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    Event,
    JurisdictionAdded,
    JurisdictionUpdated,
    LaterEvent,
    PlaceEvent,
)
from domain.jurisdictions import Jurisdiction, problems_of_identifiers
from domain.keeping import ClockAccepted, SigningKeyReplaced
from domain.refusals import problems_of
from domain.reminders import OnReminder, ReminderEvent
from domain.validation import ValidationContext, links, places_named, validate_alone
from eventlog.log import Recorded
from eventlog.mapper import topic_of
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.tables import log
from projections.projector import ACT_TOPICS, MALFORMED, entry_state, place_fields

_ANY_DAY = ValidationContext()
"""For what is judged alone: what lay in the future when it was recorded is no fault of the log's now."""
_FIRST = CompiledQuery(select(log.c.stream).where(InList(log.c.stream, "streams"), log.c.version == 1))
_CLASSES = {topic_of(cls.TOPIC, cls.VERSION): cls for cls in EVENT_CLASSES.values()}
_STREAMS: dict[str, Any] = {
    "entry": LaterEvent,
    "jurisdiction": PlaceEvent,
    "reminder": ReminderEvent,
    "log": SigningKeyReplaced,
    "service": ClockAccepted,
}
"""Which events a stream may hold, by what its name begins with; an entry's first is its act."""


def event_faults(service: Service, connection: Connection, events: Iterable[Recorded]) -> Iterator[str]:
    """The events that no command would record, and why; those that cannot be read at all among them."""
    events = list(events)
    on_record = _on_record(connection, events)
    for event in events:
        try:
            _check(service, connection, event, on_record)
        except ValidationError as error:
            why = problem_summary(problems_of(error))
        except RecordError as error:
            why = error.detail
        except MALFORMED as error:
            why = str(error)
        else:
            continue
        yield f"log position {event.position}: {event.topic} of {event.stream!r} is none that is recorded: {why[:500]}"


def _on_record(connection: Connection, events: Iterable[Recorded]) -> set[str]:
    """Which of the streams of entries and places that events name have a first event."""
    named = {stream for event in events for stream in _streams_named(event)}
    rows = _FIRST.run(connection, streams=list_param(connection, named)) if named else ()
    return {stream for (stream,) in rows}


def _streams_named(event: Recorded) -> set[str]:
    """None of an act that cannot be read: it is named for that."""
    try:
        fields = msgspec.json.decode(event.state)
        if event.topic in ACT_TOPICS:
            act = act_of(fields)
            return {f"entry:{id_}" for _, id_ in links(act)} | {f"jurisdiction:{id_}" for _, id_ in places_named(act)}
        return {f"jurisdiction:{fields['speaks_for']}"} if fields.get("speaks_for") else set()
    except MALFORMED:
        return set()


def _check(service: Service, connection: Connection, event: Recorded, on_record: set[str]) -> None:
    """Raises whatever a command that asked for the event would be refused with."""
    kind, _, id_ = event.stream.partition(":")
    if event.topic in ACT_TOPICS:
        act = act_of(msgspec.json.decode(event.state))
        _check_act(service, act)
        for name, linked in links(act):
            _refuse_unless(f"entry:{linked}" in on_record, f"{name}: no entry {linked!r} is on record")
        for name, place in places_named(act):
            _refuse_unless(f"jurisdiction:{place}" in on_record, f"{name}: no jurisdiction {place!r} is on record")
        _refuse_unless(act.id == id_ and kind == "entry" and event.version == 1, f"is the first of entry {act.id!r}")
        _refuse_unless(event.topic == topic_of(act.TOPIC, act.VERSION), f"is of the kind {act.kind!r}")
        return
    cls = _CLASSES.get(event.topic)
    if cls is None:
        raise Refused("nothing has such a topic")
    decoded = cls.model_validate_json(event.state)
    _refuse_unless(isinstance(decoded, _STREAMS.get(kind, ())), "does not belong into such a stream")
    _refuse_unless(id_ == _subject_of(decoded), f"is about {_subject_of(decoded)!r}")
    if isinstance(decoded, LaterEvent | PlaceEvent):
        history = service.log.stream(connection, event.stream)
        before = [past for past in history if past.position < event.position]
        _check_later(service, decoded, before, on_record)


def _subject_of(event: Event) -> str:
    """What an event that is no act happens to, as its stream names it."""
    match event:
        case JurisdictionAdded():
            return event.id
        case JurisdictionUpdated():
            return event.jurisdiction
        case SigningKeyReplaced():
            return "key"
        case ClockAccepted():
            return "clock"
        case EntryCorrected() | EntryDisputed() | EntryRetracted() | EntryReinstated():
            return event.entry
        case OnReminder():
            return event.reminder
        case _:
            raise TypeError(f"{event.TOPIC} is an act")


def _check_later(service: Service, event: LaterEvent | PlaceEvent, before: list[Recorded], on_record: set[str]) -> None:
    if isinstance(event, JurisdictionAdded):
        _refuse_unless(not before, "comes after others of its place")
        _check_place(event, on_record)
    elif isinstance(event, JurisdictionUpdated):
        _refuse_unless(bool(before), "is of a place that is not on record")
        _check_place(updated_jurisdiction(place_fields(before), event), None)
    else:
        _refuse_unless(bool(before), "is of an entry that is not on record")
        state = entry_state(before)
        if isinstance(event, EntryCorrected):
            _check_act(service, corrected_act(state, event))
        elif isinstance(event, EntryRetracted):
            _refuse_unless(not state.retracted, "is of an entry that is retracted already")
        elif isinstance(event, EntryReinstated):
            _refuse_unless(state.retracted, "is of an entry that is not retracted")


def _check_act(service: Service, act: AnyAct) -> None:
    problems = validate_alone(act, service.cache.fact_of(act.fields()), _ANY_DAY)
    if problems:
        raise Refused(problems=problems)


def _check_place(place: Jurisdiction, on_record: set[str] | None) -> None:
    """`on_record`: None where it is not to be asked for whom the place speaks."""
    problems, speaks_for = list(problems_of_identifiers(place)), place.speaks_for
    is_known = on_record is None or f"jurisdiction:{speaks_for}" in on_record
    if speaks_for is not None and (speaks_for == place.id or not is_known):
        problems.append(Problem("speaks_for", place.speaks_for, "is no other place on record"))
    if problems:
        raise Refused(problems=problems)


def _refuse_unless(condition: bool, why: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise Refused(why)
