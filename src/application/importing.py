"""Importing: an exported log into an empty database, whole or not at all, read models included.

Events keep their positions, stamps and recorders, so the root hash and every answer are those of the log that was
exported. The copy signs with a key of its own: who answers for it is another question than what is in it (ADR 0009).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, TypeVar

import msgspec

from application.exporting import FORMAT, VERSION, Footer, Header, Progress, header_hash, leaf_in
from application.service import Service
from application.verify_proof import Checkpoint, Key, NotProved
from application.verifying import broken_streams
from application.writing import write
from domain.errors import Refused
from eventlog.append import stamp
from eventlog.leaves import event_of
from eventlog.log import Append, Recorded
from projections.mapping import MAPPER

BATCH = 2_000
# Far longer than any event that can be recorded: a file of something else is not read into memory.
LONGEST_LINE = 64 * 1024 * 1024
T = TypeVar("T")


class _Lines:
    """A file's lines, and the number of the one that was read last."""

    def __init__(self, file: BinaryIO) -> None:
        self.number = 0
        self._file = file

    def next(self, what: str) -> bytes:
        """The next line without its end."""
        self.number += 1
        line = self._file.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self.refused(f"the file ends before the end of {what}")
        return line[:-1]

    def read(self, line: bytes, kind: type[T]) -> T:
        """The JSON of a line."""
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self.refused(str(error)) from error

    def end(self) -> None:
        """Refuses anything more."""
        self.number += 1
        if self._file.read(1):
            raise self.refused("the file goes on after its checkpoint")

    def refused(self, why: object) -> Refused:
        """What is wrong with the line that was read last."""
        return Refused(f"line {self.number}: {why}; nothing was imported")


def import_log(
    service: Service,
    file: BinaryIO,
    progress: Progress = lambda _done, _total: None,
    *,
    key: str | None = None,
) -> int:
    """Imports an exported log, and returns how many events it has.

    Raises Refused, naming the line, for a file that is broken, cut off or tampered with, or signed by another `key`
    than the one expected; and for a database in which there is anything already.
    """
    lines = _Lines(file)
    first = lines.next("its header")
    header = lines.read(first, Header)
    if (header.format, header.version) != (FORMAT, VERSION):
        raise lines.refused(f"this is {header.format!r}, version {header.version}, and not {FORMAT!r}, {VERSION}")
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
    return header.events


def _batches(lines: _Lines, events: int) -> Iterator[list[Recorded]]:
    batch: list[Recorded] = []
    last = ""
    for position in range(1, events + 1):
        line = lines.next(f"event {position} of {events}")
        try:
            event = event_of(leaf_in(line))
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
        if len(batch) == BATCH:
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
        write(service, append, batch)
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
    lines.end()
