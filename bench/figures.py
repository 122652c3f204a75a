"""A figure: what was measured beside its floor, in alternation, and what it should come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

TARGETS = {
    "append": {"sqlite": 0.5, "postgresql": 0.35},
    "load": {"sqlite": 0.4, "postgresql": 0.3},
    "rebuild": {"sqlite": 0.3, "postgresql": 0.3},
    "timeline": {"sqlite": 0.7, "postgresql": 0.7},
    "status": {"sqlite": 0.5, "postgresql": 0.5},
    "status on mixed clocks": {"sqlite": 0.2, "postgresql": 0.2},
    # Nothing due, over 100,000 open deadlines beside 1,000: at most 1.5 times as long.
    "tick": {"sqlite": 0.67, "postgresql": 0.67},
    # At most 1.2 x the latency of a tenth of the record.
    "timeline, record tenfold": {"sqlite": 0.83, "postgresql": 0.83},
    # At most 1.3 x the cost of a bare 304.
    "304 of a timeline": {"sqlite": 0.77, "postgresql": 0.77},
    "304 of a status": {"sqlite": 0.77, "postgresql": 0.77},
    "304 of a pinned timeline": {"sqlite": 0.77, "postgresql": 0.77},
    "page": {"sqlite": 0.5, "postgresql": 0.5},
}
MEMORY_LIMIT_MIB = 1024

Say = Callable[[str], None]
"""Told what is being done, for whoever waits."""


@dataclass(slots=True)
class Figure:
    """Rates a second of the thing itself and of its floor, a pair a round."""

    name: str
    database: str
    unit: str
    rounds: list[tuple[float, float]] = field(default_factory=list)

    def add(self, count: int, seconds: float, floor_seconds: float) -> None:
        """Adds a round in which both did the same number of things."""
        self.rounds.append((count / seconds, count / floor_seconds))

    @property
    def rate(self) -> float:
        """The median rate of the thing itself."""
        return median(ours for ours, _ in self.rounds)

    @property
    def floor(self) -> float:
        """The median rate of the floor."""
        return median(floor for _, floor in self.rounds)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a slow moment of the machine slows both halves of a round."""
        return median(ours / floor for ours, floor in self.rounds)

    @property
    def target(self) -> float | None:
        """What the ratio should be at least; None where a figure only explains another."""
        return TARGETS.get(self.name, {}).get(self.database)

    @property
    def met(self) -> bool | None:
        """Whether it is."""
        return None if self.target is None else self.ratio >= self.target


def timed(work: Callable[[], object]) -> float:
    """How long something takes, in seconds."""
    start = perf_counter()
    work()
    return perf_counter() - start
