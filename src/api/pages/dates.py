"""Dates in English, never more exact than the EDTF date that they stand for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from api.formats.words import day_words
from domain.dates import bounds
from projections.snapshot import WASHINGTON

_YEAR, _MONTH = len("2017"), len("2017-04")


def in_words(edtf: str) -> str:
    """`2017-04-21` as "April 21, 2017"; an interval as "between April 21 and June 30, 2017"."""
    first, slash, last = edtf.partition("/")
    if not slash:
        return day_words(first)
    if len(first) == len(last) > _MONTH and first[:_YEAR] == last[:_YEAR]:
        return f"between {day_words(first).rpartition(',')[0]} and {day_words(last)}"
    return f"between {day_words(first)} and {day_words(last)}"


def on_day(edtf: str) -> str:
    """A date after a verb: "on April 21, 2017", "in April 2017", "between ..."."""
    if "/" in edtf:
        return in_words(edtf)
    return f"{'on' if len(edtf) > _MONTH else 'in'} {in_words(edtf)}"


def since_day(edtf: str) -> str:
    """A date after "since": "since April 21, 2017", "since some day between ..."."""
    return f"since some day {in_words(edtf)}" if "/" in edtf else f"since {in_words(edtf)}"


def short(day: str) -> str:
    """A day or month where there is little room: "Apr 21, 2017"."""
    month, _, rest = day_words(day).partition(" ")
    return f"{month[:3]} {rest}"


def short_edtf(edtf: str) -> str:
    """An EDTF date where there is little room: "Apr 21 – Jun 30, 2017", "Apr 2017"."""
    first, slash, last = edtf.partition("/")
    parts = [day if len(day) == _YEAR else short(day) for day in (first, last) if day]
    if slash and first[:_YEAR] == last[:_YEAR] and len(first) > _YEAR:
        parts[0] = parts[0].removesuffix(first[:_YEAR]).rstrip(", ")
    return " – ".join(parts)


def year_of(edtf: str) -> str:
    """The year under which a timeline lists an entry: that of its first possible day."""
    return bounds(edtf)[0][:_YEAR]


def date_and_time(instant: str) -> str:
    """An instant of the log: "November 24, 2026, 17:00 UTC"."""
    utc = datetime.fromisoformat(instant).astimezone(UTC)
    return f"{day_words(utc.date().isoformat())}, {utc:%H:%M} UTC"


def washington_day(instant: datetime) -> str:
    """The day of an instant where a page is about no single place (docs/adr/0007)."""
    return instant.astimezone(ZoneInfo(WASHINGTON)).date().isoformat()


def end_of_day(day: str) -> str:
    """The last instant of a day in Washington, as `recorded_by` takes it."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(WASHINGTON)) + timedelta(days=1)
    return (midnight.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
