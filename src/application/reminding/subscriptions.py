"""Subscriptions: who wants to hear of what, and how. They live in a table of their own, never in the log."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, select

from application.reminding.tables import subscriptions as _subscriptions
from domain.jurisdictions import Place


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody asked for. `target` is a URL or an e-mail address; None for the log."""

    id: str
    owner: str
    channel: str
    target: str | None
    jurisdictions: frozenset[str]
    states: frozenset[str]
    everywhere: bool
    kinds: frozenset[str]
    plan: tuple[int, ...]
    hour: str
    escalate_to: str | None
    escalate_after_s: int | None
    created_at: str
    confirmed_at: str | None
    ended_at: str | None
    why_ended: str | None = None

    def covers(self, place: Place) -> bool:
        """Whether a place is among those asked for: by name, by state, through the state it speaks for, or as all."""
        return (
            self.everywhere
            or place.state in self.states
            or place.id in self.jurisdictions
            or place.speaks_for in self.jurisdictions
        )


def active(connection: Connection, kind: str) -> list[Subscription]:
    """The subscriptions in use that want a kind of message."""
    table = _subscriptions
    rows = connection.execute(select(table).where(table.c.ended_at.is_(None)).order_by(table.c.id))
    found = [subscription_of(row._asdict()) for row in rows]
    return [one for one in found if kind in one.kinds]


def subscription_of(row: dict[str, object]) -> Subscription:
    """A row of the table as a value."""
    lists = {name: msgspec.json.decode(str(row[name])) for name in ("jurisdictions", "states", "kinds", "plan")}
    return Subscription(
        **{name: row[name] for name in Subscription.__slots__ if name not in lists},  # type: ignore[arg-type]  # the table's own types
        jurisdictions=frozenset(lists["jurisdictions"]),
        states=frozenset(lists["states"]),
        kinds=frozenset(lists["kinds"]),
        plan=tuple(lists["plan"]),
    )
