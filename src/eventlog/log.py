"""The log as the application uses it: append under the lock, read in order, by stream, or where it ends."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, select

from eventlog.append import Append, VersionConflict, appending
from eventlog.records import Head, NewEvent, Recorded
from eventlog.statements import Statement
from eventlog.tables import EVENT, log

__all__ = ["Append", "EventLog", "Head", "NewEvent", "Recorded", "VersionConflict"]

# Large enough that the query is a small part of a batch's cost, small enough that a batch is a few megabytes.
_BATCH = 2_000

_END = Statement(select(log.c.position, log.c.recorded_at).order_by(log.c.position.desc()).limit(1))
# A batch is a range of positions and not a LIMIT: on a log that PostgreSQL has no statistics of yet, it would
# sort all the rest of the log for each batch.
_BETWEEN = Statement(
    select(*EVENT)
    .where(log.c.position > bindparam("after"), log.c.position <= bindparam("until"))
    .order_by(log.c.position)
)
_STREAM = Statement(select(*EVENT).where(log.c.stream == bindparam("stream")).order_by(log.c.version))


class EventLog:
    """The log in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def appending(self, *, recorder: str, now: datetime) -> AbstractContextManager[Append]:
        """Open a transaction and take the append lock; commit on a clean exit, roll back on an exception.

        `now` must know its time zone; what is stamped is never earlier than what was stamped before.
        """
        return appending(self._engine, recorder=recorder, now=now)

    def read(
        self, connection: Connection, *, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> Iterator[Recorded]:
        """Events in order of position: those beyond `after`, up to and with `until`, at most `limit`.

        A batch at a time is held, however long the log; other statements may run on the connection in between.
        """
        end = self.head(connection).position
        if until is not None:
            end = min(end, until)
        if limit is not None:
            end = min(end, after + limit)  # there are no gaps
        while after < end:
            last = min(end, after + _BATCH)
            rows = _BETWEEN.run(connection, after=after, until=last).fetchall()
            yield from map(Recorded._make, rows)
            after = last

    def stream(self, connection: Connection, stream: str) -> list[Recorded]:
        """The events of one stream, by version."""
        return [Recorded._make(row) for row in _STREAM.run(connection, stream=stream)]

    def head(self, connection: Connection) -> Head:
        """The last position and its stamp, as this connection sees them; (0, "") of an empty log."""
        # From the log itself: `log_head` moves only when an append ends, and is nothing but its lock.
        return Head._make(_END.run(connection).fetchone() or (0, ""))
