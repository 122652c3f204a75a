"""What came of a campaign, for people, for programs, and for the page kept in docs."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.client import Answer
from bench.databases import KINDS
from bench.figures import Say
from bench.soak_receiver import Receiver

_SHOWN = 20
_WHAT = """\
Eight weeks pass by a clock that every so often leaps on by five hours. Meanwhile the processes
that tick and send are killed at random moments and replaced; somebody answers, corrects, extends, withdraws and
retracts; and the receiver now and then refuses a webhook, or takes it and does not answer.

Afterwards the log, the tables and what the receiver got are held against each other, and against the reminders that
each deadline left alone should have earned; `verify` goes over the log and the read models."""


@dataclass(slots=True)
class Outcome:
    """The counts of one campaign; `faults` is empty where nothing was lost or doubled."""

    database: str
    deadlines: int
    processes: int
    kills: int = 0
    died: int = 0
    retried: int = 0
    acts: int = 0
    reminders: int = 0
    cancelled: int = 0
    late: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    unanswered: int = 0
    seconds: float = 0.0
    messages: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def take(self, receiver: Receiver) -> None:
        """Holds what a receiver took against what there was to be sent."""
        self.taken, self.refused, self.unanswered = receiver.taken.total(), receiver.refused, receiver.unanswered
        self.repeated = self.taken - len(receiver.taken)
        self.faults += [f"{id_}: no receiver took it" for id_ in self.messages - receiver.taken.keys()]
        self.faults += [f"{id_}: taken, and no message of ours" for id_ in receiver.taken.keys() - self.messages]
        self.faults += [f"{id_}: repeated with another body" for id_, one in receiver.bodies.items() if len(one) > 1]

    def as_json(self) -> dict[str, Any]:
        """All of it; of the faults, the first few."""
        names = ("database", "deadlines", "processes", "kills", "died", "retried", "acts", "reminders", "cancelled",
                 "late", "taken", "repeated", "refused", "unanswered")  # fmt: skip
        counts = {name: getattr(self, name) for name in names}
        return counts | {"seconds": round(self.seconds), "messages": len(self.messages), "faults": self.faults[:_SHOWN]}


def campaign_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """The arguments that every campaign takes; with none, `--database` is left to be all of them."""
    parser = argparse.ArgumentParser(prog=f"make {name}", description=description)
    parser.add_argument("--database", action="append", choices=KINDS, help="one of them (default: both)")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"keep the result, as in docs/{name}.md")
    return parser


@dataclass(slots=True)
class FaultsOutcome:
    """The counts of what was done to a server on one database; `faults` is empty where it bore all of it."""

    database: str
    say: Say
    counts: Counter[str] = field(default_factory=Counter)
    longest_s: float = 0.0
    late_once: list[str] = field(default_factory=list)
    """The answers that came too late and not again: of a busy machine, or of a fault that is seldom met."""
    late: list[str] = field(default_factory=list)
    """The answers of the part that runs now which came too late; whether that is a fault, its repetition tells."""
    faults: list[str] = field(default_factory=list)

    def count(self, what: str, times: int = 1) -> None:
        """Adds to one of the counts."""
        self.counts[what] += times

    def judge(self, what: str, answer: Answer | None, took_s: float) -> None:
        """Counts an answer: none, a 5xx that is no 503, and a 503 that does not say why and when are faults."""
        self.count("answers")
        self.longest_s = max(self.longest_s, took_s)
        if took_s > IN_TIME_S:
            self.late.append(f"{what}: after {took_s:.1f} s")
        if answer is None:
            self.faults.append(f"{what}: no answer")
        elif answer.status == 503:
            self.count("answers 503")
            if not _says_why_and_when(answer):
                self.faults.append(f"{what}: a 503 that does not say why and when: {answer.body[:200]!r}")
        elif answer.status >= 500:
            self.count("answers 500")
            self.faults.append(f"{what}: {answer.status}")

    def part(self, run: Callable[[], None]) -> None:
        """Runs a part of the campaign; once more where answers came late, for a machine that is busy lets any be late.

        What is late a second time is a fault.
        """
        run()
        if self.late:
            self.count(LATE_ONCE, len(self.late))
            self.late_once += self.late
            self.late.clear()
            run()
        self.faults += self.late
        self.late.clear()

    def as_json(self) -> dict[str, Any]:
        """All of it; of the faults, the first few."""
        return {"database": self.database, **self.counts, "longest_s": round(self.longest_s, 1),
                "late_once": self.late_once[:_SHOWN], "wrong": len(self.faults),
                "faults": self.faults[:_SHOWN]}  # fmt: skip


IN_TIME_S = 5.0
"""Seconds in which every answer must come."""
LATE_ONCE = "answers late once, on a busy machine"
_TROUBLES = {f"urn:problem-type:{name}" for name in ("database-trouble", "overloaded")}
"""The documented types of a 503 that the campaign may earn."""


def _says_why_and_when(answer: Answer) -> bool:
    if not answer.header(b"retry-after").isdigit():
        return False
    if not answer.header(b"content-type").startswith(b"application/"):
        return b"database" in answer.body  # a page
    said = json.loads(answer.body)
    return said.get("type") in _TROUBLES or bool(said.get("why"))  # a problem, or what `/readyz` says


def as_markdown(outcomes: list[Outcome]) -> str:
    """The page kept in docs."""
    headings = [outcome.database for outcome in outcomes]
    rows = [
        ("deadlines", "deadlines"),
        ("processes that tick and send", "processes"),
        ("killed with SIGKILL", "kills"),
        ("died by themselves", "died"),
        ("ticks, sendings and acts that failed on a busy database, and were tried again", "retried"),
        ("answers, corrections, extensions, withdrawals meanwhile", "acts"),
        ("reminders that came due, each with one ReminderDue and one message", "reminders"),
        ("of these marked late, their process having been killed or the clock having leapt", "late"),
        ("reminders cancelled, overtaken", "cancelled"),
        ("deliveries that a receiver took", "taken"),
        ("of these repeats, under the same id", "repeated"),
        ("refused by the receiver with a 500, and tried again", "refused"),
        ("taken by the receiver and not answered, and tried again", "unanswered"),
        ("seconds", "seconds"),
        ("lost, doubled or otherwise wrong", "faults"),
    ]
    counts = [outcome.as_json() | {"faults": len(outcome.faults)} for outcome in outcomes]
    return "\n".join(
        [
            "# Reminders under fire",
            "",
            f"Run by `make soak-reminders` on {datetime.now(UTC).date()}. {_WHAT}",
            "",
            f"| | {' | '.join(headings)} |",
            f"|---{'|---:' * len(headings)}|",
            *(f"| {said} | {' | '.join(f'{one[name]:,}' for one in counts)} |" for said, name in rows),
            "",
        ]
    )
