"""The log's Merkle tree as the database keeps it: roots and proofs at any size that the log ever had.

Each node lies in the row of its last event, so what a proof is made of is some forty rows by their key, however long
the log.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from eventlog import merkle
from eventlog.merkle import HASH_BYTES, Hashes, Node, Span
from eventlog.records import Recorded
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.tables import EVENT, log, log_head

_HASHES = CompiledQuery(select(log.c.position, log.c.hashes).where(InList(log.c.position, "positions")))
_HEAD = CompiledQuery(select(log_head.c.position, log_head.c.recorded_at, log_head.c.frontier))


_BETWEEN = CompiledQuery(
    select(*EVENT, log.c.hashes)
    .where(log.c.position > bindparam("after"), log.c.position <= bindparam("until"))
    .order_by(log.c.position)
)


_NEXT = CompiledQuery(select(func.min(log.c.position)).where(log.c.position > bindparam("after")))
_BATCH = 2_000
_BEFORE_ALL = -(2**62)


class HeadRow(NamedTuple):
    """Where the log ends, as `log_head` has it."""

    position: int
    recorded_at: str
    frontier: bytes


class NodeMissing(LookupError):
    """A node that the database should have is not there: the log was tampered with."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"log position {node.last + 1}: the hash of positions {node.first + 1} to {node.last + 1}")


def stored_root(connection: Connection, size: int) -> bytes:
    """The root of the first `size` events."""
    return merkle.root(size, _fetched(connection, Span(0, size).nodes()))


def stored_inclusion(connection: Connection, position: int, size: int) -> list[bytes]:
    """The audit path of the event at a position in the tree of the first `size` events."""
    path = merkle.inclusion(position - 1, size)
    return merkle.proof(path, _fetched(connection, merkle.nodes(path)))


def stored_consistency(connection: Connection, first: int, second: int) -> list[bytes]:
    """The proof that the tree of the first `second` events only adds to that of the first `first`."""
    path = merkle.consistency(first, second)
    return merkle.proof(path, _fetched(connection, merkle.nodes(path)))


def stored(connection: Connection, node: Node) -> bytes:
    """The hash of a full subtree."""
    return _fetched(connection, [node])(node)


def head_row(connection: Connection) -> HeadRow:
    """The row that appends lock."""
    return HeadRow._make(_HEAD.run(connection).fetchone())


def rows(connection: Connection) -> Iterator[tuple[Recorded, bytes]]:
    """Every event in order with the hashes that its row keeps, whatever is in them; a batch at a time is held."""
    after = _BEFORE_ALL
    # Not by counting up: a log that was tampered with may have a gap of any size.
    while (first := _NEXT.run(connection, after=after).fetchone()[0]) is not None:
        after = first + _BATCH - 1
        for *event, hashes in _BETWEEN.run(connection, after=first - 1, until=after).fetchall():
            yield Recorded._make(event), hashes if isinstance(hashes, bytes) else b""


def _fetched(connection: Connection, nodes: Iterable[Node]) -> Hashes:
    positions = {node.last + 1 for node in nodes}
    rows = _HASHES.run(connection, positions=list_param(connection, positions)) if positions else ()
    stored_hashes = dict(iter(rows))

    def hash_of(node: Node) -> bytes:
        at = node.level * HASH_BYTES
        hash_ = bytes(stored_hashes.get(node.last + 1, b"")[at : at + HASH_BYTES])
        if len(hash_) != HASH_BYTES:
            raise NodeMissing(node)
        return hash_

    return hash_of
