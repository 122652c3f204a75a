"""Proving: what the log says of itself so that others can check it, at any size that it ever had.

Each node of the log's Merkle tree lies in the row of its last event, so what a proof is made of is some forty rows by
their key, however long the log.

Every answer is of one snapshot. Signing is deterministic: the same size has the same checkpoint, byte for byte. The key
is Ed25519, made with the database, in a table of its own and in no answer. Notes are signed as C2SP's signed-note and
tlog-checkpoint say, so any tool that knows those can check them.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    select,
    update,
)

from domain.errors import Invalid, NotFound, Problem, Refused
from eventlog import merkle, tables
from eventlog.engine import reading
from eventlog.log import EventLog, Recorded
from eventlog.merkle import HASH_BYTES, Hashes, Node, Span, hash_of, leaf_of
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.verify_proof import Key

_log_key = Table(
    "log_key",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("private", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="log_key_is_one_row"),
)
_named_keys = Table(
    "log_keys",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("events", BigInteger, nullable=False),
)
"""The verifier keys that the log began with. What replaced a key later is an event of the log.

`events`: 0 of the key made with the database; of the key of a log that was imported, how many events came with it.
"""
# Eight hexadecimal digits tell the logs of this program apart for a reader; what identifies one is its key.
_ID_BYTES = 4


def create_key(connection: Connection) -> None:
    """Makes the table, and the log's name and key: once, when the database is made."""
    _log_key.create(connection)
    name = f"dispute-timeline/{token_hex(_ID_BYTES)}"
    private = Ed25519PrivateKey.generate().private_bytes_raw()
    connection.execute(insert(_log_key).values(id=1, name=name, private=private))


def create_named_keys(connection: Connection) -> None:
    """Makes the table of the keys that the log began with, and names the one that now signs."""
    _named_keys.create(connection)
    name_key(connection, signer(connection).key, 0)


def drop_named_keys(connection: Connection) -> None:
    _named_keys.drop(connection)


def name_key(connection: Connection, key: Key, events: int) -> None:
    """Names a key by which the log, or the first `events` of it, was signed when it came here."""
    connection.execute(insert(_named_keys).values(key=str(key), events=events))


def named_keys(connection: Connection) -> dict[str, int]:
    """The verifier keys that the log began with, and of how many events each came with them."""
    return dict(map(tuple, connection.execute(select(_named_keys))))


def replace_key(connection: Connection) -> tuple[Key, Key]:
    """Makes the log another key under its name; the one before, and the one that signs from now on."""
    before = signer(connection)
    private = Ed25519PrivateKey.generate()
    connection.execute(update(_log_key).values(private=private.private_bytes_raw()))
    return before.key, Signer(before.name, private).key


def drop_key(connection: Connection) -> None:
    _log_key.drop(connection)


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs for a log under its name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def key(self) -> Key:
        return Key(self.name, self.private.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> str:
        """The signed note that says: the first `size` events have this root."""
        text = f"{self.name}\n{size}\n{b64encode(root).decode()}\n"
        signature = b64encode(self.key.hash + self.private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


def signer(connection: Connection) -> Signer:
    name, private = connection.execute(select(_log_key.c.name, _log_key.c.private)).one()
    return Signer(name, Ed25519PrivateKey.from_private_bytes(private))


_HASHES = CompiledQuery(
    select(tables.log.c.position, tables.log.c.hashes).where(InList(tables.log.c.position, "positions"))
)


class NodeMissing(LookupError):
    """A node that the database should have is not there: the log was tampered with."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"log position {node.last + 1}: the hash of positions {node.first + 1} to {node.last + 1}")


def stored_root(connection: Connection, size: int) -> bytes:
    """The root of the first `size` events."""
    return merkle.root(size, _fetched(connection, Span(0, size).nodes()))


def _stored_proof(connection: Connection, path: list[Span]) -> list[str]:
    return [_base64(hash_) for hash_ in merkle.proof(path, _fetched(connection, merkle.nodes(path)))]


def _fetched(connection: Connection, nodes: Iterable[Node]) -> Hashes:
    positions = {node.last + 1 for node in nodes}
    rows = _HASHES.run(connection, positions=list_param(connection, positions)) if positions else ()
    stored_hashes = dict(iter(rows))

    def hash_at(node: Node) -> bytes:
        at = node.level * HASH_BYTES
        hash_ = bytes(stored_hashes.get(node.last + 1, b"")[at : at + HASH_BYTES])
        if len(hash_) != HASH_BYTES:
            raise NodeMissing(node)
        return hash_

    return hash_at


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
        return signer(self.connection).checkpoint(size, stored_root(self.connection, size))

    def leaf(self, position: int) -> bytes:
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
            "root": _base64(stored_root(self.connection, size)),
            "hashes": _stored_proof(self.connection, merkle.inclusion(position - 1, size)),
        }

    def consistency(self, first: int, second: int) -> dict[str, Any]:
        """That the log of `second` events only adds to that of the `first` ones."""
        if self._size(first) > self._size(second):
            raise _invalid("from", first, f"a log of {second} events does not grow from one of {first}")
        hashes = _stored_proof(self.connection, merkle.consistency(first, second))
        return {"from": first, "to": second, "hashes": hashes}

    def entry(self, id_: str) -> dict[str, Any]:
        """Everything recorded of an entry, and that the log has it: what `verify-proof` reads."""
        events = self.log.stream(self.connection, f"entry:{id_}")
        if not events:
            raise NotFound(f"no entry {id_!r} is on record")
        return {
            "format": "dispute-timeline/proof",
            "version": 1,
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
        leaf = Node(0, event.position - 1)
        if hash_ != _fetched(self.connection, [leaf])(leaf):
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
    with reading(log.engine) as connection:
        yield Proofs(log, connection, log.head(connection).position)


def _invalid(name: str, value: int, message: str) -> Invalid:
    return Invalid(f"{name}: {message}", problems=[Problem(name, value, message)])


def _base64(hash_: bytes) -> str:
    return b64encode(hash_).decode()
