"""The Merkle tree of RFC 6962 (section 2.1) over leaves numbered from 0: hashes, roots and proofs.

Pure functions. A *node* is a subtree that is full: `Node(level, place)` has the leaves from `place << level` on,
`1 << level` of them. Once full it never changes, so a proof at any size that the log ever had is made of the same
nodes. A *frontier* is the right edge: the hashes of the full subtrees that a tree of some size falls into, the largest
first; one for each bit of the size, so at most 62 of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from eventlog.records import Recorded

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """A full subtree: its height, and its place among those as high."""

    level: int
    place: int

    @property
    def first(self) -> int:
        """Its first leaf."""
        return self.place << self.level

    @property
    def last(self) -> int:
        """Its last leaf: the one whose arrival completed it."""
        return ((self.place + 1) << self.level) - 1


class Span(NamedTuple):
    """The leaves from `start` to before `end`, as the RFC's definitions split a tree: D[start:end]."""

    start: int
    end: int

    def nodes(self) -> list[Node]:
        """The full subtrees that it falls into, from the left, the largest first."""
        subtrees = []
        start, size = self
        size -= start
        while size:
            level = size.bit_length() - 1
            subtrees.append(Node(level, start >> level))
            start += 1 << level
            size -= 1 << level
        return subtrees


Hashes = Callable[[Node], bytes]
"""The hash of a full subtree."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes: SHA-256(0x00 || leaf)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def grow(frontier: list[bytes], size: int, leaf: bytes) -> bytes:
    """Adds a leaf's hash to the frontier of a tree of a size, in place; returns the hashes of what it completed.

    These are one after another: the leaf itself, then the subtrees of 2, 4, 8 ... leaves that end with it.
    """
    completed = leaf
    node = leaf
    while size & 1:
        node = sha256(b"\x01" + frontier.pop() + node).digest()
        completed += node
        size >>= 1
    frontier.append(node)
    return completed


def root_of(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree whose right edge this is."""
    if not frontier:
        return EMPTY_ROOT
    *larger, root = frontier
    for left in reversed(larger):
        root = node_hash(left, root)
    return root


def root(size: int, hashes: Hashes) -> bytes:
    """The root of the first `size` leaves."""
    return _hash_of(Span(0, size), hashes)


def inclusion(index: int, size: int) -> list[Span]:
    """PATH(m, D[n]): the subtrees whose hashes prove that leaf `index` is in the tree of `size` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int) -> list[Span]:
    """PROOF(m, D[n]): the subtrees whose hashes prove that the tree of `first` leaves was only added to since.

    Nothing need be proved of an empty tree, nor of one and the same.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} does not grow from one of {first}")
    if first in {0, second}:
        return []
    path = []
    start, end = 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(Span(middle, end))
            end = middle
        else:
            path.append(Span(start, middle))
            start = middle
    # The old tree as a whole, if it is a subtree of the new one, is known to whoever asks: SUBPROOF with b = true.
    if start:
        path.append(Span(start, end))
    return path[::-1]


def proof(path: Iterable[Span], hashes: Hashes) -> list[bytes]:
    """The hashes that a proof consists of."""
    return [_hash_of(span, hashes) for span in path]


def nodes(spans: Iterable[Span]) -> Iterator[Node]:
    """The nodes that the hashes of spans are worked out from: what to fetch, all at once."""
    for span in spans:
        yield from span.nodes()


def _hash_of(span: Span, hashes: Hashes) -> bytes:
    return root_of([hashes(node) for node in span.nodes()])


def _split(size: int) -> int:
    """The largest power of two smaller than a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


class _Leaf(msgspec.Struct):
    """The members in their order. The state is spliced in byte for byte."""

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: str
    recorder: str
    state: msgspec.Raw


_encode = msgspec.json.Encoder().encode


def leaf_of(event: Recorded) -> bytes:
    """The bytes of an event's leaf: JSON wherever its state is JSON, and never the same for two different events."""
    position, stream, version, topic, state, recorded_at, recorder = event
    return _encode(_Leaf(position, stream, version, topic, recorded_at, recorder, msgspec.Raw(state)))


def hash_of(event: Recorded) -> bytes:
    """The hash of an event's leaf."""
    return leaf_hash(leaf_of(event))


class LeafRefused(ValueError):
    """Bytes that are no leaf as this log writes it."""


_decode = msgspec.json.Decoder(_Leaf, strict=True).decode


def event_from_leaf(leaf: bytes) -> Recorded:
    """The event whose leaf these bytes are; LeafRefused for any others, be it by one space."""
    try:
        fields = _decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LeafRefused(str(error)) from error
    event = Recorded(
        fields.position,
        fields.stream,
        fields.version,
        fields.topic,
        bytes(fields.state),
        fields.recorded_at,
        fields.recorder,
    )
    if leaf_of(event) != leaf:
        raise LeafRefused("it is not written as the log writes it")
    return event
