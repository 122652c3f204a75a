"""Links read backwards: which entries answer, dispute, extend or withdraw an entry."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from eventlog.statements import Statement
from projections.snapshot import Snapshot
from projections.tables import live

_links, _versions = live().links, live().versions
_POINTING = Statement(
    select(_versions.c.entry, _versions.c.body)
    .join_from(_links, _versions, _versions.c.position == _links.c.position)
    .where(
        _links.c.target == bindparam("target"),
        _links.c.position <= bindparam("head"),
        _versions.c.until > bindparam("head"),
        _versions.c.lo <= bindparam("as_of"),
    )
    .order_by(_versions.c.lo, _versions.c.hi, _versions.c.sequence, _versions.c.entry)
)


def pointing_at(snapshot: Snapshot, id_: str, as_of: str) -> list[tuple[str, str]]:
    """The entries that point at one, in order of occurrence, and how: `answers`, `disputes` or `demand`."""
    rows = _POINTING.run(snapshot.connection, target=id_, head=snapshot.position, as_of=as_of).fetchall()
    return [(entry, how) for entry, body in rows for how in _how(body, id_)]


def _how(body: str, target: str) -> list[str]:
    fields = msgspec.json.decode(body + "}")
    ways = [name for name in ("answers", "disputes") if target in fields.get(name, ())]
    return [*ways, *(["demand"] if fields.get("demand") == target else [])]
