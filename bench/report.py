"""What was measured, for people, for programs, and for docs/benchmarks.md."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from bench.figures import MEMORY_LIMIT_MIB, Figure
from rich.console import Console
from rich.table import Table

_LIBRARIES = ("eventsourcing", "fastapi", "msgspec", "psycopg", "pydantic", "sqlalchemy", "uvicorn")
_READ = Path(__file__).with_name("reading.md")
"""How to read the table, and what limits the figures: written by hand, kept with the programs that it speaks of."""


@dataclass(slots=True)
class Report:
    """The figures of one run, and the most memory a rebuild held, by database."""

    entries: int
    places: int
    figures: list[Figure]
    peaks_mib: dict[str, float]

    def show(self, console: Console) -> None:
        """Prints a table."""
        table = Table(title=f"{self.entries:,} entries over {self.places:,} places")
        for heading in _HEADINGS:
            table.add_column(heading, justify="left" if heading in ("what", "database") else "right")
        for row in self._rows():
            table.add_row(*row)
        console.print(table)

    def as_json(self) -> str:
        """Everything, rounds included."""
        figures: list[dict[str, Any]] = [
            {
                "name": one.name,
                "database": one.database,
                "rate": one.rate,
                "floor": one.floor,
                "ratio": one.ratio,
                "target": one.target,
                "met": one.met,
                "rounds": one.rounds,
            }
            for one in self.figures
        ]
        whole = {"entries": self.entries, "places": self.places, "figures": figures, "peaks_mib": self.peaks_mib}
        return json.dumps(whole, indent=1)

    def as_markdown(self) -> str:
        """The page kept in docs."""
        lines = [
            "# Benchmarks",
            "",
            f"Measured by `make bench` on {datetime.now(UTC).date()}, on {machine()}.",
            f"{self.entries:,} entries over {self.places:,} places. {', '.join(_versions())}.",
            "",
            f"| {' | '.join(_HEADINGS)} |",
            f"|{'---|' * len(_HEADINGS)}",
            *(f"| {' | '.join(row)} |" for row in self._rows()),
            "",
            _READ.read_text(encoding="utf-8"),
        ]
        return "\n".join(lines)

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [
            (
                one.name,
                one.database,
                f"{one.rate:,.0f} {one.unit}/s",
                f"{one.floor:,.0f}/s",
                f"{one.ratio:.2f}",
                "" if one.target is None else f"{one.target:.2f}",
                _said(met=one.met),
            )
            for one in self.figures
        ]
        return rows + [
            ("memory of a rebuild", name, f"{peak:,.0f} MiB", "", "", f"< {MEMORY_LIMIT_MIB:,} MiB",
             _said(met=peak < MEMORY_LIMIT_MIB))
            for name, peak in self.peaks_mib.items()
        ]  # fmt: skip


_HEADINGS = ("what", "database", "figure", "floor", "ratio", "target", "met")


def _said(*, met: bool | None) -> str:
    return "" if met is None else "yes" if met else "no"


def machine() -> str:
    """What it was measured on."""
    return f"{os.cpu_count()} cores of {platform.machine()}, {platform.system()}"


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    yield f"SQLite {sqlite3.sqlite_version}"
    yield f"PostgreSQL {psycopg.pq.version() // 10_000} (its client library)"
    yield from (f"{name} {version(name)}" for name in _LIBRARIES)
