"""API keys, which writers need: shown once, stored as hashes in a table of their own, never in the log."""

from __future__ import annotations

import secrets
from hashlib import sha256

from sqlalchemy import Column, MetaData, Table, Text, insert, select, update

from application.reminders.planner import catch_up
from application.reminders.subscriptions import end_with_key
from application.service import Service
from domain.errors import Conflict, NotFound
from domain.reminders import instant
from eventlog.engine import reading, writing

keys_table = Table(
    "keys",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("added_at", Text, nullable=False),
    Column("revoked_at", Text),
)
# 256 random bits cannot be guessed, so a plain hash is enough; a slow one would slow every write.
_BYTES = 32


def add_key(service: Service, name: str) -> str:
    """Makes a key and returns it, this once. Conflict where the name was used before: events name their recorder."""
    key = f"dt_{secrets.token_urlsafe(_BYTES)}"
    with writing(service.engine) as connection:
        if connection.execute(select(keys_table.c.name).where(keys_table.c.name == name)).first():
            raise Conflict(f"there is a key named {name!r} already")
        connection.execute(insert(keys_table).values(name=name, hash=_hash(key), added_at=instant(service.now())))
    return key


def list_keys(service: Service) -> list[dict[str, str | None]]:
    """All keys by name, revoked ones included: when each was added and revoked, and never its secret."""
    with reading(service.engine) as connection:
        rows = connection.execute(
            select(keys_table.c.name, keys_table.c.added_at, keys_table.c.revoked_at).order_by(keys_table.c.name)
        )
        return [row._asdict() for row in rows]


def revoke_key(service: Service, name: str) -> list[str]:
    """Revokes a key and ends its subscriptions, whose ids it returns; NotFound where no key of that name is in use."""
    now = service.now()
    with writing(service.engine) as connection:
        query = update(keys_table).where(keys_table.c.name == name, keys_table.c.revoked_at.is_(None))
        if not connection.execute(query.values(revoked_at=instant(now))).rowcount:
            raise NotFound(f"there is no key named {name!r} in use")
        ended = end_with_key(connection, name, now)
    if ended:
        catch_up(service, everywhere=True)
    return ended


def key_holder(service: Service, key: str) -> str | None:
    """The name of a key that is in use; None for any text that is none."""
    with reading(service.engine) as connection:
        query = select(keys_table.c.name).where(keys_table.c.hash == _hash(key), keys_table.c.revoked_at.is_(None))
        return connection.execute(query).scalar()


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
