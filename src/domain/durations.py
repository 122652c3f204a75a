"""Durations as ISO 8601 writes them, of parts that are always as long: weeks, days, hours, minutes, seconds."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"P(?:([0-9]{1,4})W|(?=[0-9T])(?:([0-9]{1,4})D)?(?:T(?=[0-9])(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?)"
)
_SECONDS = (7 * 86_400, 86_400, 3_600, 60, 1)


def seconds_of(written: str) -> int:
    """The seconds in a duration such as PT24H or P1DT12H. Raises ValueError for months, years and all else."""
    found = _PARTS.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no duration such as PT24H: weeks, days, hours, minutes or seconds")
    return sum(int(part or 0) * length for part, length in zip(found.groups(), _SECONDS, strict=True))


def written(seconds: int) -> str:
    """A duration in the largest unit of time that it is a whole number of."""
    for letter, length in (("H", 3_600), ("M", 60)):
        if seconds % length == 0:
            return f"PT{seconds // length}{letter}"
    return f"PT{seconds}S"
