"""What was done to entries after they were recorded, the latest first: what they said, what they say, and why."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from eventlog.log import EventLog
from eventlog.statements import Statement
from eventlog.tables import log
from projections.entry_history import history
from projections.snapshot import Snapshot

_REVISIONS = Statement(
    select(log.c.stream, log.c.version)
    .where(log.c.version > 1, log.c.stream.like("entry:%"), log.c.position <= bindparam("head"))
    .order_by(log.c.position.desc())
    .limit(bindparam("size"))
)


def revisions(snapshot: Snapshot, event_log: EventLog, size: int) -> list[dict[str, Any]]:
    """The latest revisions up to the snapshot's position, as an entry's history shows them, each with its `entry`."""
    histories: dict[str, list[dict[str, Any]]] = {}
    found = []
    for stream, version in _REVISIONS.run(snapshot.connection, head=snapshot.position, size=size).fetchall():
        id_ = stream.partition(":")[2]
        if id_ not in histories:
            histories[id_] = history(snapshot, event_log, id_)["versions"]
        found.append(histories[id_][version - 1] | {"entry": id_})
    return found
