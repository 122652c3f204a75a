"""What reviews, lists, policies, cases and subjects are called: by the entries that introduced them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from eventlog.statements import Statement
from projections.snapshot import Snapshot
from projections.tables import live

_names, _versions = live().names, live().versions
_MENTIONS = Statement(
    select(_versions.c.body)
    .join_from(_names, _versions, _versions.c.position == _names.c.position)
    .where(_names.c.id == bindparam("id"), _names.c.kind == bindparam("kind"), _names.c.position <= bindparam("head"))
    .order_by(_names.c.position.desc())
)


def title(snapshot: Snapshot, kind: str, id_: str) -> str | None:
    """The title of a review, list, policy, case or subject: the last given; None where none was."""
    for (body,) in _MENTIONS.run(snapshot.connection, id=id_, kind=kind, head=snapshot.position).fetchall():
        found = _given(msgspec.json.decode(body + "}"), kind, id_)
        if found is not None:
            return found
    return None


def _given(entry: Mapping[str, Any], kind: str, id_: str) -> str | None:
    mentions = entry.get("subjects", ()) if kind == "subject" else (entry.get(kind),)
    for one in mentions:
        if one is not None and one["id"] == id_:
            said: str | None = one.get("caption" if kind == "case" else "title")
            return said
    return None
