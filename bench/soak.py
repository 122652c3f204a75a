"""`make soak`: a large record is rebuilt again and again, once killed half-way, while readers compare what they read.

Readers are processes of their own, one of them slow: it begins a look before tables take over and ends it afterwards.
A writer records meanwhile. What readers ask, on a log position that stands still, was answered before it all began.
As a program of its parts: `python -m bench.soak rebuild URL`, and `read URL QUESTIONS STOP SLOW`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Self

import msgspec
from bench.databases import KINDS
from bench.figures import Say
from bench.generate import STEADY, Record
from bench.report import machine
from bench.soak_report import campaign_parser
from rich.console import Console
from rich.table import Table

from application.rebuild import rebuild
from application.recording import record
from application.service import Service
from application.verifying.verify import verify
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.snapshot import AskedClocks, Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page

BATCH = 10_000
QUESTIONS = 400
READERS, SLOW_S = 2, 1.5
READER_S, REBUILD_S = 120, 7_200
"""Seconds after which a reader that was told to stop, and a rebuild, are given up."""
LONGEST_S = 6 * 3_600
"""No soak is as long: a reader whose soak is gone ends by itself."""
DAYS = ("2017-06-15", "2019-03-01", "2022-10-12", "2025-12-31")
Questions = dict[str, str]
"""The digest of the right answer to each question, which is a place and a day."""


@dataclass(slots=True)
class Soaked:
    """What came of one database."""

    database: str
    entries: int
    load_s: float
    rebuilds_s: list[float] = field(default_factory=list)
    killed_at: int = 0
    went_on_at: int = 0
    reads: int = 0
    failed: int = 0
    mixed: int = 0
    written: int = 0
    unwritten: int = 0
    longest_s: float = 0
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing failed, nothing was mixed, and nothing is missing."""
        went_on = not self.killed_at or self.went_on_at > 0
        return not (self.failed or self.mixed or self.unwritten or self.faults) and went_on and self.reads > 0

    def column(self) -> tuple[str, ...]:
        """What came of it, a cell a heading."""
        return (
            self.database,
            f"{self.entries:,}",
            f"{len(self.rebuilds_s)} ({', '.join(f'{one:,.0f} s' for one in self.rebuilds_s)})",
            f"at {self.killed_at:,}; the next came to {self.went_on_at:,} first",
            f"{self.written:,}",
            f"{self.unwritten:,}",
            f"{self.longest_s:,.1f} s",
            f"{self.reads:,}",
            f"{self.failed:,}",
            f"{self.mixed:,}",
            f"{len(self.faults):,}",
            "yes" if self.sound else "no",
        )


HEADINGS = (
    "database", "entries", "rebuilds", "one was killed", "recorded meanwhile", "could not be recorded",
    "longest wait to record", "reads", "failed", "mixed",
    "faults found by verify", "sound",
)  # fmt: skip


def soak(url: str, database: str, entries: int, rebuilds: int, say: Say) -> Soaked:
    """Loads a record, rebuilds it under readers and a writer, and counts."""
    made = Record(entries)
    service = Service(url)
    more = made.entries()
    start = perf_counter()
    _load(service, made, more, say)
    soaked = Soaked(database, entries, perf_counter() - start)
    with tempfile.TemporaryDirectory(prefix="timeline-soak-") as folder, _Writer(url, more) as writer:
        questions, stop = Path(folder) / "questions.json", Path(folder) / "stop"
        say(f"{database}: answering {QUESTIONS} questions beforehand")
        questions.write_text(json.dumps(_answered(service, made)), encoding="utf-8")
        readers = [
            _started("read", url, str(questions), str(stop), str(SLOW_S if number == 0 else 0))
            for number in range(READERS + 1)
        ]
        for number in range(rebuilds):
            say(f"{database}: rebuild {number + 1} of {rebuilds}, under {len(readers)} readers")
            start = perf_counter()
            if number == 0:
                soaked.killed_at, soaked.went_on_at = _killed_and_gone_on(url, entries // 2)
            else:
                _rebuilt(url)
            soaked.rebuilds_s.append(perf_counter() - start)
        stop.touch()
        for reader in readers:
            said, _ = reader.communicate(timeout=READER_S)
            counted = json.loads(said or "{}")
            soaked.reads += counted.get("reads", 0)
            soaked.failed += counted.get("failed", 1)
            soaked.mixed += counted.get("mixed", 0)
        soaked.written, soaked.unwritten, soaked.longest_s = writer.written, writer.unwritten, writer.longest_s
    say(f"{database}: verifying")
    soaked.faults = list(verify(service))
    service.close()
    return soaked


def _load(service: Service, made: Record, entries: Iterator[dict[str, Any]], say: Say) -> None:
    places = made.jurisdictions()
    while batch := list(islice(places, BATCH)):
        record(service, [], batch, recorder="soak")
    for done in range(0, made.size, BATCH):
        say(f"loading, {done:,} of {made.size:,} entries")
        size = min(BATCH, made.size - done)
        record(service, list(islice(entries, size)), recorder="soak")


class _Writer:
    """Records an act at a time, some ten a second, for as long as the block runs."""

    def __init__(self, url: str, entries: Iterator[dict[str, Any]]) -> None:
        self.written = self.unwritten = 0
        self.longest_s = 0.0
        self._service, self._entries = Service(url), entries
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(READER_S)
        self._service.close()

    def _write(self) -> None:
        item = next(self._entries)
        while not self._done.wait(0.1):
            start = perf_counter()
            try:
                record(self._service, [item], recorder="soak")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                self.unwritten += 1
                print(f"not recorded: {error!r}", file=sys.stderr)
            else:
                self.written += 1
                item = next(self._entries)
            self.longest_s = max(self.longest_s, perf_counter() - start)


def _answered(service: Service, made: Record) -> Questions:
    rng = random.Random(1373)
    with service.snapshot() as snapshot:
        head = snapshot.head
    places = [STEADY, *rng.sample(made.busy(), min(20, len(made.busy()))), *rng.sample(made.quiet(), 100)]
    asked = [(place, day) for place in places for day in DAYS][:QUESTIONS]
    questions = {}
    for place, day in asked:
        with service.snapshot(AskedClocks(day, None, head)) as snapshot:
            questions[f"{place} {day} {head}"] = _answer(snapshot, place)
    return questions


def _answer(snapshot: Snapshot, place: str) -> str:
    """The digest of a place's status, deadlines and timeline."""
    said = [
        place_status(snapshot, place),
        place_deadlines(snapshot, place, DeadlineFilter())[0],
        timeline_page(snapshot, TimelineFilter(jurisdiction=place, context=True, newest=True), 20, None).bodies,
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _read(url: str, questions: Path, stop: Path, slow_s: float) -> dict[str, int]:
    known: Questions = json.loads(questions.read_text(encoding="utf-8"))
    rng = random.Random(slow_s)
    counted = {"reads": 0, "failed": 0, "mixed": 0}
    service = Service(url)
    end = perf_counter() + LONGEST_S
    while not stop.exists() and perf_counter() < end:
        question = rng.choice(list(known))
        place, day, position = question.split()
        counted["reads"] += 1
        try:
            with service.snapshot(AskedClocks(day, None, int(position))) as snapshot:
                sleep(slow_s)
                counted["mixed"] += _answer(snapshot, place) != known[question]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            counted["failed"] += 1
            print(f"{question}: {error!r}", file=sys.stderr)
        if rng.random() < 0.01:  # and what is remembered is read again
            service.close()
            service = Service(url)
    service.close()
    return counted


def _started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "bench.soak", *arguments], stdout=subprocess.PIPE, text=True)


def _rebuilt(url: str) -> None:
    process = _started("rebuild", url)
    process.communicate(timeout=REBUILD_S)
    if process.returncode:
        raise RuntimeError("a rebuild failed")


def _killed_and_gone_on(url: str, at: int) -> tuple[int, int]:
    """Kills a rebuild once it has passed a position; where that was, and the first that the next one came to."""
    process = _started("rebuild", url)
    killed_at = 0
    for line in process.stdout or ():
        killed_at = int(line)
        if killed_at >= at:
            process.kill()
            break
    process.wait(REBUILD_S)
    if process.stdout:
        process.stdout.close()
    process = _started("rebuild", url)
    said, _ = process.communicate(timeout=REBUILD_S)
    first = int(said.split()[0])
    return killed_at, first if first > killed_at else 0


def main() -> int:
    """Soaks, says what came of it, and fails where anything was not sound."""
    asked = _asked()
    console = Console(stderr=asked.json)
    found = []
    with console.status("") as said:
        for database in asked.database or list(KINDS):
            with KINDS[database]() as (url, _):
                found.append(soak(url, database, asked.entries, asked.rebuilds, said.update))
    table = Table(title="Rebuilt under readers", show_header=False)
    for row in _rows(found):
        table.add_row(*row)
    console.print(table)
    for one in found:
        for fault in one.faults[:20]:
            console.print(f"{one.database}: {fault}", markup=False)
    if asked.json:
        print(json.dumps([{name: getattr(one, name) for name in Soaked.__slots__} for one in found]))
    if asked.write:
        asked.write.write_text(_page(found), encoding="utf-8")
    return 0 if all(one.sound for one in found) else 1


def _rows(found: list[Soaked]) -> Iterator[tuple[str, ...]]:
    return zip(HEADINGS, *(one.column() for one in found), strict=True)


_INTRODUCTION = """\
# Rebuilt under readers

What `make soak` found on {day}, on {machine}. A generated record is loaded, then its read
models are built anew while {readers} processes read (status, deadlines and timeline of a place, on a log position
whose answers are known) and one writes. One reader stays in each look for {slow_s} seconds, so that tables take over in
the middle of it. The first rebuild is killed (`SIGKILL`) half-way, and another goes on.
"""
_WORDS = """\
*Failed*: a read that raised an error. *Mixed*: a read that gave another answer than the one known. *Faults*: what
`verify` found at the end, when it compared every row with a replay of the log, what was recorded meanwhile included.
"""


def _page(found: list[Soaked]) -> str:
    introduction = _INTRODUCTION.format(
        day=datetime.now(UTC).date(), machine=machine(), readers=READERS + 1, slow_s=SLOW_S
    )
    first, *rest = (f"| {' | '.join(row)} |" for row in _rows(found))
    return "\n".join([introduction, first, f"|{'---|' * (1 + len(found))}", *rest, "", _WORDS])


def _asked() -> argparse.Namespace:
    parser = campaign_parser("soak", __doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many there are in the record")
    parser.add_argument("--rebuilds", type=int, default=3, help="how often it is rebuilt; the first is killed once")
    parser.add_argument("--json", action="store_true", help="print the counts, for programs")
    return parser.parse_args()


def _part(arguments: list[str]) -> None:
    match arguments:
        case ["rebuild", url]:
            service = Service(url)
            rebuild(service, lambda done, _total: print(done, flush=True))
            service.close()
        case ["read", url, questions, stop, slow_s]:
            print(json.dumps(_read(url, Path(questions), Path(stop), float(slow_s))))
        case _:
            raise ValueError(arguments)


if __name__ == "__main__":
    if sys.argv[1:2] in (["rebuild"], ["read"]):
        _part(sys.argv[1:])
    else:
        sys.exit(main())
