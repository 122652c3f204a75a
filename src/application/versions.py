"""Which version of the program made what a database holds, so that an older one can say which is needed.

A database has a schema (the last migration that was applied to it) and read models of a version. A program that knows
neither of a later one's must not touch them: it would write rows that the later one cannot rest on, or build read
models back that the later one then builds again.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select

from domain.errors import RecordError
from projections.schema import SCHEMA_VERSION, generations

MIGRATIONS = Path(__file__).parent / "migrations"
programs = Table(
    "programs",
    MetaData(),
    Column("made", Text, primary_key=True),
    Column("version", Text, nullable=False),
)
"""The first version of the program that made something: `schema 0006`, or `read models 5`."""


class LaterProgramNeeded(RecordError):
    """The database is a later program's: nothing in it was touched."""


def migration_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def present_schema(connection: Connection) -> str | None:
    """The last migration that was applied; None of a database that has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def wanted_schema() -> str:
    """The last migration that this program knows."""
    wanted = ScriptDirectory.from_config(migration_config()).get_current_head()
    if wanted is None:
        raise LookupError(f"{MIGRATIONS} has no migrations")
    return wanted


def require_known(connection: Connection) -> None:
    """LaterProgramNeeded where the schema or the read models are a later program's."""
    present = present_schema(connection)
    if present is None:
        return
    known = {script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()}
    if present not in known:
        raise _later(connection, f"schema {present}", f"schema {wanted_schema()}")
    if present == wanted_schema():
        models = connection.execute(select(generations.c.version)).scalar_one()
        if models > SCHEMA_VERSION:
            raise _later(connection, f"read models {models}", f"read models {SCHEMA_VERSION}")


def schema_fault(connection: Connection) -> str | None:
    """What is wrong with the schema of a database that was opened before: another program may have changed it since."""
    present, wanted = present_schema(connection), wanted_schema()
    return None if present == wanted else f"the database has schema {present}, and this program needs {wanted}"


def note_program(connection: Connection, made: str) -> None:
    """Notes, the first time, that this version of the program made something in the database."""
    if connection.execute(select(programs).where(programs.c.made == made)).first() is None:
        connection.execute(insert(programs).values(made=made, version=version("dispute-timeline")))


def _later(connection: Connection, made: str, known: str) -> LaterProgramNeeded:
    by = None
    if inspect(connection).has_table(programs.name):
        by = connection.execute(select(programs.c.version).where(programs.c.made == made)).scalar()
    own = version("dispute-timeline")
    needed = "a later version is needed" if by is None else f"version {by} or later is needed"
    return LaterProgramNeeded(
        f"{needed}: the database has {made}, and this is version {own}, which knows {known}; nothing was touched"
    )
