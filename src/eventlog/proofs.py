"""Proving: what the log says of itself so that others can check it, at any size that it ever had.

Every answer is of one snapshot. Signing is deterministic: the same size has the same checkpoint, byte for byte.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from domain.errors import Invalid, NotFound, Problem, Refused
from eventlog import tree
from eventlog.engine import reading
from eventlog.log import EventLog, Recorded
from eventlog.merkle import Node, hash_of, leaf_of
from eventlog.signing import signer

PROOF_FORMAT = "dispute-timeline/proof"
PROOF_VERSION = 1


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the log proves in one snapshot of it."""

    log: EventLog
    connection: Connection
    head: int

    @property
    def key(self) -> str:
        """The verifier key: what every signature here is checked with."""
        return str(signer(self.connection).key)

    def checkpoint(self, size: int | None = None) -> str:
        """The signed note of the first `size` events (left out: all)."""
        size = self._size(size)
        return signer(self.connection).checkpoint(size, tree.stored_root(self.connection, size))

    def leaf(self, position: int) -> bytes:
        """The bytes of the event at a position, as hashed."""
        return leaf_of(self._event(position))

    def inclusion(self, position: int, size: int | None = None) -> dict[str, Any]:
        """That the event at a position is one of the first `size`: its hash, the root, and the path between them."""
        event, size = self._event(position), self._size(size)
        if position > size:
            raise _invalid("size", size, f"position {position} is not among the first {size} events")
        return {
            "position": position,
            "size": size,
            "leaf_hash": _base64(self._leaf_hash(event)),
            "root": _base64(tree.stored_root(self.connection, size)),
            "hashes": _all_base64(tree.stored_inclusion(self.connection, position, size)),
        }

    def consistency(self, first: int, second: int) -> dict[str, Any]:
        """That the log of `second` events only adds to that of the `first` ones."""
        if self._size(first) > self._size(second):
            raise _invalid("from", first, f"a log of {second} events does not grow from one of {first}")
        hashes = tree.stored_consistency(self.connection, first, second)
        return {"from": first, "to": second, "hashes": _all_base64(hashes)}

    def entry(self, id_: str) -> dict[str, Any]:
        """Everything recorded of an entry, and that the log has it: what `verify-proof` reads."""
        events = self.log.stream(self.connection, f"entry:{id_}")
        if not events:
            raise NotFound(f"no entry {id_!r} is on record")
        return {
            "format": PROOF_FORMAT,
            "version": PROOF_VERSION,
            "entry": id_,
            "key": self.key,
            "checkpoint": self.checkpoint(),
            "events": [self._shown(event) for event in events],
        }

    def _shown(self, event: Recorded) -> dict[str, Any]:
        inclusion = self.inclusion(event.position)
        return {
            "position": event.position,
            "leaf": leaf_of(event).decode(),
            "leaf_hash": inclusion["leaf_hash"],
            "hashes": inclusion["hashes"],
        }

    def _leaf_hash(self, event: Recorded) -> bytes:
        hash_ = hash_of(event)
        if hash_ != tree.stored(self.connection, Node(0, event.position - 1)):
            # A proof of it would be false, and whoever checked it would learn no more than this.
            raise Refused(f"log position {event.position}: this is not the event that was recorded there; see `verify`")
        return hash_

    def _event(self, position: int) -> Recorded:
        if not 1 <= position <= self.head:
            raise NotFound(f"the log has positions 1 to {self.head}, and not {position}")
        return next(self.log.read(self.connection, after=position - 1, limit=1))

    def _size(self, size: int | None) -> int:
        if size is None:
            return self.head
        if not 0 <= size <= self.head:
            raise NotFound(f"the log has {self.head} events, and not {size}")
        return size


@contextmanager
def proving(log: EventLog) -> Iterator[Proofs]:
    """What the log can now prove."""
    with reading(log.engine) as connection:
        yield Proofs(log, connection, log.head(connection).position)


def _invalid(name: str, value: int, message: str) -> Invalid:
    return Invalid(f"{name}: {message}", problems=[Problem(name, value, message)])


def _base64(hash_: bytes) -> str:
    return b64encode(hash_).decode()


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(hash_) for hash_ in hashes]
