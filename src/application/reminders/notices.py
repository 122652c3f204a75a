"""Announcing: what was recorded, and what befell it, told to the subscriptions that want to know.

The planner follows the log anyway, so each event is told of once: in the transaction that notes how far it got.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import insert

from application.reminders.outlook import DeadlineContext
from application.reminders.subscription import Subscription, active_subscriptions
from application.reminders.tables import outbox_table
from application.service import Service
from domain.reminders import instant
from eventlog.log import Append, Recorded
from projections.projector import entry_states

_NOTICE_KINDS = ("entry", "correction")
_WHY = ("reason", "by", "what")
"""What an event on an entry says of itself: why it was corrected, or who disputes what."""


def queue_notices(service: Service, append: Append, outlook: DeadlineContext, after: int) -> None:
    """Puts into the outbox what subscriptions want to know of the events beyond a position."""
    wanting = {kind: active_subscriptions(append.connection, kind) for kind in _NOTICE_KINDS}
    if not any(wanting.values()):
        return
    now = instant(outlook.now)
    messages = [
        {
            "id": f"msg_{sha256(f'{to.id} {event.position}'.encode()).hexdigest()[:32]}",
            "subscription": to.id,
            "body": body,
            "state": "pending",
            "attempts": 0,
            "next_at": now,
            "created_at": now,
        }
        for event in service.log.read(append.connection, after=after, until=append.head)
        for to, body in _notice(service, event, outlook, wanting)
    ]
    if messages:
        append.connection.execute(insert(outbox_table), messages)


def _notice(
    service: Service, event: Recorded, outlook: DeadlineContext, wanting: dict[str, list[Subscription]]
) -> Iterator[tuple[Subscription, str]]:
    """Who wants to know of an event, and what they are told."""
    stream, _, entry = event.stream.partition(":")
    kind = "entry" if event.version == 1 else "correction"
    if stream != "entry" or not wanting[kind]:
        return
    fields: dict[str, Any] = msgspec.json.decode(event.state)
    named = fields["jurisdictions"] if kind == "entry" else _named(service, event, outlook)
    places = [place for place in map(outlook.place, named) if place is not None]
    topic = event.topic.partition("/")[0]
    data = {"entry": entry, "event": topic, "position": event.position, "jurisdictions": list(named)}
    data |= {name: fields[name] for name in _WHY if kind == "correction" and name in fields}
    type_ = "entry.recorded" if kind == "entry" else topic.replace("-", ".")
    body = msgspec.json.encode({"type": type_, "timestamp": event.recorded_at, "data": data}).decode()
    for one in wanting[kind]:
        if one.created_at < event.recorded_at and (one.everywhere or any(map(one.covers, places))):
            yield one, body


def _named(service: Service, event: Recorded, outlook: DeadlineContext) -> list[str]:
    """Whom an entry names after what befell it, and whom it named before: a correction may take a place out."""
    history = service.log.stream(outlook.connection, event.stream)
    before, after = list(entry_states(one for one in history if one.position <= event.position))[-2:]
    return list(dict.fromkeys([*after.fields["jurisdictions"], *before.fields["jurisdictions"]]))
