"""Exporting: the whole log as a file that stands by itself, and is checked line by line when it is imported.

NDJSON: a header (what the file is, how many events, the verifier key, the JSON Schema of what follows), a line an
event, in order, and the signed checkpoint of them all. A line is the event's leaf, exactly as hashed, with its hash as
one member more: whoever takes that off again has the bytes of the leaf.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from application.service import Service
from application.signing import signer
from domain.errors import Refused
from domain.events import EVENT_CLASSES
from eventlog import tree
from eventlog.leaves import leaf_of
from eventlog.mapper import topic_of
from eventlog.merkle import HASH_BYTES, grow, leaf_hash, root_of

FORMAT = "dispute-timeline/log"
VERSION = 1
Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""
_EVERY = 1_000

_HASH_MEMBER = b',"leaf_hash":"'
# A hash in base64, and what closes it and the line's object.
_TAIL_BYTES = len(_HASH_MEMBER) + 44 + 2


class Header(msgspec.Struct):
    """The first line."""

    format: str
    version: int
    events: int
    key: str
    schema: msgspec.Raw


class Footer(msgspec.Struct, forbid_unknown_fields=True):
    """The last line. `header` is the SHA-256 of the first, which no signature covers."""

    checkpoint: str
    header: str


def export(service: Service, file: BinaryIO, progress: Progress = lambda _done, _total: None) -> int:
    """Writes the log, as it stands when this begins; returns how many events that were.

    Raises Refused, naming the position, where an event is not the one that was recorded: what was tampered with is
    not passed on under a signature.
    """
    with service.reading() as connection:
        events = service.log.head(connection).position
        its = signer(connection)
        schema = msgspec.Raw(msgspec.json.encode(_schema()))
        header = msgspec.json.encode(Header(FORMAT, VERSION, events, str(its.key), schema))
        file.write(header + b"\n")
        frontier: list[bytes] = []
        done = 0
        for event, hashes in tree.rows(connection):
            leaf = leaf_of(event)
            hash_ = leaf_hash(leaf)
            if event.position != done + 1 or hashes[:HASH_BYTES] != hash_:
                raise Refused(f"log position {done + 1}: this is not the event that was recorded there; see `verify`")
            done = event.position
            grow(frontier, done - 1, hash_)
            file.write(line_of(leaf, hash_) + b"\n")
            if done % _EVERY == 0:
                progress(done, events)
        root = root_of(frontier)
        if done != events or root != tree.root(connection, events):
            raise Refused("the log does not agree with its own tree; see `verify`")
        footer = Footer(its.checkpoint(events, root), header_hash(header))
        file.write(msgspec.json.encode(footer) + b"\n")
    progress(events, events)
    return events


def header_hash(line: bytes) -> str:
    """What the last line says of the first."""
    return b64encode(sha256(line).digest()).decode()


def line_of(leaf: bytes, hash_: bytes) -> bytes:
    """An event's line: its leaf with the hash as the last member."""
    return leaf[:-1] + _HASH_MEMBER + b64encode(hash_) + b'"}'


def leaf_in(line: bytes) -> bytes:
    """The leaf of an event's line; ValueError unless it has the hash that the line says, written as here."""
    leaf = line[:-_TAIL_BYTES] + b"}"
    if line_of(leaf, leaf_hash(leaf)) != line:
        raise ValueError("the event is not the one whose hash stands beside it")
    return leaf


def _schema() -> dict[str, Any]:
    classes: dict[str, type[BaseModel]] = {topic_of(cls.TOPIC, cls.VERSION): cls for cls in EVENT_CLASSES.values()}
    references, definitions = models_json_schema([(cls, "validation") for cls in classes.values()])
    text, number = {"type": "string"}, {"type": "integer", "minimum": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "A line an event. Without `leaf_hash`, its bytes are the leaf as hashed (RFC 6962, SHA-256).",
        "type": "object",
        "required": ["position", "stream", "version", "topic", "recorded_at", "recorder", "state", "leaf_hash"],
        "properties": {
            "position": number,
            "stream": text,
            "version": number,
            "topic": {"enum": list(classes)},
            "recorded_at": {"type": "string", "format": "date-time"},
            "recorder": text,
            "state": {"type": "object"},
            "leaf_hash": {"type": "string", "contentEncoding": "base64"},
        },
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"topic": {"const": topic}}},
                "then": {"properties": {"state": references[cls, "validation"]}},
            }
            for topic, cls in classes.items()
        ],
        "$defs": definitions["$defs"],
    }
