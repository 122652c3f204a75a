"""Queries for readers: the list of reminders with their deliveries, and the figures of the health check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from sqlalchemy import Connection, Row, func, select, tuple_

from application.reminders.tables import deliveries_table, outbox_table, reminders_table, subscriptions_table
from projections.paging import Page, Rows
from projections.places import slug_of
from projections.snapshot import Snapshot

ReminderKey = tuple[str, str]
"""What the list is ordered by: the instant planned for, and the id."""
REMINDER_KEY = msgspec.json.Decoder(
    tuple[
        Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:.-]*$", max_length=40)],
        Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]*$", max_length=80)],
    ]
)
"""Its shape in a cursor."""


@dataclass(frozen=True, slots=True)
class ReminderFilter:
    """Which reminders to list; a field that is None restricts nothing."""

    owner: str | None = None
    jurisdiction: str | None = None
    """A place's id: reminders of its own deadlines and its agencies'."""
    state: str | None = None
    subscription: str | None = None
    id: str | None = None


def find_reminders(
    snapshot: Snapshot, filters: ReminderFilter, limit: int, after: ReminderKey | None = None
) -> Page[ReminderKey, dict[str, Any]]:
    """Reminders beyond the key `after`, in order of the instant planned for, each with every attempt to deliver it.

    They follow from no log position, so the page rests on 0.
    """
    query = select(reminders_table)
    if filters.owner is not None:
        query = query.join(subscriptions_table, reminders_table.c.subscription == subscriptions_table.c.id)
        query = query.where(subscriptions_table.c.owner == filters.owner)
    if filters.jurisdiction is not None:
        addressees = snapshot.place(slug_of(snapshot, filters.jurisdiction)).touched_by
        query = query.where(reminders_table.c.addressee.in_(addressees))
    for name in ("state", "subscription", "id"):
        if (value := getattr(filters, name)) is not None:
            query = query.where(reminders_table.c[name] == value)
    if after is not None:
        query = query.where(tuple_(reminders_table.c.planned_for, reminders_table.c.id) > after)
    query = query.order_by(reminders_table.c.planned_for, reminders_table.c.id).limit(limit + 1)
    rows = snapshot.connection.execute(query).all()
    attempts = _attempts(snapshot.connection, [row.id for row in rows])
    return Rows(((row.planned_for, row.id), _reminder_row(row, attempts[row.id]), 0) for row in rows).page(limit)


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
    attempts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = (
        select(outbox_table.c.reminder, outbox_table.c.subscription, deliveries_table)
        .join_from(outbox_table, deliveries_table, deliveries_table.c.message == outbox_table.c.id)
        .where(outbox_table.c.reminder.in_(ids))
        .order_by(deliveries_table.c.at, deliveries_table.c.attempt)
    )
    for row in connection.execute(query) if ids else ():
        attempt = {name: getattr(row, name) for name in ("at", "outcome", "detail", "message", "subscription")}
        attempts[row.reminder].append(attempt)
    return attempts


def by_state(connection: Connection) -> dict[str, int]:
    query = select(reminders_table.c.state, func.count()).group_by(reminders_table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def waiting(connection: Connection) -> int:
    query = select(func.count()).select_from(outbox_table).where(outbox_table.c.state == "pending")
    return connection.execute(query).scalar_one()
