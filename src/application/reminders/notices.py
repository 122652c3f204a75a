"""Notices: new entries and changes to entries, announced to the subscriptions that asked for them.

The planner calls this in the transaction in which it moves its position, so each event is announced exactly once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from application.reminders.deadline_states import find_place
from application.reminders.outbox import OutboxMessage, enqueue
from application.reminders.subscription import Subscription
from application.service import Service
from eventlog.log import Append, Recorded
from projections.projector import entry_states
from projections.snapshot import Snapshot

_REASON_FIELDS = ("reason", "by", "what")
"""What a change of an entry says of itself: why it was corrected, or who disputes what."""


def enqueue_notices(
    service: Service, append: Append, snapshot: Snapshot, subscriptions: Sequence[Subscription], after: int
) -> None:
    """Put into the outbox the notices of every event beyond the position `after`."""
    by_kind = {
        kind: [subscription for subscription in subscriptions if kind in subscription.kinds]
        for kind in ("entry", "correction")
    }
    if any(by_kind.values()):
        events = service.cache.readable(service.log.read(append.connection, after=after, until=append.head))
        messages = (message for event in events for message in _notices(service, event, snapshot, by_kind))
        enqueue(append.connection, snapshot.now, messages)


def _notices(
    service: Service, event: Recorded, snapshot: Snapshot, by_kind: dict[str, list[Subscription]]
) -> Iterator[OutboxMessage]:
    """The notices of one event, for each subscription that covers a place that it names."""
    stream, _, entry = event.stream.partition(":")
    kind = "entry" if event.version == 1 else "correction"
    if stream != "entry" or not by_kind[kind]:
        return
    fields: dict[str, Any] = msgspec.json.decode(event.state)
    named = fields["jurisdictions"] if kind == "entry" else _named_before_or_after(service, event, snapshot)
    places = [place for name in named if (place := find_place(snapshot, name)) is not None]
    topic = event.topic.partition("/")[0]
    data = {"entry": entry, "event": topic, "position": event.position, "jurisdictions": list(named)}
    if kind == "correction":
        data |= {name: fields[name] for name in _REASON_FIELDS if name in fields}
    type_ = "entry.recorded" if kind == "entry" else topic.replace("-", ".")
    for subscription in by_kind[kind]:
        covered = subscription.everywhere or any(map(subscription.covers, places))
        if covered and subscription.created_at < event.recorded_at:
            id_ = f"msg_{sha256(f'{subscription.id} {event.position}'.encode()).hexdigest()[:32]}"
            yield OutboxMessage(id_, subscription.id, type_, event.recorded_at, data)


def _named_before_or_after(service: Service, event: Recorded, snapshot: Snapshot) -> list[str]:
    """The places that an entry names after a change and before it: a correction may take a place out."""
    stream = service.log.stream(snapshot.connection, event.stream)
    before, after = list(entry_states(version for version in stream if version.position <= event.position))[-2:]
    return list(dict.fromkeys([*after.fields["jurisdictions"], *before.fields["jurisdictions"]]))
