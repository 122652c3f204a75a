"""A place's page over HTTP, beside the JSON timeline of the same place: asked again and again, and never twice.

`python -m bench.pages` measures the page of New Orleans on the real record, and how long each move of the clocks takes.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import date
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.client import Client, serving
from bench.figures import Figure, Say

from application.bulk.files import load
from application.service import Service

MOVE_LIMIT_MS = 100
_SEEDS = Path(__file__).parent.parent / "seeds"
_PLACE = "new-orleans-la"
_ROUNDS, _REQUESTS, _WARM_UP, _SEED = 15, 100, 2, 1373
_FIRST, _LAST = date(2016, 6, 1).toordinal(), date(2026, 6, 1).toordinal()


def measure(client: Client, database: str, place: str, say: Say) -> list[Figure]:
    """The figures of a page that was made before, and of one moved to a day not asked before."""
    rng = random.Random(_SEED)
    days = iter(rng.sample(range(_FIRST, _LAST), (_ROUNDS + _WARM_UP) * _REQUESTS))
    moved = (f"/places/{place}?as_of={date.fromordinal(day).isoformat()}" for day in days)
    return [
        _measured("page", database, client, repeat(f"/places/{place}"), place, say),
        _measured("page on another day", database, client, moved, place, say),
    ]


def _measured(name: str, database: str, client: Client, pages: Iterator[str], place: str, say: Say) -> Figure:
    figure = Figure(name, database, "pages")
    timeline = f"/api/v1/jurisdictions/{place}/timeline"
    for number in range(_ROUNDS + _WARM_UP):
        say(f"{database}: {name}, round {number + 1} of {_ROUNDS + _WARM_UP}")
        start = perf_counter()
        for _ in range(_REQUESTS):
            client.get(next(pages))
        half = perf_counter()
        for _ in range(_REQUESTS):
            client.get(timeline)
        if number >= _WARM_UP:
            figure.add(_REQUESTS, half - start, perf_counter() - half)
    return figure


def main() -> None:
    """Measures on the real record, and says what came of it."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        url = f"sqlite:///{folder}/pages.db"
        service = Service(url)
        load(service, [_SEEDS], recorder="bench")
        service.close()
        with serving(url) as port:
            client = Client(port, _PLACE)
            first = _ms(client, f"/places/{_PLACE}")
            days = random.Random(_SEED + 1).sample(range(_FIRST, _LAST), 100)
            moves = [_ms(client, f"/places/{_PLACE}?as_of={date.fromordinal(day).isoformat()}") for day in days]
            figures = measure(client, "sqlite", _PLACE, lambda _: None)
            size = len(client.get(f"/places/{_PLACE}"))
    print(f"the page of {_PLACE}: {size / 1000:.0f} kB of HTML; the first of all in {first:.0f} ms")
    print(
        f"moved to a day not asked before: median {median(moves):.0f} ms, longest {max(moves):.0f} ms "
        f"(at most {MOVE_LIMIT_MS})"
    )
    for one in figures:
        target = f" (at least {one.target})" if one.target else ""
        print(f"{one.name}: {one.rate:,.0f}/s beside {one.floor:,.0f} JSON timelines/s: {one.ratio:.2f}{target}")


def _ms(client: Client, path: str) -> float:
    start = perf_counter()
    client.get(path)
    return (perf_counter() - start) * 1_000


if __name__ == "__main__":
    main()
