"""The `eventsourcing` library's view of the log: its `ApplicationRecorder`, with string stream ids.

Whatever the library inserts goes through `Append`, the same way in as the application's own events, and
whatever the application appends can be read here: the library's recorder test cases judge both.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import sleep
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    Notification,
    ProgrammingError,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Engine, func, select

from eventlog.append import Append, appending
from eventlog.engine import reading
from eventlog.records import NewEvent
from eventlog.tables import log

_STORED = (log.c.stream, log.c.version, log.c.topic, log.c.state)


class StreamRecorder(AggregateRecorder):
    """Streams alone, without the order across them: what the library calls an aggregate recorder.

    `name` is recorded as the recorder, `clock` stamps; neither is needed where every insert is given its
    `append`.
    """

    def __init__(
        self, engine: Engine, *, name: str = "eventsourcing", clock: Callable[[], datetime] | None = None
    ) -> None:
        self._engine = engine
        self._name = name
        self._clock = clock

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401  # the library's own signature
    ) -> Sequence[int] | None:
        """Record the events: in the open `append` given as a keyword, or in a transaction of their own."""
        self._insert(stored_events, **kwargs)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent], *, append: Append | None = None) -> Sequence[int]:
        events = [
            NewEvent(str(stored.originator_id), stored.originator_version, stored.topic, stored.state)
            for stored in stored_events
        ]
        if append:
            return [recorded.position for recorded in append.append(events)]
        if self._clock is None:
            raise ProgrammingError("a recorder without a clock inserts only into an append that is open")
        with appending(self._engine, recorder=self._name, now=self._clock()) as own:
            return [recorded.position for recorded in own.append(events)]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one stream by version, those beyond `gt` and up to `lte`."""
        query = select(*_STORED).where(log.c.stream == str(originator_id)).limit(limit)
        if gt is not None:
            query = query.where(log.c.version > gt)
        if lte is not None:
            query = query.where(log.c.version <= lte)
        query = query.order_by(log.c.version.desc() if desc else log.c.version)
        with reading(self._engine) as connection:
            return [StoredEvent(*row) for row in connection.execute(query)]


class Recorder(StreamRecorder, ApplicationRecorder):
    """The whole log, in order of position: what the library calls an application recorder."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401  # the library's own signature
    ) -> Sequence[int] | None:
        """Record the events as `StreamRecorder` does, and return their positions."""
        return self._insert(stored_events, **kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position, `start` to `stop`, both included, at most `limit`, of these topics or all."""
        query = select(*_STORED, log.c.position).order_by(log.c.position).limit(limit)
        if start is not None:
            query = query.where(log.c.position >= start if inclusive_of_start else log.c.position > start)
        if stop is not None:
            query = query.where(log.c.position <= stop)
        if topics:
            query = query.where(log.c.topic.in_(topics))
        with reading(self._engine) as connection:
            return [Notification(*row) for row in connection.execute(query)]

    def max_notification_id(self) -> int | None:
        """The last position, or None of an empty log."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(log.c.position))).scalar()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Follow the log from beyond `gt`: first what is there, then what is recorded, until stopped."""
        return Tail(self, gt, topics)


class Tail(Subscription["Recorder"]):
    """A subscription that asks again and again, and so also follows what other processes write.

    That it misses nothing rests on the order of commit: no position becomes visible after a later one.
    """

    batch = 500
    pause_s = 0.05

    def __init__(self, recorder: Recorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._waiting: list[Notification] = []

    def __next__(self) -> Notification:
        """The next event; waits for one. Ends when the subscription is stopped."""
        while not self._has_been_stopped:
            if self._waiting:
                return self._waiting.pop()
            after = self._last_notification_id or 0
            found = self._recorder.select_notifications(
                after, self.batch, topics=self._topics, inclusive_of_start=False
            )
            if found:
                self._last_notification_id = found[-1].id
                self._waiting = list(reversed(found))
            else:
                sleep(self.pause_s)
        raise StopIteration
