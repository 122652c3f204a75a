"""Rebuilding, beside reading and decoding the same log; each in a process of its own, so that its memory can be told.

As a program it is that process: `python -m bench.replays rebuild|floor URL` prints seconds, events and peak memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from functools import partial
from time import perf_counter
from typing import Any

import msgspec
from bench.figures import Figure, Say, timed
from bench.floors import raw, rows_since, together
from sqlalchemy.schema import CreateIndex, DropIndex

from application.rebuild import REBUILD_BATCH, rebuild
from application.service import Service
from projections.projector import ACT_TOPICS, EntryHeader
from projections.schema import live_tables

ROUNDS = 3
_LONGEST_S = 7_200.0
"""Seconds after which a rebuild is given up."""


def measure(url: str, floor_url: str, database: str, say: Say) -> tuple[list[Figure], float]:
    """The figures, and the most memory a rebuild held, in MiB."""
    figure = Figure("rebuild", database, "events")
    beside_writes = Figure("rebuild, to its writes", database, "events")
    peak = 0.0
    for number in range(1, ROUNDS + 1):
        say(f"{database}: rebuilding, round {number} of {ROUNDS}")
        floor = _run("floor", url)
        ours = _run("rebuild", url)
        figure.add(ours["events"], ours["seconds"], floor["seconds"])
        if number == ROUNDS:
            say(f"{database}: what a rebuild writes, written by the driver")
            beside_writes.add(ours["events"], ours["seconds"], _writes(url, floor_url))
        peak = max(peak, ours["peak_mib"])
    return [figure, beside_writes], peak


def _writes(url: str, floor_url: str) -> float:
    """How long the raw driver takes to write the rows of all read models in batches, and then to make their indexes."""
    service, driver = Service(url), raw(floor_url)
    dialect = service.engine.dialect
    indexes = [
        one for one in live_tables().indexes if dialect.name == "postgresql" or one.table is not live_tables().words
    ]
    for index in indexes:
        driver.run(str(DropIndex(index).compile(dialect=dialect)))
    for table in live_tables().tables:
        driver.run(f"DELETE FROM {table.name}")
    position, seconds = 0, 0.0
    while events := list(rows_since(service, position, REBUILD_BATCH)):
        position += len(events)
        rows = together(events)
        del rows["log"], rows["log_head"]
        seconds += timed(partial(driver.write, rows))
    for index in indexes:
        seconds += timed(partial(driver.run, str(CreateIndex(index).compile(dialect=dialect))))
    driver.close()
    service.close()
    return seconds


def _run(what: str, url: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.replays", what, url],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_LONGEST_S,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _rebuild(url: str) -> tuple[int, float]:
    service = Service(url)
    start = perf_counter()
    events = rebuild(service)
    seconds = perf_counter() - start
    service.close()
    return events, seconds


def _floor(url: str) -> tuple[int, float]:
    driver = raw(url)
    decode = msgspec.json.Decoder(EntryHeader).decode
    start = perf_counter()
    events = 0
    for topic, state in driver.events():
        events += 1
        if topic in ACT_TOPICS:
            decode(state)
    seconds = perf_counter() - start
    driver.close()
    return events, seconds


if __name__ == "__main__":
    events, seconds = {"rebuild": _rebuild, "floor": _floor}[sys.argv[1]](sys.argv[2])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"events": events, "seconds": seconds, "peak_mib": peak}))
