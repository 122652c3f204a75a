"""A snapshot of the record: a connection, the cache brought up to it, and the clocks of a question."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from domain.errors import NotFound, Problem
from domain.jurisdictions import Place
from domain.national import Clocks
from eventlog.sql import CompiledQuery
from eventlog.tables import log
from projections.cache import ReadCache

WASHINGTON = "America/New_York"
"""Whose day "today" is where a question is about no one place."""


@dataclass(frozen=True, slots=True)
class AskedClocks:
    """The clocks as a reader gave them; None where left out. `position` is what `recorded_by` came to."""

    as_of: str | None = None
    public_by: str | None = None
    position: int | None = None
    recorded_day: datetime | None = None


@dataclass(slots=True)
class Snapshot:
    """What every query of the read models runs on. `head` is the last position that the connection sees."""

    connection: Connection
    cache: ReadCache
    head: int
    asked: AskedClocks
    now: datetime

    @property
    def position(self) -> int:
        """The log position up to which the record is read."""
        return self.head if self.asked.position is None else self.asked.position

    def at(self, position: int) -> Self:
        """The same question of the record as it was at a log position."""
        return replace(self, asked=replace(self.asked, position=position))

    def clocks(self, time_zone: str = WASHINGTON) -> Clocks:
        """The clocks, `as_of` left out being the earliest of today, `public_by` and the day of `recorded_by`."""
        asked = self.asked
        as_of = asked.as_of
        if as_of is None:
            zone = ZoneInfo(time_zone)
            days = [self.now.astimezone(zone).date().isoformat()]
            if asked.public_by is not None:
                days.append(asked.public_by)
            if asked.recorded_day is not None:
                days.append(asked.recorded_day.astimezone(zone).date().isoformat())
            as_of = min(days)
        return Clocks(as_of, asked.public_by, self.position)

    def place(self, id_: str) -> Place:
        """A place on record at the snapshot's position; NotFound otherwise."""
        place = self.cache.directory.place(id_, self.position)
        if place is None:
            message = f"no jurisdiction {id_!r} is on record"
            raise NotFound(message, problems=[Problem("jurisdiction", id_, message)])
        return place


_RECORDED_AT = CompiledQuery(select(log.c.recorded_at).where(log.c.position == bindparam("position")))


def read_recorded_at(connection: Connection, position: int) -> str | None:
    """When a position was recorded; None where the log has no such position."""
    row = _RECORDED_AT.run(connection, position=position).fetchone()
    return None if row is None else row[0]


def recorded_at(snapshot: Snapshot, position: int) -> str | None:
    """When a position was recorded, as `read_recorded_at`; kept in memory, since it never changes."""
    stamps = snapshot.cache.stamps
    stamp = stamps.get(position)
    if stamp is None:
        stamp = read_recorded_at(snapshot.connection, position)
        if stamp is not None:
            stamps.put(position, stamp)
    return stamp
