"""Reading over HTTP, beside a bare route of the same server that answers with the same bytes."""

from __future__ import annotations

from bench.figures import Figure, Say
from bench.generate import Record


def measure(url: str, database: str, made: Record, say: Say) -> list[Figure]:
    """The figures of a timeline page and of a status."""
    return []
