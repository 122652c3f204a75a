"""`make bench`: speed as ratios to floors measured in the same run, on a generated record, on both databases."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import growth, reads, replays, searches, ticks, writes
from bench.databases import KINDS
from bench.figures import Figure, Say
from bench.generate import Record
from bench.report import Report
from rich.console import Console

from application.service import Service

QUICK = 20_000


def main() -> None:
    """Measures, and says what came of it."""
    asked = _asked()
    console = Console(stderr=asked.json)
    report = Report(asked.entries, Record(asked.entries).places, [], {})
    with console.status("") as status:
        for database in asked.database:
            with KINDS[database]() as (url, floor_url):
                figures, peak = _measured(database, url, floor_url, asked, status.update)
                report.figures += figures
                if peak:
                    report.peaks_mib[database] = peak
    report.show(console)
    if asked.json:
        print(report.as_json())
    if asked.write:
        asked.write.write_text(report.as_markdown(), encoding="utf-8")


def _measured(
    database: str, url: str, floor_url: str, asked: argparse.Namespace, say: Say
) -> tuple[list[Figure], float]:
    made = Record(asked.entries)
    service = Service(url)
    figures, peak = [], 0.0
    try:
        load, entries = writes.load(service, floor_url, made, database, say)
        figures.append(writes.append(service, floor_url, entries, database, asked.appends, say))
        figures.append(load)
    finally:
        service.close()
    if "rebuild" in asked.only:
        rebuilds, peak = replays.measure(url, floor_url, database, say)
        figures += rebuilds
    if "reads" in asked.only:
        figures += reads.measure(url, database, made, say)
    if "searches" in asked.only:
        figures += searches.measure(url, database, say)
    if "growth" in asked.only:
        figures.append(growth.measure(url, database, made, say))
    if "ticks" in asked.only:
        figures.append(ticks.measure(database, min(asked.entries, ticks.MANY), say))
    return figures, peak


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000, help="how many there are in the record")
    parser.add_argument("--quick", action="store_const", const=QUICK, dest="entries", help=f"{QUICK:,} entries")
    parser.add_argument("--appends", type=int, default=50, help="single appends a round")
    parser.add_argument("--database", action="append", choices=KINDS, help="one of them (default: both)")
    parser.add_argument(
        "--only",
        action="append",
        choices=("rebuild", "reads", "searches", "growth", "ticks"),
        help="after loading, measure only this",
    )
    parser.add_argument("--json", action="store_true", help="print every round, for programs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the table, as in docs/benchmarks.md")
    asked = parser.parse_args()
    asked.database = asked.database or list(KINDS)
    asked.only = asked.only or ["rebuild", "reads", "searches", "growth", "ticks"]
    return asked


if __name__ == "__main__":
    main()
