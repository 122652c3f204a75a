"""Reminders as readers see them: planned, sent, delivered, acknowledged, cancelled, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, tuple_

from application.reminding.tables import deliveries, outbox, planner, reminders, subscriptions

Key = tuple[str, str]
"""The order of the list: the instant planned for, and the id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reminders; `owner` None: everybody's."""

    owner: str | None = None
    addressees: Collection[str] | None = None
    state: str | None = None
    subscription: str | None = None
    id: str | None = None


def listed(connection: Connection, wanted: Wanted, limit: int, after: Key | None = None) -> list[dict[str, Any]]:
    """Reminders in order of the instant planned for, from beyond a key, with every attempt to deliver each."""
    query = select(reminders)
    if wanted.owner is not None:
        query = query.join(subscriptions, reminders.c.subscription == subscriptions.c.id)
        query = query.where(subscriptions.c.owner == wanted.owner)
    if wanted.addressees is not None:
        query = query.where(reminders.c.addressee.in_(wanted.addressees))
    for name in ("state", "subscription", "id"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(reminders.c[name] == value)
    if after is not None:
        query = query.where(tuple_(reminders.c.planned_for, reminders.c.id) > after)
    rows = connection.execute(query.order_by(reminders.c.planned_for, reminders.c.id).limit(limit)).all()
    attempts = _attempts(connection, [row.id for row in rows])
    return [_shown(row, attempts[row.id]) for row in rows]


def key_of(reminder: dict[str, Any]) -> Key:
    """The key of one in the list."""
    return reminder["planned_for"], reminder["id"]


def _shown(row: Row[Any], attempts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "subscription": row.subscription,
        "deadlines": msgspec.json.decode(row.deadlines),
        "offset": row.offset,
        "planned_for": row.planned_for,
        "state": row.state,
        "late": row.late,
        "why": row.why,
        "fired_at": row.fired_at,
        "deliveries": attempts,
        "acknowledged": row.acknowledged_at,
    }


def _attempts(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = (
        select(outbox.c.reminder, outbox.c.subscription, deliveries)
        .join_from(outbox, deliveries, deliveries.c.message == outbox.c.id)
        .where(outbox.c.reminder.in_(ids))
        .order_by(deliveries.c.at, deliveries.c.attempt)
    )
    for row in connection.execute(query) if ids else ():
        its = {"at": row.at, "outcome": row.outcome, "detail": row.detail}
        found[row.reminder].append(its | {"message": row.message, "subscription": row.subscription})
    return found


def last_tick(connection: Connection) -> tuple[str | None, int | None]:
    """When the ticker last ran, and how late the first of what it found was, in seconds."""
    row = connection.execute(select(planner.c.last_tick, planner.c.late_s)).one()
    return row.last_tick, row.late_s


def by_state(connection: Connection) -> dict[str, int]:
    """How many reminders there are in each state."""
    query = select(reminders.c.state, func.count()).group_by(reminders.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def waiting(connection: Connection) -> int:
    """How many messages are still to be sent."""
    query = select(func.count()).select_from(outbox).where(outbox.c.state == "pending")
    return connection.execute(query).scalar_one()
