"""What was said last, so that a 304 costs a look at the head of the log and reads nothing else.

An answer over the record follows from the question, the log up to its head, and the day. Every midnight on earth
falls on a quarter of an hour of UTC, so within one quarter no day turns anywhere. While head and quarter are what they
were, the answer is, too; an answer pinned to a position needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass

KEPT = 10_000
_QUARTER_S = 900
Question = tuple[bytes, bytes, bytes | None, bytes | None]
"""Path, query, `Accept` and `Host`: all that an answer to a reader varies by, but for its coding."""


@dataclass(frozen=True, slots=True)
class Said:
    """The headers of an answer that was given, and what it holds for."""

    tag: bytes
    headers: list[tuple[bytes, bytes]]
    head: int
    quarter: int
    pinned: bool


class Validators:
    """The last answers' validators, the oldest forgotten first."""

    def __init__(self) -> None:
        self._said: dict[Question, Said] = {}

    def keep(self, question: Question, said: Said) -> None:
        """Remembers what was said."""
        if question in self._said:
            del self._said[question]
        elif len(self._said) >= KEPT:
            del self._said[next(iter(self._said))]
        self._said[question] = said

    def get(self, question: Question) -> Said | None:
        """What was said last to this question, which may hold no more."""
        return self._said.get(question)


def quarter_of(timestamp: float) -> int:
    """The quarter of an hour that an instant lies in."""
    return int(timestamp // _QUARTER_S)
