"""EDTF dates as the record writes them, and the first and last day that each may mean.

Days are compared as ISO strings throughout: `YYYY-MM-DD` sorts as the calendar does, so no date object is made on
the way from the log to an answer. Also durations, as settings and addresses write them.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from domain.legibility import is_on_record

EARLIEST_DAY, LATEST_DAY = "1900-01-01", "2199-12-31"
"""The days that an entry may name (rules, section 3). What was recorded before this rule may name others."""

_YEAR_DIGITS = 4
_PART = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")

_EDTF_FORMS = "a day (2017-04-21), a month (2017-04), a year (2017) or an interval (2017-04-21/2017-06-30)"


class _NoDate(ValueError):
    """The text has not the form of a date."""


def _part(text: str) -> tuple[str, str]:
    """First and last day of one day, month or year."""
    match = _PART.fullmatch(text)
    if not match:
        raise _NoDate(f"{text!r} is not {_EDTF_FORMS}")
    year, month, day = match.groups()
    try:
        if day:
            date.fromisoformat(text)
            return text, text
        if month:
            return f"{text}-01", f"{text}-{monthrange(int(year), int(month))[1]:02d}"
        date(int(year), 1, 1)
    except ValueError as error:
        raise ValueError(f"{text!r} is not in the calendar") from error
    return f"{year}-01-01", f"{year}-12-31"


@lru_cache(maxsize=65_536)
def bounds(edtf: str) -> tuple[str, str]:
    """The earliest and the latest day that an EDTF date may mean, as ISO days; ValueError where it is none."""
    try:
        return _bounds(edtf)
    except _NoDate as error:
        meant = _edtf_meant(edtf)
        raise ValueError(f"{edtf!r} is not {_EDTF_FORMS}{f': write {meant}' if meant else ''}") from error


def _bounds(edtf: str) -> tuple[str, str]:
    start, slash, end = edtf.partition("/")
    first, last = _part(start)
    if not slash:
        return first, last
    start_of_end, latest = _part(end)
    if latest < last or start_of_end < first:
        raise ValueError(f"{edtf!r} ends before it begins")
    return first, latest


_BETWEEN_DAYS = (re.compile(r"\s+(?:to|until|-)\s+|\s*(?:–|—|\.\.)\s*"), re.compile("/"))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WAYS_TO_WRITE_A_DATE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<month>[0-9]{1,2})[/.-](?P<day>[0-9]{1,2})[/.-](?P<year>[0-9]{4}|[0-9]{2})",
        r"(?P<year>[0-9]{4})[/. -](?P<month>[0-9]{1,2})(?:[/. -](?P<day>[0-9]{1,2}))?",
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
        r"(?P<month>[0-9]{1,2})/(?P<year>[0-9]{4})",
        r"(?P<name>[a-z]{3,9})\.?\s+(?:(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<year>[0-9]{4})",
        r"(?P<day>[0-9]{1,2})\s+(?P<name>[a-z]{3,9})\.?,?\s+(?P<year>[0-9]{4})",
        r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})[T ][0-9:.]+(?:Z|[+-][0-9:]+)?",
    )
)
"""Dates as they are often written, those of the United States with the month first."""


def _edtf_meant(text: str) -> str | None:
    """The EDTF date, or interval, that a date in another form may be meant for; None where it is hard to say."""
    one_day = _one_date_meant(text.strip())
    if one_day is not None:
        return one_day
    for between in _BETWEEN_DAYS:
        ends = [_one_date_meant(end.strip()) for end in between.split(text)]
        meant = "/".join(end for end in ends if end is not None)
        if None not in ends and _is_edtf(meant):
            return meant
    return None


def _one_date_meant(text: str) -> str | None:
    if _is_edtf(text):
        return text
    for match in filter(None, (way.fullmatch(text) for way in _WAYS_TO_WRITE_A_DATE)):
        parts = match.groupdict()
        year, month, day = parts["year"], parts.get("month"), parts.get("day")
        if (name := parts.get("name")) is not None:
            month = str(_MONTHS.index(name[:3].lower()) + 1) if name[:3].lower() in _MONTHS else None
        if len(year) < _YEAR_DIGITS:
            year = f"20{year}"
        for order in ((month, day), (day, month)):
            date_ = "-".join([year, *(f"{part:0>2}" for part in order if part is not None)])
            if month is not None and _is_edtf(date_):
                return date_
    return None


def _is_edtf(text: str) -> bool:
    try:
        _bounds(text)
    except ValueError:
        return False
    return True


def shift(day: str, days: int) -> str:
    """The day so many days later (below zero: earlier), or the calendar's first or last where it ends before that.

    An entry recorded before the range of days was a rule may name the last day there is, and no fold may fail on it.
    """
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return (date.max if days > 0 else date.min).isoformat()


def _edtf(text: str, info: ValidationInfo) -> str:
    """The date, where it names days that an entry may."""
    earliest, latest = bounds(text)
    if not is_on_record(info) and (earliest < EARLIEST_DAY or latest > LATEST_DAY):
        raise ValueError(f"{text!r} is not from {EARLIEST_DAY} to {LATEST_DAY}")
    return text


def _day(text: str) -> str:
    if bounds(text) != (text, text):
        raise ValueError(f"{text!r} is not a single day such as 2017-04-21")
    return text


def _year_as_text(value: object) -> object:
    """YAML reads an unquoted year as a number: taken as the year. Other numbers are left to fail."""
    return str(value) if type(value) is int and len(str(value)) == _YEAR_DIGITS else value


Edtf = Annotated[
    str,
    BeforeValidator(_year_as_text, json_schema_input_type=str),
    AfterValidator(_edtf),
    Field(
        description=f"EDTF: {_EDTF_FORMS}",
        examples=["2017-04-21/2017-06-30"],
        json_schema_extra={"pattern": r"^[0-9]{4}(-[0-9]{2}){0,2}(/[0-9]{4}(-[0-9]{2}){0,2})?$"},
    ),
]
Day = Annotated[
    str,
    AfterValidator(_day),
    Field(description="A day, YYYY-MM-DD", examples=["2017-06-30"], json_schema_extra={"format": "date"}),
]
"""Any day of the calendar, as a question may name it."""
RecordedDay = Annotated[Day, AfterValidator(_edtf)]
"""A day that an entry names."""


_DURATION = re.compile(
    r"P(?:([0-9]{1,4})W|(?=[0-9T])(?:([0-9]{1,4})D)?(?:T(?=[0-9])(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?)"
)
_SECONDS = (7 * 86_400, 86_400, 3_600, 60, 1)


def duration_seconds(written: str) -> int:
    """The seconds in a duration such as PT24H or P1DT12H; ValueError for months, years and anything else."""
    match = _DURATION.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is no duration such as PT24H: weeks, days, hours, minutes or seconds")
    return sum(int(part or 0) * length for part, length in zip(match.groups(), _SECONDS, strict=True))


def duration_text(seconds: int) -> str:
    """A duration in the largest unit of time that it is a whole number of."""
    for letter, length in (("H", 3_600), ("M", 60)):
        if seconds % length == 0:
            return f"PT{seconds // length}{letter}"
    return f"PT{seconds}S"
