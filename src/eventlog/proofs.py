"""Proving: what the log says of itself so that others can check it, at any size that it ever had.

Every answer is of one snapshot. Signing is deterministic: the same size has the same checkpoint, byte for byte. The key
is Ed25519, made with the database, in a table of its own and in no answer. Notes are signed as C2SP's signed-note and
tlog-checkpoint say, so any tool that knows those can check them.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import CheckConstraint, Column, Connection, Integer, LargeBinary, MetaData, Table, Text, insert, select

from domain.errors import Invalid, NotFound, Problem, Refused
from eventlog import tree
from eventlog.engine import reading
from eventlog.log import EventLog, Recorded
from eventlog.merkle import Node, hash_of, leaf_of
from eventlog.verify_proof import Key

PROOF_FORMAT = "dispute-timeline/proof"
PROOF_VERSION = 1


_log_key = Table(
    "log_key",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("private", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="log_key_is_one_row"),
)
# Eight hexadecimal digits tell the logs of this program apart for a reader; what identifies one is its key.
_ID_BYTES = 4


def create_key(connection: Connection) -> None:
    """Makes the table, and the log's name and key: once, when the database is made."""
    _log_key.create(connection)
    name = f"dispute-timeline/{token_hex(_ID_BYTES)}"
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    connection.execute(insert(_log_key).values(id=1, name=name, private=private))


def drop_key(connection: Connection) -> None:
    """Drops the table and the key with it."""
    _log_key.drop(connection)


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs for a log under its name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> Key:
        """What others check its signatures with."""
        return Key(self.name, self.private.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note that says: the first `size` events have this root."""
        text = f"{self.name}\n{size}\n{b64encode(root).decode()}\n"
        signature = b64encode(self.key.hash + self.private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


def signer(connection: Connection) -> Signer:
    """The log's own."""
    name, private = connection.execute(select(_log_key.c.name, _log_key.c.private)).one()
    return Signer(name, Ed25519PrivateKey.from_private_bytes(private))


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
