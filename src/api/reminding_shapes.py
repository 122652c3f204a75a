"""The shapes of answers about subscriptions and reminders, for the documentation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.shapes import Instant, Next, Shape
from domain.dates import Day
from domain.reminders import OpaqueId
from domain.sources import Slug


class SubscriptionShown(Shape):
    """What its owner asked for, and what became of it. `url` for a webhook, `address` for e-mail."""

    id: OpaqueId
    jurisdictions: list[Slug]
    states: list[str]
    all: bool
    kinds: list[Literal["reminder", "entry", "correction"]]
    channel: Literal["webhook", "email", "log"]
    plan: list[int]
    hour: str
    escalate_to: OpaqueId | None
    escalate_after: str | None
    created_at: Instant
    confirmed_at: Instant | None = Field(description="Of e-mail: when its reader agreed. Nothing is sent before.")
    ended_at: Instant | None
    why_ended: str | None


class SubscriptionMade(SubscriptionShown):
    """A new subscription; of a webhook, with the secret that signs for it, this once."""

    secret: str | None = Field(None, examples=["whsec_..."])


class SecretMade(Shape):
    """The new secret, this once; the one before signs beside it for a day."""

    id: OpaqueId
    secret: str = Field(examples=["whsec_..."])


class Subscriptions(Shape):
    """A page of subscriptions, by id."""

    subscriptions: list[SubscriptionShown]
    next: Next


class DeadlineNamed(Shape):
    """A deadline that a reminder names."""

    demand: Slug
    addressee: Slug
    due: Day
    words: str | None


class Delivery(Shape):
    """An attempt to deliver."""

    at: Instant
    outcome: Literal["delivered", "failed"]
    detail: str | None


class ReminderShown(Shape):
    """A reminder, planned or past, and every attempt to deliver it."""

    id: OpaqueId
    subscription: OpaqueId
    deadlines: list[DeadlineNamed]
    offset: int
    planned_for: Instant
    state: Literal["planned", "due", "delivered", "failed", "acknowledged", "cancelled"]
    late: bool
    why: str | None
    deliveries: list[Delivery]
    acknowledged: Instant | None


class Reminders(Shape):
    """A page of reminders, in order of the instant planned for."""

    reminders: list[ReminderShown]
    next: Next
