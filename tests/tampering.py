"""What nobody may do to the log, done with the database's protection switched off, for tests of what finds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from eventlog.merkle import grow, hash_of
from eventlog.records import Recorded
from eventlog.tables import EVENT, log, log_head, protect_log


@contextmanager
def unprotected(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the log can be changed; afterwards it is protected again."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            triggers = ("log_refuses_update", "log_refuses_delete", "log_refuses_replace")
            for trigger in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        else:
            connection.exec_driver_sql("DROP TRIGGER log_refuses_change ON log")
            connection.exec_driver_sql("DROP FUNCTION log_refuses_change()")
        yield connection
        protect_log(connection)


def change(engine: Engine, at: int, /, **values: Any) -> None:
    """Puts other values into one row of the log."""
    with unprotected(engine) as connection:
        connection.execute(update(log).where(log.c.position == at).values(**values))


def flip_a_byte(engine: Engine, position: int, byte: int) -> None:
    """Turns one bit of one byte of an event's state."""
    with engine.connect() as connection:
        state = bytearray(connection.execute(select(log.c.state).where(log.c.position == position)).scalar_one())
    state[byte % len(state)] ^= 1
    change(engine, position, state=bytes(state))


def remove(engine: Engine, *positions: int) -> None:
    with unprotected(engine) as connection:
        connection.execute(delete(log).where(log.c.position.in_(positions)))


def hash_anew(engine: Engine) -> None:
    """Makes the whole tree agree with what the log now holds: what somebody would do who rewrites history."""
    with unprotected(engine) as connection:
        frontier: list[bytes] = []
        events = [Recorded._make(row) for row in connection.execute(select(*EVENT).order_by(log.c.position))]
        rows = [{"at": event.position, "to": grow(frontier, size, hash_of(event))} for size, event in enumerate(events)]
        connection.execute(update(log).where(log.c.position == bindparam("at")).values(hashes=bindparam("to")), rows)
        last = events[-1]
        connection.execute(
            update(log_head).values(position=last.position, recorded_at=last.recorded_at, frontier=b"".join(frontier))
        )
