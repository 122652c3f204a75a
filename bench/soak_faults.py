"""`make soak-faults`: a real server is killed under load, sent what nobody means, and run on machines that break.

On SQLite and on a real PostgreSQL. At the end there must be on record, once each, what was acknowledged, no answer may
have been a 500 or have come after more than five seconds, and `verify` must find nothing; what is planted for it into
copies of a small record it must name.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from bench.broken_machines import TROUBLES, in_trouble
from bench.databases import KINDS
from bench.figures import Say
from bench.hostile_requests import attack
from bench.planted_faults import judged
from bench.report import machine
from bench.soak_report import IN_TIME_S, LATE_ONCE, FaultsOutcome, campaign_parser
from bench.soak_writers import (
    ENDED_S,
    PLACE,
    Server,
    Writers,
    an_entry,
    entries_of,
    hold_against_log,
    run_command,
    start_command,
)
from rich.console import Console
from rich.table import Table

from application.recording import record
from application.service import Service

WRITERS = 4
LOADED = 3_000
"""Entries that a command loads, rebuilds or imports while it is killed."""


def campaign(database: str, asked: argparse.Namespace, say: Say) -> FaultsOutcome:
    """All of it on one database, from nothing to what `verify` says of it."""
    outcome = FaultsOutcome(database, lambda doing: say(f"{database}: {doing}"))
    chance = random.Random(asked.seed)
    begun = monotonic()
    with KINDS[database]() as (url, other), tempfile.TemporaryDirectory(prefix="timeline-faults-") as folder:
        service = Service(url)
        ids = [f"said-{number}" for number in range(5)]
        record(service, [an_entry(id_) for id_ in ids], [PLACE], recorder="soak")
        service.close()
        server = Server(url, Path(folder))
        try:
            kept = Kept(server, outcome, set(ids))
            outcome.part(lambda: kept.keep(kill_under_load(server, outcome, chance, asked.kills, kept.name())))
            for trouble in TROUBLES[database]:
                outcome.part(lambda trouble=trouble: kept.keep(in_trouble(server, outcome, trouble, kept.name())))  # type: ignore[misc]  # mypy takes no lambda with a default
            kept.check()
            outcome.part(lambda: attack(server, outcome, asked.seed, asked.hostile))
            hold_against_log(url, outcome)
            outcome.count("errors in the server's log that it did not mean", server.tracebacks())
        finally:
            server.kill()
        kill_commands(url, other, Path(folder), outcome, chance, asked.command_kills)
    outcome.count("seconds", round(monotonic() - begun))
    return outcome


class Kept:
    """The writers of all parts: what they sent and what was acknowledged, to be held against the log."""

    def __init__(self, server: Server, outcome: FaultsOutcome, present: set[str]) -> None:
        """`present`: the ids that are on record before anything is sent."""
        self._server, self._outcome, self._present = server, outcome, present
        self._writers: list[Writers] = []

    def name(self) -> str:
        """For the writers of the next part."""
        return f"part-{len(self._writers)}"

    def keep(self, writers: Writers) -> None:
        """Notes a part's writers, which have stopped."""
        self._writers.append(writers)

    def check(self) -> None:
        """Has all taken that is left, and holds it against the log."""
        self._outcome.say("sending again what was not acknowledged, and verifying")
        sent, acknowledged = set(self._present), set(self._present)
        for writers in self._writers:
            writers.finish()
            sent |= writers.sent
            acknowledged |= writers.acknowledged.keys()
        self._outcome.count("entries acknowledged", len(acknowledged))
        hold_against_log(self._server.url, self._outcome, sent, acknowledged)


def kill_under_load(server: Server, outcome: FaultsOutcome, chance: random.Random, kills: int, name: str) -> Writers:
    """Kills the server at random moments while some record; the writers, with what is left to be sent."""
    with Writers(server, outcome, name, WRITERS) as writers:
        for number in range(kills):
            outcome.say(f"kill {number + 1} of {kills}, {len(writers.acknowledged):,} entries acknowledged")
            sleep(chance.uniform(0.1, 2.0))
            server.kill()
            outcome.count("kills of the server under load")
            server.start()
    return writers


def kill_commands(
    url: str, empty: str, folder: Path, outcome: FaultsOutcome, chance: random.Random, kills: int
) -> None:
    """Kills `import-log`, `load` and `rebuild` on an empty database at random moments, and lets each end once."""
    exported, file = folder / "log.ndjson", folder / "record.ndjson"
    file.write_text("".join(f"{json.dumps(an_entry(f'loaded-{number}'))}\n" for number in range(LOADED)))
    run_command(url, "export", str(exported))
    imported = entries_of(url)
    both = imported + LOADED
    for words, before, after in ((("import-log", str(exported)), 0, imported), (("load", str(file)), imported, both),
                                 (("rebuild",), both, both)):  # fmt: skip
        for _ in range(kills):
            outcome.say(f"killing {words[0]}")
            process = start_command(empty, *words)
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=chance.uniform(0.3, 3.0))
            process.kill()
            process.communicate(timeout=ENDED_S)
            outcome.count("kills of import-log, load and rebuild", process.returncode == -signal.SIGKILL)
            if (present := entries_of(empty)) not in (before, after):
                outcome.faults.append(f"{words[0]} was killed, and {present} entries are on record, not {after}")
        if entries_of(empty) == before:
            run_command(empty, *words)
        if (present := entries_of(empty)) != after:
            outcome.faults.append(f"after {words[0]} {present} entries are on record, not {after}")
        hold_against_log(empty, outcome)


def plant(say: Say) -> tuple[int, list[str]]:
    """How many faults were planted, and which of them `verify` did not name."""
    results = []
    for result in judged():
        results.append(result)
        say(f"planted: {result.what}")
    missed = [f"{result.what}: not named, but {result.said[:1]}" for result in results if not result.named]
    return len(results) - 1, missed


_ROWS = (
    "kills of the server under load",
    "kills of import-log, load and rebuild",
    "troubles of the machine",
    "entries acknowledged",
    "requests sent again under their key",
    "hostile requests",
    "of these answered",
    "of these broken HTTP, closed without an answer",
    "of these valid after all, and recorded",
    "connections held open with half a request",
    "answers",
    "answers 503",
    "answers 500",
    LATE_ONCE,
    "errors in the server's log that it did not mean",
    "seconds",
)
_LONGEST, _WRONG = "longest wait for an answer, in seconds", "lost, doubled or otherwise wrong"


def _rows(outcomes: list[FaultsOutcome]) -> Iterator[tuple[str, ...]]:
    for row in _ROWS:
        yield row, *(f"{outcome.counts[row]:,}" for outcome in outcomes)
    yield _LONGEST, *(f"{outcome.longest_s:.1f}" for outcome in outcomes)
    yield _WRONG, *(f"{len(outcome.faults):,}" for outcome in outcomes)


_PAGE = """\
# A server under attack and on broken machines

Run by `make soak-faults` on {day}, on {machine}, with the seed {seed}.

A real server (`dispute-timeline serve`) is killed with `SIGKILL` at random moments while {writers} writers record over
HTTP, each request under an `Idempotency-Key` and again under it until it is acknowledged. Then the machine breaks under
it, one trouble after another while others write. Then it is sent requests as nobody means them, over raw sockets,
while connections that sent half a request are held open. At last `import-log`, `load` and `rebuild` are killed.

Wrong is: an entry that was acknowledged and is not on record, or more than once; one recorded that nobody sent or that
was refused; an answer that is a 500, or none; a 503 that does not say why and when to come back; a server that does
not recover from a trouble within a minute; and whatever `verify` says of the database. An answer later than
{in_time:.0f} s is wrong if one is so again when that part of the campaign is repeated.

{table}

The troubles: {troubles}. A file that is read-only is so for a server that was started on it, and the server is started
again when it is mended.

Beside this **{planted} faults** were planted into copies of a small record, past this program: `verify` named {named}.
"""


def page(outcomes: list[FaultsOutcome], planted: int, missed: list[str], seed: int) -> str:
    """The page kept in docs."""
    first, *rest = (f"| {' | '.join(row)} |" for row in _rows(outcomes))
    heading = f"| | {' | '.join(outcome.database for outcome in outcomes)} |\n|---{'|---:' * len(outcomes)}|"
    troubles = "; ".join(
        f"on {outcome.database}, {', '.join(trouble.what for trouble in TROUBLES[outcome.database])}"
        for outcome in outcomes
    )
    return _PAGE.format(
        day=datetime.now(UTC).date(), machine=machine(), seed=seed, writers=WRITERS, troubles=troubles,
        in_time=IN_TIME_S, table="\n".join([heading, first, *rest]), planted=planted,
        named="all" if not missed else planted - len(missed),
    )  # fmt: skip


def main() -> int:
    """Runs the campaign, says what came of it, and fails where anything was found."""
    asked = _asked()
    console = Console(stderr=asked.json)
    console.print(f"seed {asked.seed}")
    with console.status("") as status:
        planted, missed = plant(status.update)
        console.print(f"{planted} faults planted, {len(missed)} of them not named by verify")
        outcomes = []
        for database in asked.database or list(KINDS):
            outcomes.append(campaign(database, asked, status.update))
            console.print(f"{database}: {len(outcomes[-1].faults)} faults in {outcomes[-1].counts['seconds']} s")
    table = Table("", *(outcome.database for outcome in outcomes), title="A server under attack and on broken machines")
    for row in _rows(outcomes):
        table.add_row(*row)
    console.print(table)
    found = [*missed, *(f"{outcome.database}: {fault}" for outcome in outcomes for fault in outcome.faults)]
    late_once = [f"{outcome.database}: late once: {late}" for outcome in outcomes for late in outcome.late_once]
    for line in (*found[:50], *late_once[:50]):
        console.print(line, markup=False)
    if asked.json:
        counts = [outcome.as_json() for outcome in outcomes]
        print(json.dumps({"seed": asked.seed, "planted": planted, "missed": missed, "databases": counts}))
    if asked.write:
        asked.write.write_text(page(outcomes, planted, missed, asked.seed), encoding="utf-8")
    return 1 if found else 0


def _asked() -> argparse.Namespace:
    parser = campaign_parser("soak-faults", __doc__)
    parser.add_argument("--kills", type=int, default=12, help="of the server under load, on each database")
    parser.add_argument("--command-kills", type=int, default=3, help="of each of the three commands")
    parser.add_argument("--hostile", type=int, default=800, help="requests, on each database")
    parser.add_argument("--seed", type=int, default=1373, help="of the moments and the requests")
    parser.add_argument("--json", action="store_true", help="print the counts, for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
