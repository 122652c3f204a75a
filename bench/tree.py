"""What the log's Merkle tree costs an append: acts recorded one by one, with and without it, in turn.

    python -m bench.tree

Without it means: nothing is hashed, and the rows keep no hashes. The machine's other work comes and goes, so what
counts is the lower quartile of each, of many appends that take turns.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from itertools import islice
from statistics import quantiles
from time import perf_counter
from typing import Any
from unittest.mock import patch

from bench.databases import KINDS, Urls
from bench.generate import Record

from application.recording import record
from application.service import Service

AT_MOST = 0.15
APPENDS = 2_000
WARM_UP = 200
HELD = 10_000
WITHOUT: dict[str, Any] = {"hash_of": lambda _event: b"", "grow": lambda _frontier, _size, _leaf: b""}


def measure(urls: Urls) -> float:
    """The share of an append's time that the tree adds."""
    services, acts = [Service(url) for url in urls], []
    for service in services:
        made = Record(HELD)
        entries = made.entries()
        record(service, [], list(made.jurisdictions()), recorder="bench")
        record(service, list(islice(entries, HELD)), recorder="bench")
        acts.append(entries)
    seconds: tuple[list[float], list[float]] = [], []
    for number in range(APPENDS + WARM_UP):
        for which in (0, 1) if number % 2 else (1, 0):
            item = next(acts[which])
            with patch.multiple("eventlog.append", **WITHOUT) if which else nullcontext():
                start = perf_counter()
                record(services[which], [item], recorder="bench")
                taken = perf_counter() - start
            if number >= WARM_UP:
                seconds[which].append(taken)
    for service in services:
        service.close()
    with_tree, without = (quantiles(each, n=4)[0] for each in seconds)
    return with_tree / without - 1


def main() -> int:
    """Measures on both databases; 1 where the tree costs more than it may."""
    worst = 0.0
    for name, database in KINDS.items():
        with database() as urls:
            cost = measure(urls)
        worst = max(worst, cost)
        print(f"{name:12} the tree adds {cost:+.1%} to a single append (at most {AT_MOST:.0%})")
    return int(worst > AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
