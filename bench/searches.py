"""A ranked search over HTTP, each for other words, beside the raw driver finding the same entries unranked.

The floor runs one statement on the same index, and fetches the newest page of what it finds.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import quote

import psycopg
from bench.client import Client, serving
from bench.figures import Figure, Say
from sqlalchemy import make_url

from projections.schema import LEXEMES

ROUNDS = 7
REQUESTS = 20
_SEED = 1373
_COMMON = ("department", "justice", "county", "policy", "federal", "grant", "sheriff", "council", "review", "notice")
_NEWEST = "ORDER BY earliest DESC, latest DESC, sequence DESC, entry DESC, position DESC LIMIT 51"
_FOUND = {
    "sqlite": "SELECT rowid FROM words WHERE words MATCH ?",
    "postgresql": f"SELECT rowid FROM words WHERE {LEXEMES} @@ CAST(%s AS TSQUERY)",
}
Found = Callable[[list[str]], list[Any]]


def measure(url: str, database: str, say: Say) -> list[Figure]:
    """The figures of searches for what few entries say (about one in a thousand), and for what a third of them does."""
    rng = random.Random(_SEED)
    driver = _raw(url, database)
    with serving(url) as port:
        client = Client(port)

        def rare() -> list[str]:
            return ["officer", str(rng.randrange(997))]

        return [
            _measured("search, rare words", database, client, driver, rare, say),
            _measured("search, common words", database, client, driver, lambda: rng.sample(_COMMON, 2), say),
        ]


def _raw(url: str, database: str) -> Found:
    columns = "earliest, latest, sequence, entry, position, until, public_latest, body"
    statement = f"SELECT {columns} FROM versions WHERE position IN ({_FOUND[database]}) {_NEWEST}"
    address = make_url(url)
    if database == "sqlite":
        lite = sqlite3.connect(str(address.database))
        return lambda words: lite.execute(statement, (" AND ".join(f'"{word}"' for word in words),)).fetchall()
    server = psycopg.connect(
        address.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    )
    return lambda words: server.execute(statement, (" & ".join(f"'{word}'" for word in words),)).fetchall()


def _measured(
    name: str, database: str, client: Client, driver: Found, words: Callable[[], list[str]], say: Say
) -> Figure:
    figure = Figure(name, database, "answers")
    for number in range(ROUNDS + 1):
        say(f"{database}: {name}, round {number + 1} of {ROUNDS + 1}")
        # Each at another position, so that no answer is remembered.
        asked = [(words(), client.head - number * REQUESTS - one) for one in range(REQUESTS)]
        start = perf_counter()
        for its, position in asked:
            client.get(f"/api/v1/timeline?q={quote(' '.join(its))}&recorded_by={position}")
        seconds = perf_counter() - start
        start = perf_counter()
        for its, _ in asked:
            driver(its)
        if number:
            figure.add(REQUESTS, seconds, perf_counter() - start)
    return figure
