"""Reminders as readers see them: planned, sent, delivered, acknowledged, cancelled, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from sqlalchemy import Connection, Row, func, select, tuple_

from application.reminders.tables import (
    deliveries_table,
    outbox_table,
    planner_table,
    reminders_table,
    subscriptions_table,
)

ReminderKey = tuple[str, str]
"""The order of the list: the instant planned for, and the id."""
REMINDER_KEY = msgspec.json.Decoder(
    tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:.-]*$", max_length=40)],
        Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)],
    ]
)
"""Its shape in a cursor."""


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """Which reminders; `owner` None: everybody's."""

    owner: str | None = None
    addressees: Collection[str] | None = None
    state: str | None = None
    subscription: str | None = None
    id: str | None = None


def list_reminders(
    connection: Connection, wanted: ReminderFilter, limit: int, after: ReminderKey | None = None
) -> list[dict[str, Any]]:
    """Reminders in order of the instant planned for, from beyond a key, with every attempt to deliver each."""
    query = select(reminders_table)
    if wanted.owner is not None:
        query = query.join(subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
        query = query.where(subscriptions_table.c.owner == wanted.owner)
    if wanted.addressees is not None:
        query = query.where(reminders_table.c.addressee.in_(wanted.addressees))
    for name in ("state", "subscription", "id"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(reminders_table.c[name] == value)
    if after is not None:
        query = query.where(tuple_(reminders_table.c.planned_for, reminders_table.c.id) > after)
    rows = connection.execute(query.order_by(reminders_table.c.planned_for, reminders_table.c.id).limit(limit)).all()
    attempts = _attempts(connection, [row.id for row in rows])
    return [_reminder_row(row, attempts[row.id]) for row in rows]


def reminder_key(reminder: dict[str, Any]) -> ReminderKey:
    """The key of one in the list."""
    return reminder["planned_for"], reminder["id"]


def _reminder_row(row: Row[Any], attempts: list[dict[str, Any]]) -> dict[str, Any]:
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
        select(outbox_table.c.reminder, outbox_table.c.subscription, deliveries_table)
        .join_from(outbox_table, deliveries_table, deliveries_table.c.message == outbox_table.c.id)
        .where(outbox_table.c.reminder.in_(ids))
        .order_by(deliveries_table.c.at, deliveries_table.c.attempt)
    )
    for row in connection.execute(query) if ids else ():
        its = {"at": row.at, "outcome": row.outcome, "detail": row.detail}
        found[row.reminder].append(its | {"message": row.message, "subscription": row.subscription})
    return found


def last_tick(connection: Connection) -> tuple[str | None, int | None]:
    """When the ticker last ran, and how late the first of what it found was, in seconds."""
    row = connection.execute(select(planner_table.c.last_tick, planner_table.c.late_s)).one()
    return row.last_tick, row.late_s


def by_state(connection: Connection) -> dict[str, int]:
    """How many reminders there are in each state."""
    query = select(reminders_table.c.state, func.count()).group_by(reminders_table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def waiting(connection: Connection) -> int:
    """How many messages are still to be sent."""
    query = select(func.count()).select_from(outbox_table).where(outbox_table.c.state == "pending")
    return connection.execute(query).scalar_one()
