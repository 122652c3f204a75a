"""A place's page over HTTP, beside the JSON timeline of the same place: on the real record, warm, and cold once each.

`python -m bench.pages` loads the seeds into a database of its own and prints a table; `make bench` does not need it.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.figures import Figure
from bench.reads import Client, serving

from application.loading import load
from application.service import Service

TARGET = 0.5
COLD_LIMIT_MS = 100
_SEEDS = Path(__file__).parent.parent / "seeds"
_PLACE = "new-orleans-la"
_ROUNDS, _REQUESTS, _WARM_UP, _DAYS = 15, 200, 2, 60
_FIRST, _LAST = date(2016, 6, 1).toordinal(), date(2026, 6, 1).toordinal()


def main() -> None:
    """Measures, and says what came of it."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        url = f"sqlite:///{folder}/pages.db"
        service = Service(url)
        load(service, [_SEEDS], recorder="bench")
        service.close()
        with serving(url) as port:
            client = Client(port)
            first = _ms(client, f"/places/{_PLACE}")
            moved = list(_moved(client))
            figure = _warm(client)
            page_size = len(client.get(f"/places/{_PLACE}"))
    print(f"page of {_PLACE}: {page_size / 1000:.0f} kB of HTML")
    print(f"the first of all: {first:.0f} ms")
    print(
        f"the time machine moved to a day not asked before: median {median(moved):.0f} ms, "
        f"longest {max(moved):.0f} ms (target {COLD_LIMIT_MS})"
    )
    print(
        f"warm: {figure.rate:,.0f} pages/s beside {figure.floor:,.0f} JSON timelines/s: "
        f"{figure.ratio:.2f} (target {TARGET})"
    )


def _moved(client: Client) -> Iterator[float]:
    """How long each answer took on days anywhere in the record, none of them asked before."""
    rng = random.Random(1373)
    for ordinal in rng.sample(range(_FIRST, _LAST), _DAYS):
        yield _ms(client, f"/places/{_PLACE}?as_of={date.fromordinal(ordinal).isoformat()}")


def _warm(client: Client) -> Figure:
    figure = Figure("page", "sqlite", "pages")
    page, timeline = f"/places/{_PLACE}", f"/api/v1/jurisdictions/{_PLACE}/timeline"
    for number in range(_ROUNDS + _WARM_UP):
        start = perf_counter()
        for _ in range(_REQUESTS):
            client.get(page)
        half = perf_counter()
        for _ in range(_REQUESTS):
            client.get(timeline)
        if number >= _WARM_UP:
            figure.add(_REQUESTS, half - start, perf_counter() - half)
    return figure


def _ms(client: Client, path: str) -> float:
    start = perf_counter()
    client.get(path)
    return (perf_counter() - start) * 1_000


if __name__ == "__main__":
    main()
