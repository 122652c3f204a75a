"""CloudEvents 1.0: the envelope in which events are sent out, in the structured JSON format.

The id of an event of the log is its position. A webhook message keeps the id by which receivers recognise repeats.
The source and the id together name one event, whichever process sends it, so the source is a setting and never the
address that a process happens to listen on.
"""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple

import msgspec

from domain.events import EVENT_CLASSES
from eventlog.log import Recorded

SPECVERSION = "1.0"
CLOUDEVENTS_JSON = "application/json"
TYPE_PREFIX = "dispute-timeline"
_FOLDERS = {
    "entry": "entries",
    "jurisdiction": "jurisdictions",
    "reminder": "reminders",
    "service": "service",
    "log": "log",
}


_UNKNOWN = "Unknown"
"""Stands for the class of an event that has none."""
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


class PublishedEvent(NamedTuple):
    """An event of the log ready to send: its position, the name of its class, its CloudEvent as JSON."""

    position: int
    name: str
    body: bytes


def to_cloudevent(event: Recorded, source: str) -> PublishedEvent:
    """An event of the log in its envelope: `recorder` who recorded it, `version` which of its subject's it made."""
    name, _, schema = event.topic.partition("/")
    cls = EVENT_CLASSES.get(name)
    body = {
        "specversion": SPECVERSION,
        "id": str(event.position),
        "source": source,
        "type": f"{TYPE_PREFIX}.{name}.v{schema}",
        "time": event.recorded_at,
        "subject": subject_of(event.stream),
        "datacontenttype": CLOUDEVENTS_JSON,
        "recorder": event.recorder,
        "version": event.version,
    }
    if _is_json_object(event.state):
        body["data"] = msgspec.Raw(event.state)  # spliced in as the log holds it
    else:
        # No command records such a state. Whoever follows the log is to have it all the same, byte for byte.
        body |= {"datacontenttype": "application/octet-stream", "data_base64": b64encode(event.state).decode()}
    return PublishedEvent(event.position, _UNKNOWN if cls is None else cls.__name__, _encode(body))


def _is_json_object(state: bytes) -> bool:
    try:
        _fields(state)
        state.decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def subject_of(stream: str) -> str:
    """What a stream of the log is about, as an address below the source."""
    kind, _, id_ = stream.partition(":")
    return f"{_FOLDERS.get(kind, kind)}/{id_}"


def write_cloudevent(id_: str, body: str, source: str) -> str:
    """A message of the outbox, `{"type", "timestamp", "data"}`, with what makes it a CloudEvent beside that.

    The same message comes out the same at every attempt.
    """
    message = msgspec.json.decode(body)
    data = message.pop("data")
    attributes = {
        "specversion": SPECVERSION,
        "id": id_,
        "source": source,
        "time": message["timestamp"],
        "datacontenttype": CLOUDEVENTS_JSON,
    }
    if "entry" in data:
        attributes["subject"] = f"entries/{data['entry']}"
    elif "id" in data:
        attributes["subject"] = f"reminders/{data['id']}"
    return _encode(message | attributes | {"data": data}).decode()
