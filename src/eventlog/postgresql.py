"""Connections to PostgreSQL that give up a server which says nothing."""

from typing import Any

import psycopg

from eventlog.limits import IDLE_S, PATIENT, Limits, in_ms, limits, timeouts
from eventlog.trouble import Trouble

# A server says itself when a statement has taken too long. One that says nothing at all for so much longer is frozen.
_GRACE_S = 0.5


class NoAnswer(psycopg.OperationalError):
    """A PostgreSQL server said nothing for as long as it may."""

    trouble = Trouble.FROZEN


class PostgresConnection(psycopg.Connection[Any]):
    """A connection that waits for its server no longer than it may, also for one that is frozen and says nothing."""

    _most_s: float = PATIENT.statement_s + _GRACE_S

    def wait_at_most(self, most: Limits) -> None:
        self._most_s = most.statement_s + _GRACE_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ANN401  # the library's own types
        try:
            return super().wait(gen, interval, self._most_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001  # as the method that raises it documents
            self.pgconn.finish()  # nobody knows what the server does with it
            raise NoAnswer(f"no answer in {self._most_s:g} s") from error


def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> PostgresConnection:  # noqa: ANN401  # as SQLAlchemy hands them on
    connection = PostgresConnection.connect(*arguments, **named)
    connection.wait_at_most(limits())
    return connection


def set_up(connection: PostgresConnection, _record: object) -> None:
    # Of whoever opens transactions otherwise than by `reading` and `writing`, which set their own.
    connection.autocommit = True
    connection.execute(
        f"SET idle_in_transaction_session_timeout = {in_ms(IDLE_S)}; {timeouts('SET', PATIENT)}", prepare=False
    )
    connection.autocommit = False
