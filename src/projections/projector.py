"""What an event of the log makes of an entry or a place: the change that the read models take their rows from.

Live appends and rebuilds both go through here, so that a rebuild gives the same rows.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Any

import msgspec
from pydantic import ValidationError

from domain.acts import Act
from domain.decisions import EntryState, Standing, act_of, apply_correction, evolve
from domain.errors import problem_summary
from domain.events import (
    ACT_CLASSES,
    EVENT_CLASSES,
    Event,
    JurisdictionAdded,
    JurisdictionUpdated,
    LaterEvent,
    PlaceEvent,
)
from domain.facts import Kind, reaches_unnamed_places, review_of
from domain.jurisdictions import Jurisdiction
from domain.keeping import KeepingEvent
from domain.legibility import ON_RECORD, legible
from domain.refusals import problems_of
from domain.reminders import ReminderEvent
from domain.values import CourtValue, Effect, Outcome, Rank, Scope
from eventlog.log import NewEvent, Recorded
from eventlog.mapper import Mapper, Unreadable, topic_of


def first_event_of(act: Act, fields: dict[str, Any]) -> NewEvent:
    """The event that records an act, whose `fields()` the caller has already."""
    return NewEvent(f"entry:{act.id}", 1, topic_of(act.TOPIC, act.VERSION), msgspec.json.encode(fields))


def _encode(event: Any) -> tuple[str, bytes]:  # noqa: ANN401 - the closed union, whose members share no base
    fields = (
        event.fields()
        if isinstance(event, Act)
        else event.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    return topic_of(event.TOPIC, event.VERSION), msgspec.json.encode(fields)


MAPPER: Mapper[Event] = Mapper(
    _encode,
    {
        topic_of(cls.TOPIC, cls.VERSION): partial(cls.model_validate_json, context=ON_RECORD)
        for cls in EVENT_CLASSES.values()
    },
)


ACT_TOPICS = frozenset(f"{cls.TOPIC}/{cls.VERSION}" for cls in ACT_CLASSES.values())


_Whole = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
"""A whole number that a column holds."""


_LONGEST_WHY = 500
_TOPICS = {kind: topic_of(cls.TOPIC, cls.VERSION) for kind, cls in ACT_CLASSES.items()}
_NEEDED: dict[str, tuple[str, ...]] = {
    "finding": ("outcome",),
    "policy_change": ("effect",),
    **dict.fromkeys(("list_published", "list_changed", "list_withdrawn"), ("list_",)),
    **dict.fromkeys(("lawsuit_filed", "ruling", "case_closed"), ("case",)),
    **dict.fromkeys(("deadline_extended", "deadline_withdrawn"), ("demand",)),
}
"""The fields that entries of some kinds must have, or no fact can be made of them."""


class NamedThing(msgspec.Struct):
    """A review, subject, list, policy or case as an entry mentions it."""

    id: str
    title: str | None = None
    caption: str | None = None
    court: str | None = None
    docket: str | None = None


class ResponseDemand(msgspec.Struct):
    date: str | None = None
    days: _Whole | None = None


class ActingParty(msgspec.Struct):
    party: str
    name: str | None = None
    office: str | None = None


class QuotedWords(msgspec.Struct):
    text: str
    speaker: str | None = None


class HeldSubject(msgspec.Struct):
    """A holding, as far as a fold cannot do without."""

    subject: str
    value: CourtValue
    scope: Scope
    until: str | None = None


class SourceNames(msgspec.Struct):
    id: str
    title: str
    rank: Rank
    publisher: str | None = None
    url: str | None = None


class EntryHeader(msgspec.Struct):
    """The fields of an entry that become columns, or words to search by, and those that no answer can do without.

    A rebuild decodes no more than these, which takes 6 µs an entry; its fact takes 28, the validated act 54.
    """

    id: str
    kind: Kind
    occurred: str
    actor: ActingParty
    jurisdictions: tuple[str, ...]
    summary: str
    sources: Annotated[tuple[SourceNames, ...], msgspec.Meta(min_length=1)]
    quotes: tuple[QuotedWords, ...] = ()
    public: str | None = None
    sequence: _Whole = 0
    respond_by: ResponseDemand | None = None
    extended_to: str | None = None
    demand: str | None = None
    review: NamedThing | None = None
    policy: NamedThing | None = None
    list_: NamedThing | None = msgspec.field(name="list", default=None)
    case: NamedThing | None = None
    subjects: tuple[NamedThing, ...] = ()
    holdings: tuple[HeldSubject, ...] = ()
    outcome: Outcome | None = None
    effect: Effect | None = None
    answers: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    ends_reviews: tuple[str, ...] = ()
    ends_lists: tuple[str, ...] = ()
    ends_subjects: tuple[str, ...] = ()

    @property
    def review_id(self) -> str | None:
        named = None if self.review is None else self.review.id
        return review_of(self.kind, self.id, named, demands=self.respond_by is not None)

    @property
    def reaches_unnamed_places(self) -> bool:
        ends = bool(self.ends_reviews or self.ends_lists or self.ends_subjects)
        return reaches_unnamed_places(self.kind, self.jurisdictions, self.subjects, ends=ends)


class ChangedEntry(msgspec.Struct):
    """A new version of an entry.

    `fields` is its JSON object, `first` the position, instant and recorder of its first version, and `before` the
    position of the version that it supersedes.
    """

    position: int
    recorded_at: str
    recorder: str
    header: EntryHeader
    fields: bytes
    version: int = 1
    standing: Standing = "stands"
    first: tuple[int, str, str] | None = None
    before: int | None = None
    reached_unnamed_places: bool = False


class ChangedPlace(msgspec.Struct):
    """A new version of a jurisdiction."""

    position: int
    recorded_at: str
    recorder: str
    fields: dict[str, Any]
    version: int = 1
    before: int | None = None


class UnreadableEvent(msgspec.Struct):
    """An event of which nothing can be made: its entry or place stays as it was before."""

    position: int
    stream: str
    why: str


Change = ChangedEntry | ChangedPlace | UnreadableEvent
Stream = Callable[[str], Iterable[Recorded]]
"""Reads the events of a stream, in order of version."""

_header = msgspec.json.Decoder(EntryHeader).decode


class CannotReplay(ValueError):
    """An event that no projection handles."""

    def __init__(self, event: Recorded, why: object) -> None:
        super().__init__(f"cannot replay event {event.position} ({event.topic} of {event.stream!r}): {why}")


MALFORMED = (
    Unreadable, msgspec.MsgspecError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
    RecursionError,
)  # fmt: skip
"""What reading a payload may raise that no command of this program has recorded: anything, as it may be anything."""


def changes_of(events: Iterable[Recorded], stream: Stream) -> Iterator[Change]:
    """What each event changes, in log order; an event of a later version is folded with the others of its `stream`.

    Events of reminders and of keeping change none of these read models. An event that cannot be read costs its own
    entry: the others are replayed, and it is named by the read models' `unreadable` table.
    """
    for event in events:
        try:
            if event.topic in ACT_TOPICS:
                header = _header_of(event)
                yield ChangedEntry(event.position, event.recorded_at, event.recorder, header, event.state)
            else:
                yield from _later(event, stream)
        except MALFORMED as error:
            yield UnreadableEvent(event.position, legible(event.stream), why_unreadable(error))


def why_unreadable(error: Exception) -> str:
    """Why an event cannot be read, in a line that every database and page can hold."""
    why = problem_summary(problems_of(error)) if isinstance(error, ValidationError) else str(error)
    return legible(" ".join(why.split()))[:_LONGEST_WHY]


def _header_of(event: Recorded) -> EntryHeader:
    header = _header(event.state)
    if event.stream != f"entry:{header.id}" or event.version != 1:
        raise CannotReplay(event, f"it is the first of entry {header.id!r}")
    if event.topic != _TOPICS[header.kind]:
        raise CannotReplay(event, f"it is of the kind {header.kind!r}")
    for name in _NEEDED.get(header.kind, ()):
        if getattr(header, name) is None:
            raise CannotReplay(event, f"a {header.kind} has {name.rstrip('_')!r}")
    return header


def entry_states(events: Iterable[Recorded]) -> Iterator[EntryState]:
    """An entry as it stood after each event of its stream."""
    state: EntryState | None = None
    for recorded in events:
        if state is None:
            state = EntryState(msgspec.json.decode(recorded.state))
        else:
            event = MAPPER.event(recorded)
            if not isinstance(event, LaterEvent):
                raise CannotReplay(recorded, "it is not what happens to an entry later")
            state = evolve(state, event)
        yield state


def entry_state(events: Iterable[Recorded]) -> EntryState:
    return list(entry_states(events))[-1]


def _later(event: Recorded, stream: Stream) -> Iterator[Change]:
    decoded = MAPPER.event(event)
    if isinstance(decoded, KeepingEvent | ReminderEvent):
        return
    earlier = [] if event.version == 1 else [past for past in stream(event.stream) if past.position < event.position]
    history = [*earlier, event]
    before = earlier[-1].position if earlier else None
    if isinstance(decoded, PlaceEvent):
        fields = place_fields(history)
        Jurisdiction.model_validate(fields, context=ON_RECORD)
        yield ChangedPlace(event.position, event.recorded_at, event.recorder, fields, event.version, before)
    elif isinstance(decoded, LaterEvent):
        previous, state = list(entry_states(history))[-2:]
        act_of(state.fields, on_record=True)
        body, first = msgspec.json.encode(state.fields), history[0]
        yield ChangedEntry(
            event.position,
            event.recorded_at,
            event.recorder,
            _header(body),
            body,
            state.version,
            state.standing,
            (first.position, first.recorded_at, first.recorder),
            before,
            reached_unnamed_places=_header(msgspec.json.encode(previous.fields)).reaches_unnamed_places,
        )
    else:
        raise CannotReplay(event, "no projection handles it")


def place_fields(events: Iterable[Recorded]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for recorded in events:
        event = MAPPER.event(recorded)
        if isinstance(event, JurisdictionAdded):
            fields = event.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        elif isinstance(event, JurisdictionUpdated):
            fields = apply_correction(fields, event.fields)
        else:
            raise CannotReplay(recorded, "it is not what happens to a place")
    return fields
