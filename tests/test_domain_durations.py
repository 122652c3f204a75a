"""Durations: what ISO 8601 writes of parts that are always as long, and nothing else."""

import pytest

from domain.durations import seconds_of, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT24H", 86_400),
        ("P1D", 86_400),
        ("P1DT12H", 129_600),
        ("PT90M", 5_400),
        ("P2W", 1_209_600),
        ("PT1H1M1S", 3_661),
    ],
)
def test_a_duration_is_so_many_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert seconds_of(written(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "24H", "P1M", "P1Y", "PT1.5H", "PT-1H", "-PT1H", "pt1h", "P1W1D"]
)
def test_what_is_none_or_of_no_certain_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        seconds_of(text)
