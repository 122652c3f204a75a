"""Reading over HTTP, beside a bare route of the same server that answers with the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from itertools import count, cycle, islice, repeat
from time import perf_counter

from bench import caching, pages
from bench.client import Client, serving
from bench.figures import Figure, Say
from bench.generate import STEADY, Record

ROUNDS = 11
REQUESTS = 100
_WARM_UP = 2
_SEED = 1373
_FIRST, _LAST = date(2016, 6, 1).toordinal(), date(2026, 6, 1).toordinal()
API = "/api/v1/jurisdictions"


def measure(url: str, database: str, made: Record, say: Say) -> list[Figure]:
    """The figures of a timeline page and of a status, asked again and again and never twice."""
    rng = random.Random(_SEED)
    timelines = [f"{API}/{place}/timeline" for place in rng.sample(made.busy(), 50) + rng.sample(made.quiet(), 50)]
    status = f"{API}/{STEADY}/status"
    with serving(url) as port:
        client = Client(port)
        head = client.head
        first_asked = (f"{status}?recorded_by={head - number}" for number in count())
        mixed = (f"{status}?{_clocks(rng, head)}" for _ in count())
        return [
            _measured("timeline", database, client, cycle(timelines), say),
            _measured("status", database, client, repeat(status), say),
            _measured("status, first asked", database, client, first_asked, say),
            _measured("status on mixed clocks", database, client, mixed, say),
            *caching.measure(port, database, made, say),
            *pages.measure(client, database, STEADY, say),
        ]


def _clocks(rng: random.Random, head: int) -> str:
    """One clock or several, on days and positions anywhere in the record."""
    clocks = {
        "as_of": date.fromordinal(rng.randrange(_FIRST, _LAST)).isoformat(),
        "public_by": date.fromordinal(rng.randrange(_FIRST, _LAST)).isoformat(),
        "recorded_by": str(rng.randrange(head // 2, head)),
    }
    chosen = rng.sample(sorted(clocks), rng.randint(1, len(clocks)))
    return "&".join(f"{name}={clocks[name]}" for name in chosen)


def _measured(name: str, database: str, client: Client, questions: Iterator[str], say: Say) -> Figure:
    figure = Figure(name, database, "answers")
    for number in range(ROUNDS + _WARM_UP):
        say(f"{database}: {name}, round {number + 1} of {ROUNDS + _WARM_UP}")
        paths = list(islice(questions, REQUESTS))
        start = perf_counter()
        answers = [client.get(path) for path in paths]
        seconds = perf_counter() - start
        for one, answer in enumerate(answers):
            client.put(f"/bare/{one}", answer)
        start = perf_counter()
        for one in range(REQUESTS):
            client.get(f"/bare/{one}")
        if number >= _WARM_UP:
            figure.add(REQUESTS, seconds, perf_counter() - start)
    return figure
