"""One append: a transaction that holds the lock on the head, and the only way into the log.

Positions follow the head without a gap, in the order of commit: the lock is held until the commit is visible,
so whoever reads position n sees every position before it, and an append that is refused gives its positions
back.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from eventsourcing.persistence import IntegrityError
from sqlalchemy import Connection, Engine, bindparam, func, select, update

from eventlog.engine import writing
from eventlog.records import Head, NewEvent, Recorded
from eventlog.statements import Insert, Statement
from eventlog.tables import log, log_head

# FOR UPDATE makes PostgreSQL's writers queue at this row. SQLite's compiler leaves it out: BEGIN IMMEDIATE
# has locked.
_LOCK_HEAD = Statement(select(log_head.c.position, log_head.c.recorded_at).where(log_head.c.id == 1).with_for_update())
_MOVE_HEAD = Statement(
    update(log_head)
    .where(log_head.c.id == 1)
    .values(position=bindparam("to_position"), recorded_at=bindparam("to_recorded_at"))
)
_INSERT = Insert(log)
_VERSION = Statement(select(func.max(log.c.version)).where(log.c.stream == bindparam("stream")))


class VersionConflict(IntegrityError):
    """The stream is not at the version that the append expected."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"stream {stream!r}: expected version {expected}, found {found}")
        self.stream = stream
        self.expected = expected
        self.found = found


class Append:
    """What the holder of the lock works with: to look up, to append, and to write the read models."""

    __slots__ = ("_refused", "connection", "head", "position", "recorded_at", "recorder")

    def __init__(self, connection: Connection, head: Head, recorder: str, recorded_at: str) -> None:
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
        self._refused: IntegrityError | None = None

    def append(self, events: Sequence[NewEvent]) -> list[Recorded]:
        """Record the events in this order. Raises VersionConflict; nothing of this append is then kept."""
        if self._refused:
            raise self._refused
        recorded_at, recorder = self.recorded_at, self.recorder
        recorded = [
            Recorded(position, stream, version, topic, state, recorded_at, recorder)
            for position, (stream, version, topic, state) in enumerate(events, self.position + 1)
        ]
        try:
            _INSERT.rows(self.connection, recorded)
        except self.connection.dialect.loaded_dbapi.IntegrityError as error:
            self._refused = self._explain(events, error)
            raise self._refused from error
        self.position += len(recorded)
        return recorded

    def finish(self) -> None:
        """Move the head to where the log now ends; called once, before the commit."""
        if self._refused:
            # The transaction is gone: whoever swallowed the conflict learns of it here.
            raise self._refused
        if self.position > self.head:
            _MOVE_HEAD.run(self.connection, to_position=self.position, to_recorded_at=self.recorded_at)

    def _explain(self, events: Sequence[NewEvent], error: Exception) -> IntegrityError:
        self.connection.rollback()
        reached: dict[str, int] = {}
        for stream, version, _, _ in events:
            if stream not in reached:
                reached[stream] = _VERSION.run(self.connection, stream=stream).fetchone()[0] or 0
            if version <= reached[stream]:
                return VersionConflict(stream, version - 1, reached[stream])
            reached[stream] = version
        return IntegrityError(str(error))


@contextmanager
def appending(engine: Engine, *, recorder: str, now: datetime) -> Iterator[Append]:
    """Open a transaction and take the append lock; commit on a clean exit, roll back on an exception."""
    with writing(engine) as connection:
        head = Head._make(_LOCK_HEAD.run(connection).fetchone())
        append = Append(connection, head, recorder, stamp(now, head.recorded_at))
        yield append
        append.finish()


def stamp(now: datetime, last: str) -> str:
    """`now` as the log writes it, or a microsecond after `last` where the clock has not passed that."""
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone")
    text = _written(now)
    return text if text > last else _written(datetime.fromisoformat(last) + timedelta(microseconds=1))


def _written(moment: datetime) -> str:
    # Always 27 characters, so that the order of the texts is the order of the moments.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
