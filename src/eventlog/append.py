"""One append: a transaction that holds the lock on the head, and the only way into the log.

Positions follow the head without a gap, in the order of commit: the lock is held until the commit is visible,
so whoever reads position n sees every position before it, and an append that is refused gives its positions
back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter

from eventsourcing.persistence import IntegrityError
from sqlalchemy import Connection, Engine, bindparam, func, select, update

from domain.errors import RecordError
from eventlog.engine import driver_connection, writing, wrote
from eventlog.guards import Unguarded, guards_in_place
from eventlog.merkle import HASH_BYTES, grow, hash_of, root_of
from eventlog.records import Head, NewEvent, Recorded
from eventlog.sql import BulkInsert, CompiledQuery
from eventlog.tables import LOG_TRIGGERS, log, log_head

# FOR UPDATE makes PostgreSQL's writers queue at this row. SQLite's compiler leaves it out: BEGIN IMMEDIATE
# has locked.
_LOCK_HEAD = {
    dialect: CompiledQuery(
        select(log_head.c.position, log_head.c.recorded_at, log_head.c.frontier, guards_in_place(dialect))
        .where(log_head.c.id == 1)
        .with_for_update(of=log_head)
    )
    for dialect in LOG_TRIGGERS
}
"""Also asks whether the log is guarded: in the same statement, as each is a round trip."""
_MOVE_HEAD = CompiledQuery(
    update(log_head)
    .where(log_head.c.id == 1)
    .values(
        position=bindparam("to_position"),
        recorded_at=bindparam("to_recorded_at"),
        frontier=bindparam("to_frontier"),
    )
)
_INSERT = BulkInsert(log)
_VERSION = CompiledQuery(select(func.max(log.c.version)).where(log.c.stream == bindparam("stream")))


class VersionConflict(IntegrityError):
    """The stream is not at the version that the append expected."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream!r}: expected version {expected}, found {actual}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class ClockLeapt(RecordError):
    """The clock is further ahead of the last stamp than is believed; nothing was recorded."""


class Append:
    """What the holder of the lock works with: to look up, to append, and to write the read models."""

    __slots__ = (
        "_frontier",
        "_refused",
        "clock_fault",
        "connection",
        "head",
        "position",
        "recorded_at",
        "recorder",
        "stamped_before",
    )

    def __init__(self, connection: Connection, head: Head, frontier: bytes, recorder: str, recorded_at: str) -> None:
        self.connection = connection
        """The one transaction of the append and of the read models that it changes."""
        self.head = head.position
        """The last position before this append."""
        self.position = head.position
        """The last position as of now."""
        self.recorder = recorder
        self.recorded_at = recorded_at
        """The stamp of everything appended here.

        All events of a transaction share it, because nobody could ever have read some of them without the
        others; the next append's is later, so an instant names one state of the log, as a position does.
        """
        self.stamped_before = head.recorded_at
        """The last stamp before this append; empty of an empty log."""
        self._frontier = [frontier[at : at + HASH_BYTES] for at in range(0, len(frontier), HASH_BYTES)]
        self._refused: Exception | None = None
        self.clock_fault: str | None = None
        """Why nothing may be stamped now: the clock has leapt. What another log has stamped may still be adopted."""

    @property
    def root(self) -> bytes:
        """The root hash of the log as of now."""
        return root_of(self._frontier)

    def append(self, events: Sequence[NewEvent]) -> list[Recorded]:
        """Record the events in this order. Raises VersionConflict or ClockLeapt; nothing is then kept."""
        if self.clock_fault is not None:
            raise ClockLeapt(self.clock_fault)
        recorded_at, recorder = self.recorded_at, self.recorder
        recorded = [
            Recorded(position, stream, version, topic, state, recorded_at, recorder)
            for position, (stream, version, topic, state) in enumerate(events, self.position + 1)
        ]
        self._insert(recorded)
        return recorded

    def adopt(self, events: Sequence[Recorded]) -> None:
        """Record the next events of another log as they stand there: with their positions, stamps and recorders.

        The stamps must be those that an append could have made: the caller has checked the log that they come from.
        """
        if [event.position for event in events] != list(range(self.position + 1, self.position + 1 + len(events))):
            raise ValueError(f"the log goes on at position {self.position + 1}")
        self._insert(events)
        if events:
            self.recorded_at = events[-1].recorded_at

    def _insert(self, events: Sequence[Recorded]) -> None:
        if self._refused:
            raise self._refused
        try:
            rows = [(*event, grow(self._frontier, event.position - 1, hash_of(event))) for event in events]
            _INSERT.rows(self.connection, rows)
        except self.connection.dialect.loaded_dbapi.IntegrityError as error:
            self._refused = self._explain(events, error)
            raise self._refused from error
        except Exception as error:
            self._refused = error
            raise
        self.position += len(events)

    def touch(self) -> None:
        """Write the head as it is: the commit then shows whether the database takes writes."""
        self._move_head(self.stamped_before)

    def finish(self) -> None:
        """Move the head to where the log now ends; called once, before the commit."""
        if self._refused:
            # Some rows may be in and others not: whoever swallowed the error learns of it here, and none is kept.
            raise self._refused
        if self.position > self.head:
            self._move_head(self.recorded_at)

    def _move_head(self, recorded_at: str) -> None:
        _MOVE_HEAD.run(
            self.connection,
            to_position=self.position,
            to_recorded_at=recorded_at,
            to_frontier=b"".join(self._frontier),
        )

    def _explain(self, events: Sequence[Recorded], error: Exception) -> IntegrityError:
        driver_connection(self.connection).rollback()
        reached: dict[str, int] = {}
        for _, stream, version, *_ in events:
            if stream not in reached:
                reached[stream] = _VERSION.run(self.connection, stream=stream).fetchone()[0] or 0
            if version <= reached[stream]:
                return VersionConflict(stream, version - 1, reached[stream])
            reached[stream] = version
        return IntegrityError(str(error))


@contextmanager
def appending(
    engine: Engine,
    *,
    recorder: str,
    now: datetime,
    most_leap: timedelta | None = None,
    observers: Iterable[Callable[[float], None]] = (),
) -> Iterator[Append]:
    """Open a transaction and take the append lock; commit on a clean exit, roll back on an exception.

    A clock that is more than `most_leap` ahead of the last stamp may append nothing: one such stamp would make all
    later ones wrong until the true time has come up to it. None: any clock is believed.

    Raises Unguarded where the database would let anyone change the log. `observers` are given the seconds that it
    took, the wait for the lock included, where something was appended.
    """
    begun = perf_counter()
    with writing(engine) as connection:
        dialect = engine.dialect.name
        position, recorded_at, frontier, guards = _LOCK_HEAD[dialect].run(connection).fetchone()
        if guards != len(LOG_TRIGGERS[dialect]):
            raise Unguarded
        append = Append(connection, Head(position, recorded_at), frontier, recorder, stamp(now, recorded_at))
        append.clock_fault = None if most_leap is None else leap_fault(now, recorded_at, most_leap)
        yield append
        append.finish()
    if append.position > append.head:
        wrote(engine)
        for observe in observers:
            observe(perf_counter() - begun)


def leap_fault(now: datetime, last: str, most: timedelta) -> str | None:
    """What is wrong with a clock that has leapt ahead of the last stamp; None where it has not, or nothing is stamped.

    Where the service was only off for so long, the keeper says so.
    """
    if not last or now - datetime.fromisoformat(last) <= most:
        return None
    return (
        f"the clock says {_written(now)}, which is more than {most / timedelta(days=1):g} days after the last stamp "
        f"({last}): set it right, or, if it is right, run `dispute-timeline accept-clock`"
    )


def stamp(now: datetime, last: str) -> str:
    """`now` as the log writes it, or a microsecond after `last` where the clock has not passed that."""
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone")
    text = _written(now)
    return text if text > last else _written(datetime.fromisoformat(last) + timedelta(microseconds=1))


def _written(moment: datetime) -> str:
    # Always 27 characters, so that the order of the texts is the order of the moments.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
