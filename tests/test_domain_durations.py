"""Durations: what ISO 8601 writes of parts that are always as long, and nothing else."""

import pytest

from domain.dates import duration_seconds, duration_text


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
    assert duration_seconds(text) == seconds
    assert duration_seconds(duration_text(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "24H", "P1M", "P1Y", "PT1.5H", "PT-1H", "-PT1H", "pt1h", "P1W1D"]
)
def test_what_is_none_or_of_no_certain_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration_seconds(text)
