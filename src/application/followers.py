"""The log as it grows, for everyone who follows it: one look at its head for all of a process's streams.

Positions are given under the append's lock and become visible in order, so whoever has read up to one has every event
before it, whichever process appended it; to follow is to read on from there. Between reads a stream holds no
connection, no snapshot, and one small batch at most: a slow reader only reads later.

Everything here runs in the event loop of the server, but for the reads themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncGenerator, Sequence
from itertools import islice

from anyio import to_thread

from application.service import Service
from eventlog.engine import reading
from eventlog.log import Recorded
from eventlog.trouble import DatabaseTrouble

LOOK_S = 0.25
"""Seconds between two looks at the head while anybody follows: how late an event comes at most."""
HEARTBEAT_S = 15.0
"""Seconds of silence after which a stream says that it is still there: proxies give up at 30 to 60."""
MOST_STREAMS = 500
"""In one process: each holds a socket and some kilobytes."""
MOST_STREAMS_OF_ONE = 20
"""Of one address: nobody is to take all of them."""
_TAIL = 128
_BATCH = 32
log = logging.getLogger("live")


class LogFollower:
    """Who follows the log in this process, and the last few events, read once for all of them."""

    def __init__(self, service: Service, *, most: int = MOST_STREAMS, most_of_one: int = MOST_STREAMS) -> None:
        self._service = service
        self._most = most
        self._most_of_one = most_of_one
        self._of_one: Counter[str] = Counter()
        self._head = 0
        self._tail: deque[Recorded] = deque(maxlen=_TAIL)
        self._grown = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        self.streams = 0
        """How many follow now."""

    def full(self, who: str) -> bool:
        """Whether there is no room for another stream of this address."""
        return self._closed or self.streams >= self._most or self._of_one[who] >= self._most_of_one

    def close(self) -> None:
        """Ends every stream, since the server stops; their readers go on elsewhere from where they were."""
        self._closed = True
        self._wake()

    async def follow(self, after: int, who: str = "") -> AsyncGenerator[Sequence[Recorded]]:
        """Every event beyond a position, in order, as they come; an empty batch after each `HEARTBEAT_S` of silence.

        `who`: the address that asks.
        """
        self.streams += 1
        self._of_one[who] += 1
        if self._looking is None:  # while anybody follows, somebody looks
            self._looking = asyncio.get_running_loop().create_task(self._look())
        try:
            while not self._closed:
                grown = self._grown
                if after < self._head:
                    batch = self._from_tail(after) or await to_thread.run_sync(self._read, after)
                    after = batch[-1].position
                    yield batch
                else:
                    try:
                        await asyncio.wait_for(grown.wait(), HEARTBEAT_S)
                    except TimeoutError:
                        yield ()
        finally:
            self.streams -= 1
            self._of_one[who] -= 1
            if not self._of_one[who]:
                del self._of_one[who]
            if not self.streams:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while not self._closed:
            try:
                head, events = await to_thread.run_sync(self._beyond, self._head)
            except DatabaseTrouble:
                pass  # which is logged: the database is asked again, and nothing is missed meanwhile
            except Exception:
                log.exception("the log's head could not be looked at, and is looked at again")
            else:
                if events:
                    self._head = head
                    if self._tail and events[0].position != self._tail[-1].position + 1:
                        self._tail.clear()
                    self._tail.extend(events)
                    self._wake()
            await asyncio.sleep(LOOK_S)

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def _from_tail(self, after: int) -> list[Recorded]:
        """The next events, where all of them are among the last few."""
        if not self._tail or after + 1 < self._tail[0].position:
            return []
        begin = after + 1 - self._tail[0].position
        return list(islice(self._tail, begin, begin + _BATCH))

    def _beyond(self, known: int) -> tuple[int, list[Recorded]]:
        """The head, and the last few events beyond the head that is known."""
        if self._service.log.head_position() == known:
            return known, []
        with reading(self._service.engine) as connection:
            head = self._service.log.head(connection).position
            after = max(known, head - _TAIL)
            return head, list(self._service.log.read(connection, after=after, until=head))

    def _read(self, after: int) -> list[Recorded]:
        with reading(self._service.engine) as connection:
            return list(self._service.log.read(connection, after=after, limit=_BATCH))
