"""What came of a campaign, for programs and for docs/soak-reminders.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
