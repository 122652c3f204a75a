"""The three clocks of a question (as_of, public_by, recorded_by), parsed from the text that a reader gives."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from application.service import Service
from domain.dates import bounds
from domain.errors import Invalid, Problem
from eventlog.engine import reading
from projections.snapshot import AskedClocks, Snapshot, read_recorded_at

_DIGITS = 18
"""Of the longest position that a database can compare; a longer one is beyond every log."""


def parse_clocks(
    service: Service, *, as_of: str | None = None, public_by: str | None = None, recorded_by: str | None = None
) -> AskedClocks:
    """The clocks asked; Invalid where one is not written as a day, an instant or a position."""
    parse_days({"as_of": as_of, "public_by": public_by})
    if recorded_by is None:
        return AskedClocks(as_of, public_by)
    position = parse_position(service, "recorded_by", recorded_by)
    if not recorded_by.isdigit():
        return AskedClocks(as_of, public_by, position, _parse_instant("recorded_by", recorded_by))
    with reading(service.engine) as connection:
        stamp = read_recorded_at(connection, position)  # None where the log has no such position
    return AskedClocks(as_of, public_by, position, None if stamp is None else datetime.fromisoformat(stamp))


def parse_position(service: Service, name: str, written: str) -> int:
    """The log position that a parameter gives, as a number or as an instant: the last position by then."""
    if written.isascii() and written.isdigit():
        return int(written) if len(written) <= _DIGITS else 10**_DIGITS
    return _position_at(service, _parse_instant(name, written))


def parse_log_range(service: Service, snapshot: Snapshot, from_: str, to: str | None) -> tuple[int, int]:
    """The two positions of a comparison, `to` left out being the head; Invalid where they are not in the log.

    An instant after the last event gives the position of the last event.
    """
    earlier = parse_position(service, "from", from_)
    later = snapshot.head if to is None else parse_position(service, "to", to)
    for name, written, position in (("from", from_, earlier), ("to", to, later)):
        if position > snapshot.head:
            raise Invalid(problems=[Problem(name, str(written), f"the log ends at position {snapshot.head}")])
    if earlier > later:
        raise Invalid(problems=[Problem("from", from_, f"is after `to` (positions {earlier} and {later})")])
    return earlier, later


def parse_day(name: str, value: str) -> str:
    """A day, YYYY-MM-DD; Invalid, naming the field, for anything else."""
    try:
        if bounds(value) == (value, value):
            return value
    except ValueError as error:
        raise Invalid(problems=[Problem(name, value, str(error))]) from error
    raise Invalid(problems=[Problem(name, value, f"{value!r} is not a single day such as 2017-04-21")])


def parse_days(days: Mapping[str, str | None]) -> None:
    """Invalid, naming the field, where one that is given is no day."""
    for name, value in days.items():
        if value is not None:
            parse_day(name, value)


def _parse_instant(name: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = "is neither a log position nor an instant such as 2026-11-24T17:00:00Z"
        raise Invalid(problems=[Problem(name, text, message)]) from error
    if instant.tzinfo is None:
        raise Invalid(problems=[Problem(name, text, "an instant needs its zone, as in 2026-11-24T17:00:00Z")])
    if not 1 < instant.year < 9999:  # noqa: PLR2004 - at the calendar's ends an instant cannot be converted to every zone
        raise Invalid(problems=[Problem(name, text, "is too far from every record")])
    return instant


def _position_at(service: Service, instant: datetime) -> int:
    """The last position recorded at or before an instant: a binary search, since stamps only ascend."""
    with reading(service.engine) as connection:

        def recorded_at(position: int) -> datetime:
            return datetime.fromisoformat(cast("str", read_recorded_at(connection, position)))  # there are no gaps

        return bisect_right(range(1, service.log.head(connection).position + 1), instant, key=recorded_at)
