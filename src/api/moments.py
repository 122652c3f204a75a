"""When what an answer rests on was recorded: `Last-Modified`, and the dates of feeds."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from eventlog.statements import Statement
from eventlog.tables import log
from projections.snapshot import Snapshot

_STAMP = Statement(select(log.c.recorded_at).where(log.c.position == bindparam("position")))
_KEPT = 100_000


def recorded_at(snapshot: Snapshot, position: int) -> str | None:
    """When a position was recorded; None before the first. It never changes, so it is kept in memory."""
    stamps = snapshot.memory.stamps
    found = stamps.get(position)
    if found is None:
        row = _STAMP.run(snapshot.connection, position=position).fetchone()
        if row is None:
            return None
        if len(stamps) >= _KEPT:
            stamps.clear()
        found = stamps[position] = row[0]
    return found
