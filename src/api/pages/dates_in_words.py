"""Dates as a reader says them: an EDTF date never as more than it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.dates import bounds
from projections.snapshot import WASHINGTON

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_YEAR, _MONTH = len("2017"), len("2017-04")


def in_words(edtf: str) -> str:
    """`2017-04-21` as "April 21, 2017"; an interval as "between April 21 and June 30, 2017"."""
    first, slash, last = edtf.partition("/")
    if not slash:
        return _part(first)
    if len(first) == len(last) > _MONTH and first[:_YEAR] == last[:_YEAR]:
        return f"between {_part(first).rpartition(',')[0]} and {_part(last)}"
    return f"between {_part(first)} and {_part(last)}"


def on_day(edtf: str) -> str:
    """The same after a verb: "on April 21, 2017", "in April 2017", "between ..."."""
    if "/" in edtf:
        return in_words(edtf)
    return f"{'on' if len(edtf) > _MONTH else 'in'} {in_words(edtf)}"


def since_day(edtf: str) -> str:
    """The same after "since": "since April 21, 2017", "since some day between ..."."""
    return f"since some day {in_words(edtf)}" if "/" in edtf else f"since {in_words(edtf)}"


def short(day: str) -> str:
    """A day for narrow places: "Apr 21, 2017"."""
    year, month, number = day.split("-")
    return f"{_MONTHS[int(month) - 1][:3]} {int(number)}, {year}"


def short_edtf(edtf: str) -> str:
    """An EDTF date for narrow places: "Apr 21 – Jun 30, 2017", "Apr 2017"."""
    first, slash, last = edtf.partition("/")
    parts = [
        one if len(one) == _YEAR else f"{_part(one)[:3]} {_part(one).partition(' ')[2]}" for one in (first, last) if one
    ]
    if slash and first[:_YEAR] == last[:_YEAR] and len(first) > _YEAR:
        parts[0] = parts[0].removesuffix(first[:_YEAR]).rstrip(", ")
    return " – ".join(parts)


def year_of(edtf: str) -> str:
    """The year under which an act stands in a timeline: that of its first possible day."""
    return bounds(edtf)[0][:_YEAR]


def moment(instant: str) -> str:
    """An instant of the log: "November 24, 2026, 17:00 UTC"."""
    at = datetime.fromisoformat(instant).astimezone(UTC)
    return f"{_part(at.date().isoformat())}, {at:%H:%M} UTC"


def washington_day(instant: datetime) -> str:
    """The day that an instant falls on where a question is about no one place (docs/adr/0007)."""
    return instant.astimezone(ZoneInfo(WASHINGTON)).date().isoformat()


def end_of_day(day: str) -> str:
    """The last instant of a day in Washington, as `recorded_by` takes it."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(WASHINGTON)) + timedelta(days=1)
    return (midnight.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_before(day: str) -> str:
    """The day before a day."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _part(text: str) -> str:
    parts = [int(one) for one in text.split("-")]
    match parts:
        case [year, month, number]:
            return f"{_MONTHS[month - 1]} {number}, {year}"
        case [year, month]:
            return f"{_MONTHS[month - 1]} {year}"
        case _:
            return text
