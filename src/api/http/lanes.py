"""Lanes: the threads in which requests wait for the database, so many for each kind of request.

Writers wait for each other at the one lock of the log. If they had the same threads as readers and health checks, a
lock that somebody holds would stop everything. Together the lanes have fewer threads than the pool has connections.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, WouldBlock, move_on_after, to_thread
from starlette.requests import Request

from api.http.errors import Overloaded
from eventlog.limits import less, limits, waiting_at_most

P = ParamSpec("P")
T = TypeVar("T")
TURN_S = 3.0
"""Seconds to wait for a thread of the lane. They count as if the database had been waited for."""
HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")


class Lane:
    """A number of threads, and those who wait for one."""

    def __init__(self, threads: int) -> None:
        self._turns = CapacityLimiter(threads)
        self._threads = CapacityLimiter(inf)  # a turn is a thread

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function returns, run in a thread of the lane; Overloaded where none was free in time."""
        turn, begun = object(), monotonic()
        try:
            self._turns.acquire_on_behalf_of_nowait(turn)
        except WouldBlock:
            with move_on_after(min(TURN_S, limits().lock_s)) as waiting:
                await self._turns.acquire_on_behalf_of(turn)
            if waiting.cancelled_caught:
                raise Overloaded from None
        try:
            with waiting_at_most(less(limits(), monotonic() - begun)):
                return await to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._threads)
        finally:
            self._turns.release_on_behalf_of(turn)


class Lanes:
    """The lanes of an app."""

    def __init__(self) -> None:
        self.reading = Lane(28)
        self.writing = Lane(12)
        self.health = Lane(4)


def lanes_of(request: Request) -> Lanes:
    lanes: Lanes = request.app.state.lanes
    return lanes
