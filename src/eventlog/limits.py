"""How long a wait on the database may take: every one has an end, and who waits says how patient they are.

A reader of pages wants an answer within some seconds, even if it is that there is none. A rebuild, an import or a
command on the terminal has time. The limits are those of the context in which a transaction begins.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `lock_s` for a lock that another holds, `statement_s` for the answer to one statement."""

    lock_s: float
    statement_s: float


PATIENT = Limits(lock_s=30, statement_s=3600)
"""For commands, jobs and long work: rebuilding, verifying, importing, migrating."""
ANSWERING = Limits(lock_s=3, statement_s=4)
"""For requests, which are answered in some five seconds whatever happens."""
CONNECTED_S = 3
"""Seconds to reach one server and be let in."""
POOL_S = 3
"""Seconds to wait for a connection that another of this process uses."""
IDLE_S = 300
"""Seconds after which PostgreSQL ends a transaction that asks nothing, and with it the locks that it holds."""

_LEAST_S = 0.5
"""What is left of a request's patience, however long it has waited for its turn."""

_current: ContextVar[Limits | None] = ContextVar("limits", default=None)


def limits() -> Limits:
    """The limits of this context: those of long work, unless something else was said."""
    return _current.get() or PATIENT


def less(most: Limits, waited_s: float) -> Limits:
    """What is left of limits after a wait for something else than the database."""
    return Limits(max(_LEAST_S, most.lock_s - waited_s), max(_LEAST_S, most.statement_s - waited_s))


def more(most: Limits, size: int) -> Limits:
    """Limits for so many bytes of rows: they wait no longer than others for their turn, and then have more to do.

    Two seconds a megabyte for each statement, which is a hundred times what one takes; a minute at most. A small batch
    has thus no more than any request, as a database that says nothing would keep it waiting for all of its time.
    """
    return replace(most, statement_s=most.statement_s + min(60.0, size / 500_000))


def timeouts(command: str, most: Limits) -> str:
    """The statements that set limits on PostgreSQL, by SET or by SET LOCAL."""
    return f"{command} lock_timeout = {in_ms(most.lock_s)}; {command} statement_timeout = {in_ms(most.statement_s)}"


def in_ms(seconds: float) -> int:
    return round(seconds * 1000)


@contextmanager
def waiting_at_most(most: Limits) -> Iterator[None]:
    """Every transaction that begins in this block, or in a thread that it starts, has these limits."""
    token = _current.set(most)
    try:
        yield
    finally:
        _current.reset(token)
