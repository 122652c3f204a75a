"""The mapper of this record's events: which topics there are, and how each is written and read."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.events import EVENT_CLASSES, Event
from domain.kinds import Act
from eventlog.log import NewEvent
from eventlog.mapper import Mapper, topic_of


def first_event(act: Act, fields: dict[str, Any]) -> NewEvent:
    """The event by which an act comes into the log, from its `fields()` where they are at hand."""
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
    {topic_of(cls.TOPIC, cls.VERSION): cls.model_validate_json for cls in EVENT_CLASSES.values()},
)
