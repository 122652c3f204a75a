"""Whether the database still guards the log: the triggers that refuse to change or delete what is recorded.

Whoever holds the append lock asks first, in the statement that takes it: on a log without its guards nothing is
recorded, as nobody could say any more that what is there is what was recorded.
"""

from typing import Final

from sqlalchemy import Connection, ScalarSelect, column, func, or_, select, table

from domain.errors import RecordError
from eventlog.tables import GUARDS, LOG_TRIGGERS, log, protect_log

_FIRES: Final = ("O", "A")
"""`pg_trigger.tgenabled` of a trigger that fires in an ordinary session: by origin, or always."""


class Unguarded(RecordError):
    """The log's database no longer refuses to change what is recorded, so nothing more is recorded."""

    def __init__(self) -> None:
        super().__init__(
            "the triggers that keep the log append-only are not all there, so nothing is recorded: "
            "run `dispute-timeline verify`, and where the log is whole `dispute-timeline guard` puts them back"
        )


def guards_in_place(dialect: str) -> ScalarSelect[int]:
    """How many of the log's triggers there are and fire, to be asked beside something else."""
    if dialect == "sqlite":
        master = table("sqlite_master", column("type"), column("name"), column("tbl_name"))
        query = select(func.count()).where(
            master.c.type == "trigger",
            master.c.tbl_name == log.name,
            or_(*(master.c.name == name for name in LOG_TRIGGERS[dialect])),
        )
    else:
        triggers = table("pg_trigger", column("tgname"), column("tgrelid"), column("tgenabled"))
        query = select(func.count()).where(
            triggers.c.tgrelid == func.to_regclass(log.name),
            or_(*(triggers.c.tgname == name for name in LOG_TRIGGERS[dialect])),
            or_(*(triggers.c.tgenabled == mode for mode in _FIRES)),
        )
    return query.scalar_subquery()


def guard_anew(connection: Connection) -> None:
    """Puts the log's triggers back as they are made, whatever is there under their names."""
    for name in GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(f"DROP {name}")
    protect_log(connection)
