"""The tables of reminders: subscriptions, reminders, the outbox, and each attempt to deliver a message.

They are no part of the record and cannot be rebuilt from the log, which holds only opaque ids.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ColumnElement, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

reminder_metadata = MetaData()


def _text() -> TypeEngine[str]:
    # Compared byte by byte on both databases, so that the order of the texts is the order of the instants.
    return Text().with_variant(Text(collation="C"), "postgresql")


subscriptions_table = Table(
    "subscriptions",
    reminder_metadata,
    Column("id", _text(), primary_key=True),
    Column("owner", _text(), nullable=False),
    Column("channel", _text(), nullable=False),
    Column("target", _text()),
    Column("jurisdictions", _text(), nullable=False),
    Column("states", _text(), nullable=False),
    Column("everywhere", Boolean, nullable=False),
    Column("kinds", _text(), nullable=False),
    Column("plan", _text(), nullable=False),
    Column("hour", _text(), nullable=False),
    Column("escalate_to", _text()),
    Column("escalate_after_s", Integer),
    Column("created_at", _text(), nullable=False),
    Column("confirmed_at", _text()),
    Column("ended_at", _text()),
    Column("why_ended", _text()),
)
"""`owner` is the name of the key that created the subscription; `jurisdictions`, `states`, `kinds` and `plan` are JSON
lists. E-mail is sent once `confirmed_at` is set. A subscription that ended stays, so that its reminders can be read."""

secrets_table = Table(
    "webhook_secrets",
    reminder_metadata,
    Column("subscription", _text(), ForeignKey("subscriptions.id"), nullable=False),
    Column("secret", _text(), nullable=False),
    Column("created_at", _text(), nullable=False),
    Column("expires_at", _text()),
)
"""The secrets that sign a subscription's webhooks: for a day after a rotation there are two."""

signing_keys_table = Table(
    "link_keys", reminder_metadata, Column("id", Integer, primary_key=True), Column("key", _text(), nullable=False)
)
"""One row: the key that signs links in mails, created when the first is needed."""

reminders_table = Table(
    "reminders",
    reminder_metadata,
    Column("id", _text(), primary_key=True),
    Column("subscription", _text(), nullable=False),
    Column("addressee", _text(), nullable=False),
    Column("due", _text(), nullable=False),
    Column("offset", Integer, nullable=False),
    Column("planned_for", _text(), nullable=False),
    Column("state", _text(), nullable=False),
    Column("deadlines", _text(), nullable=False),
    Column("version", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("why", _text()),
    Column("fired_at", _text()),
    Column("acknowledged_at", _text()),
    Column("escalate_at", _text()),
)
"""Every reminder ever planned. `state`: planned, due, delivered, failed, acknowledged or cancelled. `version`: of the
reminder's stream in the log, 0 before it has one. `deadlines`: a JSON list, each as `About`. `escalate_at`: when it is
sent to a second subscription unless acknowledged; null without an escalation, and after it."""

outbox_table = Table(
    "outbox",
    reminder_metadata,
    Column("id", _text(), primary_key=True),
    Column("subscription", _text(), nullable=False),
    Column("reminder", _text()),
    Column("body", _text(), nullable=False),
    Column("state", _text(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", _text(), nullable=False),
    Column("created_at", _text(), nullable=False),
    Column("leased_until", _text()),
)
"""Messages to be sent. `id` is the same at every attempt, so that a receiver can drop repeats. `state`: pending,
delivered or failed. `next_at`: when to try next. A sender that claims a message moves `next_at` to the end of its
lease, and sets `leased_until` to it: while that is to come, no other message goes to the same subscription."""

deliveries_table = Table(
    "deliveries",
    reminder_metadata,
    Column("message", _text(), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", _text(), nullable=False),
    Column("outcome", _text(), nullable=False),
    Column("detail", _text()),
)
"""Each attempt to send a message."""

planner_table = Table(
    "planner",
    reminder_metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("planned_to", Integer, nullable=False),
    Column("last_tick", _text()),
    Column("late_s", Integer),
)
"""One row: the log position up to which reminders are planned, when the scheduler last ticked, and how late it was."""


def _partial_index(name: str, where: ColumnElement[bool], *columns: Column[str]) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


_reminders, _outbox = reminders_table.c, outbox_table.c
indexes = (
    _partial_index("reminders_to_fire", _reminders.state == "planned", _reminders.planned_for),
    Index("reminders_of", _reminders.addressee, _reminders.state),
    Index("reminders_for", _reminders.subscription),
    _partial_index("reminders_to_escalate", _reminders.escalate_at.is_not(None), _reminders.escalate_at),
    _partial_index("outbox_to_send", _outbox.state == "pending", _outbox.next_at),
    _partial_index("outbox_waiting", _outbox.state == "pending", _outbox.subscription, _outbox.next_at),
    Index("outbox_of", _outbox.reminder),
    Index("deliveries_of", deliveries_table.c.message),
)
