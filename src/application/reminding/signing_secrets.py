"""The secrets that sign webhooks: each shown once, when it is made, and in no answer, log or event after that.

They are written and read by the driver alone: an error of SQLAlchemy's would quote the values of its statement.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_bytes

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from application.reminding.tables import secrets
from domain.reminders import instant
from eventlog.statements import Insert, Statement

OVERLAP = timedelta(days=1)
"""For this long the secret that was replaced still signs, beside the new one."""
_BYTES = 32
_MINE = secrets.c.subscription == bindparam("its")
_INSERT = Insert(secrets)
_RETIRE = Statement(update(secrets).where(_MINE, secrets.c.expires_at.is_(None)).values(expires_at=bindparam("until")))
_FORGET = Statement(delete(secrets).where(_MINE, secrets.c.expires_at <= bindparam("now")))
_FORGET_ALL = Statement(delete(secrets).where(_MINE))
_IN_USE = Statement(
    select(secrets.c.secret)
    .where(_MINE, or_(secrets.c.expires_at.is_(None), secrets.c.expires_at > bindparam("now")))
    .order_by(secrets.c.created_at.desc())
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that does not show itself by accident."""

    shown_once: str = field(repr=False)


def make(connection: Connection, subscription: str, now: datetime) -> Secret:
    """A new secret for a subscription; one that it had signs for a day more."""
    _FORGET.run(connection, its=subscription, now=instant(now))
    _RETIRE.run(connection, its=subscription, until=instant(now + OVERLAP))
    secret = Secret(f"whsec_{b64encode(token_bytes(_BYTES)).decode()}")
    _INSERT.rows(connection, [(subscription, secret.shown_once, instant(now), None)])
    return secret


def in_use(connection: Connection, subscription: str, now: datetime) -> list[Secret]:
    """The secrets that sign now, the newest first."""
    return [Secret(row[0]) for row in _IN_USE.run(connection, its=subscription, now=instant(now))]


def forget(connection: Connection, subscription: str) -> None:
    """Forgets the secrets of a subscription that has ended."""
    _FORGET_ALL.run(connection, its=subscription)
