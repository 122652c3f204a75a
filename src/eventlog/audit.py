"""Verifying the log itself: every event is the one that was hashed when it was recorded, and the tree is whole.

Each stored hash is compared with what it was made of, so a fault is named where it is: an event that was changed, by
its position; one whose own hash was changed with it, by the few positions that are hashed together. Only a log that
was rewritten from some position to its end, all hashes with it, agrees with itself; what finds it is a checkpoint kept
elsewhere.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, bindparam, func, select

from domain.errors import Invalid, Problem
from eventlog.log import Recorded
from eventlog.merkle import HASH_BYTES, grow, hash_of, node_hash, root_of
from eventlog.sql import CompiledQuery
from eventlog.tables import EVENT, log, log_head
from eventlog.verify_proof import Checkpoint, NotProved

Advance = Callable[[int], None]
"""Told up to which position it is done."""
_NO_EVENT = bytes(HASH_BYTES)
_HEAD = CompiledQuery(select(log_head.c.position, log_head.c.recorded_at, log_head.c.frontier))
_BETWEEN = CompiledQuery(
    select(*EVENT, log.c.hashes)
    .where(log.c.position > bindparam("after"), log.c.position <= bindparam("until"))
    .order_by(log.c.position)
)
_NEXT = CompiledQuery(select(func.min(log.c.position)).where(log.c.position > bindparam("after")))
_BATCH = 2_000
_BEFORE_ALL = -(2**62)


def checkpoint_in(text: str) -> Checkpoint:
    """The checkpoint that somebody kept; Invalid for another text."""
    try:
        return Checkpoint.read(text)
    except NotProved as error:
        raise Invalid(f"against: {error}", problems=[Problem("against", text[:200], str(error))]) from error


def tree_faults(connection: Connection, advance: Advance, kept: Checkpoint | None = None) -> Iterator[str]:
    """Every fault of the log and its tree, a line each; compares its beginning with a checkpoint kept elsewhere."""
    stored: list[bytes | None] = []
    recomputed: list[bytes] = []
    root = root_of([]) if kept is not None and kept.size == 0 else None
    end, stamp = 0, ""
    for event, hashes in stored_rows(connection):
        if event.position < 1:
            yield f"log position {event.position}: there is no such position"
            continue
        if end < event.position - 1:
            yield _missing(end + 1, event.position - 1)
            # Nothing is known of the subtrees with a gap: what follows is compared among itself.
            end = event.position - 1
            stored, recomputed = [None] * end.bit_count(), [_NO_EVENT] * end.bit_count()
        if event.recorded_at < stamp:
            yield f"log position {event.position}: recorded at {event.recorded_at}, before the last one ({stamp})"
        leaf = _hash(event)
        grow(recomputed, end, leaf)
        yield from _event_faults(stored, end, leaf, hashes)
        end, stamp = event.position, event.recorded_at
        if kept is not None and kept.size == end:
            root = root_of(recomputed)
        advance(end)
    yield from _head_faults(connection, end, stamp, stored)
    if kept is not None:
        yield from _against(kept, end, root)


def stored_rows(connection: Connection) -> Iterator[tuple[Recorded, bytes]]:
    """Every event in order with the hashes that its row keeps, whatever is in them; a batch at a time is held."""
    after = _BEFORE_ALL
    # Not by counting up: a log that was tampered with may have a gap of any size.
    while (first := _NEXT.run(connection, after=after).fetchone()[0]) is not None:
        after = first + _BATCH - 1
        for *event, hashes in _BETWEEN.run(connection, after=first - 1, until=after).fetchall():
            yield Recorded._make(event), hashes if isinstance(hashes, bytes) else b""


def _event_faults(frontier: list[bytes | None], size: int, leaf: bytes, hashes: bytes) -> Iterator[str]:
    position = size + 1
    given = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
    completed = (position & -position).bit_length()  # how many subtrees this event completes
    if len(given) != completed or len(hashes) != completed * HASH_BYTES:
        yield f"log position {position}: has {len(hashes)} bytes of hashes, and not {completed * HASH_BYTES}"
        list(_join(frontier, [None] * completed))
        return
    if given[0] != leaf:
        yield f"log position {position}: the event is not the one that was recorded; its hash is another"
    for level in _join(frontier, given):
        first = position - (1 << level) + 1
        yield (
            f"log positions {first} to {position}: are not what was recorded; an event and its hash were changed, "
            f"or the hash of all of them, which position {position} keeps"
        )


def _join(frontier: list[bytes | None], given: list[bytes] | list[None]) -> Iterator[int]:
    """Adds a row's hashes as they are to the right edge; the heights at which one is not the hash of its two parts."""
    node = given[0]
    for level in range(1, len(given)):
        left, whole = frontier.pop(), given[level]
        if left is not None and node is not None and whole is not None and node_hash(left, node) != whole:
            yield level
        node = whole
    frontier.append(node)


def _missing(first: int, last: int) -> str:
    return f"log position {first}: missing" if first == last else f"log positions {first} to {last}: missing"


def _hash(event: Recorded) -> bytes:
    try:
        return hash_of(event)
    except TypeError:
        # SQLite keeps a value of any type in a column of any other: no append wrote this.
        return _NO_EVENT


def _head_faults(connection: Connection, end: int, stamp: str, stored: list[bytes | None]) -> Iterator[str]:
    row = _HEAD.run(connection).fetchone()
    if row is None:
        yield f"log_head: its row is missing; the log ends at {end} at {stamp!r}"
        return
    position, recorded_at, frontier = row
    if not isinstance(position, int):
        yield f"log_head: says position {position!r}, the log ends at {end} at {stamp!r}"
    elif position > end:
        yield _missing(end + 1, position)
    elif (position, recorded_at) != (end, stamp):
        yield f"log_head: says position {position} at {recorded_at!r}, the log ends at {end} at {stamp!r}"
    elif None not in stored and frontier != b"".join(node_hash or b"" for node_hash in stored):
        yield "log_head: the right edge of the tree is not that of the log's rows"


def _against(kept: Checkpoint, end: int, root: bytes | None) -> Iterator[str]:
    what = f"the checkpoint of {kept.size} events"
    if kept.size > end:
        yield f"{what}: the log has {end} events; those from position {end + 1} on are gone"
    elif root != kept.root:
        yield f"{what}: the log's first {kept.size} events are not those that it was given for; the log was rewritten"
