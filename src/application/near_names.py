"""What is on record under a name much like one that is not: for those who mistyped it."""

import re
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, select

from domain.refusals import nearest
from eventlog.sql import CompiledQuery
from projections.cache import Directory
from projections.schema import live_tables

_MOST_LOOKED_UP = 10
"""Names that suggestions are made for, of all that are at fault together: each is a search of its own."""
_MOST_COMPARED = 1_000
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-")
_END = "\N{DELETE}"
"""Comes after every character of an id."""

_versions, _names = live_tables().versions, live_tables().names
_ENTRIES = CompiledQuery(
    select(_versions.c.entry)
    .where(_versions.c.entry >= bindparam("low"), _versions.c.entry < bindparam("high"))
    .distinct()
    .limit(bindparam("most"))
)
_THINGS = CompiledQuery(
    select(_names.c.id)
    .where(_names.c.id >= bindparam("low"), _names.c.id < bindparam("high"), _names.c.kind == bindparam("kind"))
    .distinct()
    .limit(bindparam("most"))
)


class NearNames:
    """Called with the kind of a thing (jurisdiction, entry, review, policy, subject, case or list) and its id."""

    def __init__(self, connection: Connection, directory: Directory) -> None:
        self._connection = connection
        self._directory = directory
        self._left = _MOST_LOOKED_UP

    def __call__(self, kind: str, id_: str) -> Sequence[str]:
        """At most three ids on record that are most like it."""
        if self._left == 0:
            return []
        self._left -= 1
        return nearest(id_, self._comparable(kind, id_))

    def _comparable(self, kind: str, id_: str) -> Collection[str]:
        """Those that begin alike; of places, also those with a part in common."""
        if kind == "jurisdiction":
            parts = {part for part in id_.split("-") if len(part) > len("xx")}
            alike = (
                each for each in self._directory.ids() if each[:2] == id_[:2] or not parts.isdisjoint(each.split("-"))
            )
            return [each for each, _ in zip(alike, range(_MOST_COMPARED), strict=False)]
        dated = _DATED.match(id_)
        beginning = id_[:1] if dated is None else dated[0]
        params = {"low": beginning, "high": beginning + _END, "most": _MOST_COMPARED}
        if kind == "entry":
            rows = _ENTRIES.run(self._connection, **params)
        else:
            rows = _THINGS.run(self._connection, kind=kind, **params)
        return [each for (each,) in rows.fetchall()]
