"""A clock that several processes share: it runs as clocks do, and every so often leaps on by hours.

Between two leaps it is an ordinary clock, so that leases and time-outs mean what they mean; over all of it, weeks pass
in a minute.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """`began`: the machine's clock at the start, in seconds; every `every_s` it leaps on by `leap_s`."""

    start: str
    began: float
    every_s: float
    leap_s: float

    def __call__(self) -> datetime:
        """The instant that it is now."""
        passed = time.time() - self.began
        leaps = int(passed / self.every_s)
        start = datetime.fromisoformat(self.start).astimezone(UTC)
        return start + timedelta(seconds=passed + leaps * self.leap_s)

    def as_arguments(self) -> dict[str, Any]:
        """What makes the same clock in another process."""
        return asdict(self)
