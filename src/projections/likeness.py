"""Likeness: which entries on record are of the same kind, days and places as others, and so may be the same act."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import Connection, text

from domain.law import STILL
from eventlog.statements import Statement
from projections.rows import NATIONAL
from projections.tables import live

_timeline, _versions = live().timeline.name, live().versions.name
# Each wanted triple is one search of `timeline_in_order`, which has a place's entries by day. Only the way in which a
# JSON list becomes rows differs between the databases.
_SQL = f"""
    SELECT DISTINCT v.body FROM {{unnested}} AS w
    JOIN {_timeline} AS t ON t.jurisdiction = w.value ->> 0 AND t.lo = w.value ->> 1 AND t.hi = w.value ->> 2
    JOIN {_versions} AS v ON v.position = t.position
    WHERE v.until = :still AND NOT v.retracted
"""  # noqa: S608 - the names are ours
_ALIKE = {
    "sqlite": Statement(text(_SQL.format(unnested="json_each(:wanted)"))),
    "postgresql": Statement(text(_SQL.format(unnested="json_array_elements(CAST(:wanted AS json))"))),
}
Likeness = tuple[str, str, str, frozenset[str]]
"""Kind, earliest day, latest day, and everyone named."""


class _Body(msgspec.Struct):
    id: str
    kind: str
    occurred: str
    jurisdictions: list[str]


def alike(connection: Connection, wanted: Iterable[tuple[frozenset[str], str, str]]) -> Iterator[_Body]:
    """The entries that count and have the days wanted and one of the places: who asks looks at kind and places.

    `wanted`: everyone named by an entry, and its first and last day.
    """
    keys = {(min(named, default=NATIONAL), lo, hi) for named, lo, hi in wanted}
    asked = json.dumps(sorted(keys))
    for (body,) in _ALIKE[connection.dialect.name].run(connection, wanted=asked, still=STILL).fetchall():
        yield msgspec.json.decode(body + "}", type=_Body)
