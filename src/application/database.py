"""The schema: Alembic's migrations, run by the program itself, so that there is nothing to remember."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, make_url

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that nobody else uses: two processes that start at once migrate one after the other.
_MIGRATION_LOCK = 1373_2017


def prepare(database_url: str) -> None:
    """Makes the folder that an SQLite file is to lie in."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def migrate(engine: Engine) -> None:
    """Brings the schema up to date; does nothing, and locks nothing, where it is."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    wanted = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if MigrationContext.configure(connection).get_current_revision() == wanted:
            return
    with engine.connect() as connection:
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
