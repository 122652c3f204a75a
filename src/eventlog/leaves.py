"""What of an event is hashed: its leaf, all that the log keeps of it as one line of compact JSON.

This form is for ever. Whoever has a proof hashes these bytes, so a member is never added, renamed or moved.
"""

from __future__ import annotations

import msgspec

from eventlog.merkle import leaf_hash
from eventlog.records import Recorded


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


def event_of(leaf: bytes) -> Recorded:
    """The event whose leaf these bytes are; LeafRefused for any others, be it by one space."""
    try:
        its = _decode(leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LeafRefused(str(error)) from error
    event = Recorded(its.position, its.stream, its.version, its.topic, bytes(its.state), its.recorded_at, its.recorder)
    if leaf_of(event) != leaf:
        raise LeafRefused("it is not written as the log writes it")
    return event
