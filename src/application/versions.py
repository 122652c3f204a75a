"""Which version of the program made the schema of a database, so that an older one can say which is needed.

A schema is named by the last migration that was applied. A program that does not know it must not touch the database:
it would write rows that the later program cannot rest on.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select

from domain.errors import RecordError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
# Alembic's own table. It is read here without Alembic, which takes 0.3 s to load: most commands find nothing to do.
_alembic = Table("alembic_version", MetaData(), Column("version_num", Text))
programs = Table(
    "programs",
    MetaData(),
    Column("schema", Text, primary_key=True),
    Column("version", Text, nullable=False),
)
"""The first version of the program that made each schema, named by the last migration in it."""


class LaterProgramNeeded(RecordError):
    """The database is a later program's: nothing in it was touched."""


def migration_config() -> Config:
    from alembic.config import Config  # noqa: PLC0415  # see _alembic

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(connection: Connection) -> None:
    """Applies what a database lacks of the migrations, in the connection's transaction."""
    from alembic import command  # noqa: PLC0415  # see _alembic

    config = migration_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def present_schema(connection: Connection) -> str | None:
    """The last migration that was applied; None of a database that has none yet."""
    if not inspect(connection).has_table(_alembic.name):
        return None
    return connection.execute(select(_alembic.c.version_num)).scalar_one_or_none()


def wanted_schema() -> str:
    """The last migration that this program knows."""
    return known_schemas()[-1]


@cache
def known_schemas() -> tuple[str, ...]:
    """The migrations that this program knows, in order: their numbers, with which their files' names begin."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def require_known(connection: Connection) -> None:
    """LaterProgramNeeded where the schema is a later program's.

    Read models of another version are built anew, whichever is the later: they follow from the log.
    """
    present = present_schema(connection)
    if present is not None and present not in known_schemas():
        raise _later(connection, present)


def schema_fault(connection: Connection) -> str | None:
    """What is wrong with the schema of a database that was opened before: another program may have changed it since."""
    present, wanted = present_schema(connection), wanted_schema()
    return None if present == wanted else f"the database has schema {present}, and this program needs {wanted}"


def note_program(connection: Connection) -> None:
    """Notes that this version of the program brought the schema up to what it wants."""
    made = wanted_schema()
    if connection.execute(select(programs).where(programs.c.schema == made)).first() is None:
        connection.execute(insert(programs).values(schema=made, version=version("dispute-timeline")))


def _later(connection: Connection, schema: str) -> LaterProgramNeeded:
    by = None
    if inspect(connection).has_table(programs.name):
        by = connection.execute(select(programs.c.version).where(programs.c.schema == schema)).scalar()
    own = version("dispute-timeline")
    needed = "a later version is needed" if by is None else f"version {by} or later is needed"
    return LaterProgramNeeded(
        f"{needed}: the database has schema {schema}, and this is version {own}, which knows schemas up to "
        f"{wanted_schema()}; nothing was touched"
    )
