"""The secrets that sign webhooks: each shown once, when it is made, and in no answer, log or event after that.

They are written and read by the driver alone: an error of SQLAlchemy's would quote the values of its statement.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_bytes

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from application.reminders.tables import secrets_table
from domain.reminders import instant
from eventlog.sql import BulkInsert, CompiledQuery

OVERLAP = timedelta(days=1)
"""For this long the secret that was replaced still signs, beside the new one."""
_BYTES = 32
_MINE = secrets_table.c.subscription == bindparam("its")
_INSERT = BulkInsert(secrets_table)
_RETIRE = CompiledQuery(
    update(secrets_table).where(_MINE, secrets_table.c.expires_at.is_(None)).values(expires_at=bindparam("until"))
)
_FORGET = CompiledQuery(delete(secrets_table).where(_MINE, secrets_table.c.expires_at <= bindparam("now")))
_FORGET_ALL = CompiledQuery(delete(secrets_table).where(_MINE))
_IN_USE = CompiledQuery(
    select(secrets_table.c.secret)
    .where(_MINE, or_(secrets_table.c.expires_at.is_(None), secrets_table.c.expires_at > bindparam("now")))
    .order_by(secrets_table.c.created_at.desc())
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that does not show itself by accident."""

    shown_once: str = field(repr=False)


def make_secret(connection: Connection, subscription: str, now: datetime) -> Secret:
    """A new secret for a subscription; one that it had signs for a day more."""
    _FORGET.run(connection, its=subscription, now=instant(now))
    _RETIRE.run(connection, its=subscription, until=instant(now + OVERLAP))
    secret = Secret(f"whsec_{b64encode(token_bytes(_BYTES)).decode()}")
    _INSERT.rows(connection, [(subscription, secret.shown_once, instant(now), None)])
    return secret


def secrets_in_use(connection: Connection, subscription: str, now: datetime) -> list[Secret]:
    """The secrets that sign now, the newest first."""
    return [Secret(row[0]) for row in _IN_USE.run(connection, its=subscription, now=instant(now))]


def forget_secrets(connection: Connection, subscription: str) -> None:
    """Forgets the secrets of a subscription that has ended."""
    _FORGET_ALL.run(connection, its=subscription)
