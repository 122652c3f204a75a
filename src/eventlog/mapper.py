"""From domain events to the log and back: stable topics, and old shapes made new on the way in.

A topic is a name and a schema version, `warning-issued/1`, never an import path. What a version means never
changes: a new shape is a new version, and an upcast leads from each old one to the next. Which events there
are, and how they are written and read, is told by whoever makes the mapper: this room knows no domain.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from eventsourcing.persistence import MapperDeserialisationError

from eventlog.records import NewEvent, Recorded

E = TypeVar("E")
Encode = Callable[[E], tuple[str, bytes]]
Decode = Callable[[bytes], E]
Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class Unreadable(MapperDeserialisationError):
    """An event in the log cannot be read."""

    def __init__(self, recorded: Recorded, reason: str) -> None:
        super().__init__(f"position {recorded.position}, topic {recorded.topic!r}: {reason}")


class Mapper(Generic[E]):
    """Writes events as topic and JSON, and reads what any version ever wrote.

    `encode` gives an event's topic and its business fields as JSON; `decoders` read the present version of
    each topic (`{"warning-issued/2": ...}`); `upcasts` turn the fields of an old version into those of the
    next (`{("warning-issued", 1): ...}`). Raises ValueError for an upcast that leads nowhere.
    """

    def __init__(
        self,
        encode: Encode[E],
        decoders: Mapping[str, Decode[E]],
        upcasts: Mapping[tuple[str, int], Upcast] | None = None,
    ) -> None:
        self._encode = encode
        # Worked out once, so that reading an event, old or new, is one look-up.
        self._decoders = dict(decoders)
        for name, version in upcasts or {}:
            self._decoders[topic_of(name, version)] = _upcasting(name, version, decoders, upcasts or {})

    def new(self, stream: str, version: int, event: E) -> NewEvent:
        return NewEvent(stream, version, *self._encode(event))

    def event(self, recorded: Recorded) -> E:
        """The event that was recorded. Raises Unreadable, naming its position and topic."""
        decode = self._decoders.get(recorded.topic)
        if decode is None:
            raise Unreadable(recorded, "unknown topic")
        try:
            return decode(recorded.state)
        except Exception as error:
            # Whatever a decoder raises, it must not stand without saying which of a million events it is
            # about.
            raise Unreadable(recorded, str(error)) from error


def topic_of(name: str, version: int) -> str:
    """The topic under which this version of the named event is recorded."""
    return f"{name}/{version}"


def _upcasting(
    name: str, version: int, decoders: Mapping[str, Decode[E]], upcasts: Mapping[tuple[str, int], Upcast]
) -> Decode[E]:
    steps: list[Upcast] = []
    while step := upcasts.get((name, version)):
        steps.append(step)
        version += 1
    present = decoders.get(topic_of(name, version))
    if present is None:
        raise ValueError(f"upcasts of {name!r} lead to version {version}, which nothing reads")

    def decode(state: bytes) -> E:
        fields = json.loads(state)
        for step in steps:
            fields = step(fields)
        return present(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())

    return decode
