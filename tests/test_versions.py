"""A database of a later program: an older one says which version is needed, exits with 1 and touches nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from application.service import Service
from application.versions import LaterProgramNeeded, known_schemas, migration_config, wanted_schema
from command_line import run
from serving import COMMAND

LATER = [
    "UPDATE alembic_version SET version_num = '9999'",
    "INSERT INTO programs VALUES ('9999', '42.0.0')",
    "DROP TABLE read_models",
]


def made_later(url: str, statements: list[str]) -> None:
    service = Service(url)
    with service.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    service.close()


@contextmanager
def untouched(url: str) -> Iterator[None]:
    """The file, if it is one, has the same bytes after as before."""
    path = Path(url.removeprefix("sqlite:///"))
    before = sha256(path.read_bytes()).digest() if path.is_file() else None
    yield
    assert before == (sha256(path.read_bytes()).digest() if path.is_file() else None)


@pytest.mark.parametrize("arguments", [("status", "chicago-il"), ("rebuild",), ("verify",), ("keys", "add", "x")])
def test_a_command_says_which_version_is_needed(sqlite_url: str, arguments: tuple[str, ...]) -> None:
    made_later(sqlite_url, LATER)
    with untouched(sqlite_url):
        said = run(sqlite_url, *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert "version 42.0.0 or later is needed" in said.err
    assert "schema 9999" in said.err


def test_it_is_the_same_on_both_databases(database_url: str) -> None:
    made_later(database_url, LATER)
    with pytest.raises(LaterProgramNeeded, match=r"version 42\.0\.0 or later is needed"):
        Service(database_url)


def test_where_the_version_was_not_noted_a_later_one_is_asked_for(sqlite_url: str) -> None:
    made_later(sqlite_url, LATER[:1])
    said = run(sqlite_url, "status", "chicago-il")
    assert "a later version is needed: the database has schema 9999" in said.err


def test_the_server_does_not_start(sqlite_url: str, tmp_path: Path) -> None:
    made_later(sqlite_url, LATER)
    environment = {**os.environ, "DATABASE_URL": sqlite_url}
    with untouched(sqlite_url):
        said = subprocess.run(
            [COMMAND, "serve", "--port", "0"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert said.returncode == 1
    assert "version 42.0.0 or later is needed" in said.stderr
    assert "Traceback" not in said.stderr


def test_what_made_a_database_is_noted(database_url: str) -> None:
    service = Service(database_url)
    with service.engine.connect() as connection:
        rows = dict(map(tuple, connection.execute(text("SELECT * FROM programs"))))
    service.close()
    assert rows == {wanted_schema(): version("dispute-timeline")}


def test_the_schemas_that_the_program_knows_are_the_migrations_in_order() -> None:
    scripts = ScriptDirectory.from_config(migration_config()).walk_revisions()
    assert known_schemas() == tuple(script.revision for script in scripts)[::-1]


def test_a_command_loads_no_library_that_it_has_no_use_for(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    service.close()
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", COMMAND, "timeline"],
        env={**os.environ, "DATABASE_URL": sqlite_url},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "sqlalchemy" in loaded
    assert not {"alembic", "fastapi", "holidays", "psycopg"} & loaded
