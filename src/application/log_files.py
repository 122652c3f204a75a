"""Export writes the log to a file; import reads one into an empty database, whole or not at all.

Events keep their positions, stamps and recorders, so the root hash and every answer are those of the log that was
exported. The copy signs with a key of its own: who answers for it is another question than what is in it (ADR 0009).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO, TypeVar

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from application.recording import write_read_models
from application.service import Progress, Service
from application.verifying.verify import broken_streams
from domain.errors import Refused
from domain.events import EVENT_CLASSES
from eventlog.append import stamp
from eventlog.audit import stored_rows
from eventlog.log import Append, Recorded
from eventlog.mapper import topic_of
from eventlog.merkle import HASH_BYTES, event_from_leaf, grow, leaf_hash, leaf_of, root_of
from eventlog.proofs import name_key, signer, stored_root
from eventlog.verify_proof import Checkpoint, Key, NotProved
from projections.projector import MAPPER

EXPORT_FORMAT = "dispute-timeline/log"
EXPORT_VERSION = 1

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
        own_signer = signer(connection)
        schema = msgspec.Raw(msgspec.json.encode(_schema()))
        header = msgspec.json.encode(Header(EXPORT_FORMAT, EXPORT_VERSION, events, str(own_signer.key), schema))
        file.write(header + b"\n")
        frontier: list[bytes] = []
        done = 0
        for event, hashes in stored_rows(connection):
            leaf = leaf_of(event)
            hash_ = leaf_hash(leaf)
            if event.position != done + 1 or hashes[:HASH_BYTES] != hash_:
                raise Refused(f"log position {done + 1}: this is not the event that was recorded there; see `verify`")
            done = event.position
            grow(frontier, done - 1, hash_)
            file.write(line_of(leaf, hash_) + b"\n")
            if done % 1_000 == 0:
                progress(done, events)
        root = root_of(frontier)
        if done != events or root != stored_root(connection, events):
            raise Refused("the log does not agree with its own tree; see `verify`")
        footer = Footer(own_signer.checkpoint(events, root), header_hash(header))
        file.write(msgspec.json.encode(footer) + b"\n")
    progress(events, events)
    return events


def header_hash(line: bytes) -> str:
    """The SHA-256 of the first line, which the last line repeats."""
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


IMPORT_BATCH = 2_000
# Far longer than any event that can be recorded: a file of something else is not read into memory.
LONGEST_LINE = 64 * 1024 * 1024
T = TypeVar("T")


class _Lines:
    """A file's lines, and the number of the one that was read last."""

    def __init__(self, file: BinaryIO) -> None:
        self.number = 0
        self.file = file

    def next(self, what: str) -> bytes:
        """The next line without its end."""
        self.number += 1
        line = self.file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self.refused(f"the file ends before the end of {what}")
        return line[:-1]

    def read(self, line: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self.refused(str(error)) from error

    def refused(self, why: object) -> Refused:
        return Refused(f"line {self.number}: {why}; nothing was imported")


def import_log(
    service: Service, file: BinaryIO, progress: Progress = lambda _done, _total: None, *, key: str | None = None
) -> int:
    """Imports an exported log, and returns how many events it has.

    Raises Refused, naming the line, for a file that is broken, cut off or tampered with, or signed by another `key`
    than the one expected; and for a database in which there is anything already.
    """
    lines = _Lines(file)
    first = lines.next("its header")
    header = lines.read(first, Header)
    if (header.format, header.version) != (EXPORT_FORMAT, EXPORT_VERSION):
        raise lines.refused(
            f"this is {header.format!r}, version {header.version}, and not {EXPORT_FORMAT!r}, {EXPORT_VERSION}"
        )
    if key is not None and header.key != key.strip():
        raise lines.refused(f"the log is signed by {header.key}, and not by the key expected")
    with service.log.appending(recorder="import-log", now=service.now()) as append:
        if append.head:
            raise Refused(f"a log is imported only into an empty database; this one has {append.head} events")
        for batch in _batches(lines, header.events):
            _adopt(service, append, batch, lines)
            progress(append.position, header.events)
        _sealed(lines, header, first, append)
        for fault in broken_streams(append.connection):
            raise Refused(f"{fault}; nothing was imported")
        name_key(append.connection, Key.read(header.key), header.events)
    return header.events


def _batches(lines: _Lines, events: int) -> Iterator[list[Recorded]]:
    batch: list[Recorded] = []
    last = ""
    for position in range(1, events + 1):
        line = lines.next(f"event {position} of {events}")
        try:
            event = event_from_leaf(leaf_in(line))
            if event.position != position:
                raise ValueError(f"position {event.position} where {position} was to come")  # noqa: TRY301 - told as the others
            if event.recorded_at != last:
                _check_stamp(event.recorded_at, last)
            MAPPER.event(event)
        except Exception as error:
            # Decoders raise what they like: it is the file's fault, and the line is what helps.
            raise lines.refused(error) from error
        last = event.recorded_at
        batch.append(event)
        if len(batch) == IMPORT_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_stamp(text: str, last: str) -> None:
    if stamp(datetime.fromisoformat(text), "") != text:
        raise ValueError(f"recorded_at is {text!r}, which is not how the log writes an instant")
    if text < last:
        raise ValueError(f"recorded_at is {text}, before the event before it ({last})")


def _adopt(service: Service, append: Append, batch: list[Recorded], lines: _Lines) -> None:
    try:
        append.adopt(batch)
        write_read_models(service, append, batch)
    except service.engine.dialect.loaded_dbapi.Error:
        raise  # the database's fault, not the file's
    except Exception as error:
        # The events can be read, but not be a log together: a version twice, a correction of nothing.
        raise Refused(
            f"lines {lines.number - len(batch) + 1} to {lines.number}: {error}; nothing was imported"
        ) from error


def _sealed(lines: _Lines, header: Header, first: bytes, append: Append) -> None:
    """Checks the last line: the checkpoint is of these events, and signed by the key that the header names."""
    footer = lines.read(lines.next("its checkpoint"), Footer)
    try:
        checkpoint = Checkpoint.read(footer.checkpoint)
        checkpoint.check(Key.read(header.key))
    except NotProved as error:
        raise lines.refused(error) from error
    if (checkpoint.size, checkpoint.root) != (append.position, append.root):
        raise lines.refused("the checkpoint is not that of the events before it")
    if footer.header != header_hash(first):
        raise lines.refused("line 1 is not the header that was written")
    if lines.file.read(1):
        lines.number += 1
        raise lines.refused("the file goes on after its checkpoint")
