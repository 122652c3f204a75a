"""The secrets that sign webhooks: each is shown once, when it is created, and in no answer, log or event after that.

The statements run on the driver, not through SQLAlchemy, whose errors would quote the values.
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
"""How long a replaced secret still signs, beside the new one."""
_BYTES = 32
_OWN = secrets_table.c.subscription == bindparam("subscription_id")
_INSERT = BulkInsert(secrets_table)
_RETIRE = CompiledQuery(
    update(secrets_table).where(_OWN, secrets_table.c.expires_at.is_(None)).values(expires_at=bindparam("until"))
)
_FORGET = CompiledQuery(delete(secrets_table).where(_OWN, secrets_table.c.expires_at <= bindparam("now")))
_FORGET_ALL = CompiledQuery(delete(secrets_table).where(_OWN))
_IN_USE = CompiledQuery(
    select(secrets_table.c.secret)
    .where(_OWN, or_(secrets_table.c.expires_at.is_(None), secrets_table.c.expires_at > bindparam("now")))
    .order_by(secrets_table.c.created_at.desc())
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that `repr` and tracebacks do not show."""

    shown_once: str = field(repr=False)


def make_secret(connection: Connection, subscription: str, now: datetime) -> Secret:
    """Create a secret for a subscription; the one before signs for a day more."""
    _FORGET.run(connection, subscription_id=subscription, now=instant(now))
    _RETIRE.run(connection, subscription_id=subscription, until=instant(now + OVERLAP))
    secret = Secret(f"whsec_{b64encode(token_bytes(_BYTES)).decode()}")
    _INSERT.rows(connection, [(subscription, secret.shown_once, instant(now), None)])
    return secret


def secrets_in_use(connection: Connection, subscription: str, now: datetime) -> list[Secret]:
    """The newest first."""
    return [Secret(row[0]) for row in _IN_USE.run(connection, subscription_id=subscription, now=instant(now))]


def forget_secrets(connection: Connection, subscription: str) -> None:
    _FORGET_ALL.run(connection, subscription_id=subscription)
