"""The key that signs for the log: replaced by an event of the log, and compared with what the log says of it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from application.recording import write_read_models
from application.service import Service
from domain.keeping import SigningKeyReplaced
from eventlog.log import NewEvent, Recorded
from eventlog.mapper import Unreadable
from eventlog.proofs import named_keys, replace_key, signer
from eventlog.verify_proof import Checkpoint, Key, NotProved
from projections.projector import MAPPER

KEY_STREAM = "log:key"


def replace_signing_key(service: Service, *, reason: str, recorder: str) -> SigningKeyReplaced:
    """Makes the log another key and records that, in one transaction. What was signed before stays as it was."""
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        before, after = replace_key(append.connection)
        event = SigningKeyReplaced(before=str(before), after=str(after), reason=reason)
        version = len(service.log.stream(append.connection, KEY_STREAM)) + 1
        new: NewEvent = MAPPER.new(KEY_STREAM, version, event)
        write_read_models(service, append, append.append([new]))
    return event


def key_faults(service: Service, connection: Connection, kept: Checkpoint | None = None) -> Iterator[str]:
    """Where the key that signs is not the one that the log names; also where none of its keys signed a checkpoint."""
    first = named_keys(connection)
    imported = max(first.values(), default=0)
    own = [key for key, events in first.items() if events == 0]
    if len(own) != 1:
        yield f"log_keys: names {len(own)} keys that the log began with here, and not one"
        return
    named, since, known = own[0], 0, set(first)
    for recorded, event in _replacements(service, connection):
        known |= {event.before, event.after}
        if recorded.position > imported:
            if event.before != named:
                where = f"log position {recorded.position}"
                yield f"{where}: replaces the key {event.before}, and the log was signed by {named}"
            named, since = event.after, recorded.position
    present = str(signer(connection).key)
    if present != named:
        where = f"since position {since}" if since else "from its first event on"
        yield f"log_key: the log is signed by {present}, and names {named} {where}: its key was replaced"
        known.discard(present)
    if kept is not None:
        yield from _signature_faults(kept, [Key.read(key) for key in sorted(known)])


def _signature_faults(kept: Checkpoint, known: list[Key]) -> Iterator[str]:
    what = f"the checkpoint of {kept.size} events"
    signed_by = [key for key in known if kept.by(key)]
    if not signed_by:
        yield f"{what}: is signed by none of the keys that the log names"
    for key in signed_by:
        try:
            kept.check(key)
        except NotProved as error:
            yield f"{what}: {error}"


def _replacements(service: Service, connection: Connection) -> Iterator[tuple[Recorded, SigningKeyReplaced]]:
    for recorded in service.log.stream(connection, KEY_STREAM):
        try:
            event = MAPPER.event(recorded)
        except Unreadable:
            continue  # `verify` names it among the events that cannot be read
        if isinstance(event, SigningKeyReplaced):
            yield recorded, event
