"""Single entries: their versions in the read models and in the log, their titles and links, and possible duplicates."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, text

from domain.decisions import EntryState
from domain.errors import NotFound
from domain.events import EVENT_CLASSES
from domain.national import STILL
from eventlog.log import EventLog, Recorded
from eventlog.sql import CompiledQuery
from eventlog.tables import log
from projections.projector import MAPPER, entry_state, entry_states
from projections.rows import NATIONAL, decode_body
from projections.schema import live_tables
from projections.snapshot import Snapshot

_versions = live_tables().versions


class EntryVersion(NamedTuple):
    """A version of an entry as the read models keep it. `body` is read by `decode_body`."""

    position: int
    retracted: bool
    earliest: str
    latest: str
    public_earliest: str
    public_latest: str
    body: str


_UP_TO = (
    select(*(_versions.c[name] for name in EntryVersion._fields))
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("position"))
    .order_by(_versions.c.position.desc())
)
_VERSIONS_UP_TO, _VERSION_AT = CompiledQuery(_UP_TO), CompiledQuery(_UP_TO.limit(1))


def version_at(connection: Connection, entry: str, position: int) -> EntryVersion | None:
    """The version of an entry that is current at a log position; None where the entry is not on record there."""
    row = _VERSION_AT.run(connection, entry=entry, position=position).fetchone()
    return None if row is None else EntryVersion._make(row)


def entry_fields(connection: Connection, entry: str, position: int) -> dict[str, Any]:
    """An entry's fields at a log position; NotFound where the entry is not on record there."""
    version = version_at(connection, entry, position)
    if version is None:
        raise NotFound(f"no entry {entry!r} is on record")
    return decode_body(version.body)


def versions_up_to(connection: Connection, entry: str, position: int) -> Iterator[EntryVersion]:
    return map(EntryVersion._make, _VERSIONS_UP_TO.run(connection, entry=entry, position=position))


def entry_history(snapshot: Snapshot, log: EventLog, id_: str) -> dict[str, Any]:
    """An entry's versions up to the snapshot's position, oldest first; NotFound where there is none."""
    stream = snapshot.cache.readable(log.stream(snapshot.connection, f"entry:{id_}"))
    stream = _up_to(stream, snapshot.position)
    if not stream:
        raise NotFound(f"no entry {id_!r} is on record")
    versions = []
    before: EntryState | None = None
    for recorded, state in zip(stream, entry_states(stream), strict=True):
        versions.append(
            {
                "version": state.version,
                "event": event_name(recorded),
                "position": recorded.position,
                "recorded_at": recorded.recorded_at,
                "recorder": recorded.recorder,
                **event_details(recorded),
                "standing": state.standing,
                "changes": [] if before is None else field_differences(before, state),
            }
        )
        before = state
    return {"entry": id_, "versions": versions, "position": stream[-1].position}


def event_name(recorded: Recorded) -> str:
    """The event's name as the domain has it: `EntryCorrected`."""
    return EVENT_CLASSES[recorded.topic.partition("/")[0]].__name__


def event_details(recorded: Recorded) -> dict[str, Any]:
    """The reason and the source that an event gives, and who disputes; an entry's first event gives neither."""
    if recorded.version == 1:
        return {"reason": None, "source": None}
    fields = MAPPER.event(recorded).model_dump(mode="json", exclude_none=True)
    by = {"by": fields["by"]} if "by" in fields else {}
    return {"reason": fields.get("reason", fields.get("what")), "source": fields.get("source")} | by


def field_differences(before: EntryState, after: EntryState) -> list[dict[str, Any]]:
    """The fields (and the standing) that differ; null for what is left out."""
    old, new = ({**state.fields, "standing": state.standing} for state in (before, after))
    return [
        {"field": name, "before": old.get(name), "after": new.get(name)}
        for name in (*old, *(name for name in new if name not in old))
        if old.get(name) != new.get(name)
    ]


def state_at(stream: Sequence[Recorded], position: int) -> EntryState | None:
    """The entry of a stream as it stood at a log position; None before it was recorded."""
    events = _up_to(stream, position)
    return entry_state(events) if events else None


def _up_to(stream: Iterable[Recorded], position: int) -> list[Recorded]:
    return [event for event in stream if event.position <= position]


_names = live_tables().names
_MENTIONS = CompiledQuery(
    select(_versions.c.body)
    .join_from(_names, _versions, _versions.c.position == _names.c.position)
    .where(_names.c.id == bindparam("id"), _names.c.kind == bindparam("kind"), _names.c.position <= bindparam("head"))
    .order_by(_names.c.position.desc())
)


def title_of_thing(snapshot: Snapshot, kind: str, id_: str) -> str | None:
    """The last title that an entry gave a review, list, policy, case or subject; None where none did."""
    for (body,) in _MENTIONS.run(snapshot.connection, id=id_, kind=kind, head=snapshot.position).fetchall():
        title = _given_title(decode_body(body), kind, id_)
        if title is not None:
            return title
    return None


def _given_title(entry: Mapping[str, Any], kind: str, id_: str) -> str | None:
    things = entry.get("subjects", ()) if kind == "subject" else (entry.get(kind),)
    for thing in things:
        if thing is not None and thing["id"] == id_:
            title: str | None = thing.get("caption" if kind == "case" else "title")
            return title
    return None


_links = live_tables().links
_LINKING_TO = CompiledQuery(
    select(_versions.c.entry, _versions.c.body)
    .join_from(_links, _versions, _versions.c.position == _links.c.position)
    .where(
        _links.c.target == bindparam("target"),
        _links.c.position <= bindparam("head"),
        _versions.c.until > bindparam("head"),
        _versions.c.earliest <= bindparam("as_of"),
    )
    .order_by(_versions.c.earliest, _versions.c.latest, _versions.c.sequence, _versions.c.entry)
)


def entries_linking_to(snapshot: Snapshot, id_: str, as_of: str) -> list[tuple[str, str]]:
    """The entries that point at this entry, in order of occurrence, and how: `answers`, `disputes` or `demand`."""
    rows = _LINKING_TO.run(snapshot.connection, target=id_, head=snapshot.position, as_of=as_of).fetchall()
    return [(entry, how) for entry, body in rows for how in _link_kinds(body, id_)]


def _link_kinds(body: str, target: str) -> list[str]:
    fields = decode_body(body)
    kinds = [name for name in ("answers", "disputes") if target in fields.get(name, ())]
    return [*kinds, *(["demand"] if fields.get("demand") == target else [])]


_LATEST_REVISIONS = CompiledQuery(
    select(log.c.stream, log.c.version)
    .where(log.c.version > 1, log.c.stream.like("entry:%"), log.c.position <= bindparam("head"))
    .order_by(log.c.position.desc())
    .limit(bindparam("size"))
)


def revisions(snapshot: Snapshot, event_log: EventLog, size: int) -> list[dict[str, Any]]:
    """The latest revisions up to the snapshot's position, as an entry's history shows them, each with its `entry`."""
    histories: dict[str, list[dict[str, Any]]] = {}
    rows = []
    for stream, version in _LATEST_REVISIONS.run(snapshot.connection, head=snapshot.position, size=size).fetchall():
        id_ = stream.partition(":")[2]
        if version_at(snapshot.connection, id_, snapshot.position) is None:
            continue  # an entry whose first event cannot be read
        if id_ not in histories:
            histories[id_] = entry_history(snapshot, event_log, id_)["versions"]
        if version <= len(histories[id_]):  # beyond that are events that cannot be read
            rows.append(histories[id_][version - 1] | {"entry": id_})
    return rows


_TIMELINE_TABLE, _VERSIONS_TABLE = live_tables().timeline.name, live_tables().versions.name
# Each triple of place, earliest and latest day is one search of `timeline_in_order`, which has a place's entries by
# day. Only the way in which a JSON list becomes rows differs between the databases.
_DUPLICATES_SQL = f"""
    SELECT DISTINCT v.body FROM {{unnested}} AS w
    JOIN {_TIMELINE_TABLE} AS t
      ON t.jurisdiction = w.value ->> 0 AND t.earliest = w.value ->> 1 AND t.latest = w.value ->> 2
    JOIN {_VERSIONS_TABLE} AS v ON v.position = t.position
    WHERE v.until = :still AND NOT v.retracted
"""  # noqa: S608 - the names are ours
_POSSIBLE_DUPLICATES = {
    "sqlite": CompiledQuery(text(_DUPLICATES_SQL.format(unnested="json_each(:triples)"))),
    "postgresql": CompiledQuery(text(_DUPLICATES_SQL.format(unnested="json_array_elements(CAST(:triples AS json))"))),
}
DuplicateKey = tuple[str, str, str, frozenset[str]]
"""Kind, earliest day, latest day, and everyone named."""


class SimilarEntry(NamedTuple):
    """The fields of an entry on record by which another may be the same act."""

    id: str
    kind: str
    occurred: str
    jurisdictions: list[str]


def possible_duplicates(
    connection: Connection, acts: Iterable[tuple[frozenset[str], str, str]]
) -> Iterator[SimilarEntry]:
    """The entries in force that have the same days as one of the acts and name one place that it names.

    `acts`: all places that each names, and its earliest and latest day. The caller compares kinds and all places.
    """
    triples = {(min(places, default=NATIONAL), earliest, latest) for places, earliest, latest in acts}
    query = _POSSIBLE_DUPLICATES[connection.dialect.name]
    for (body,) in query.run(connection, triples=json.dumps(sorted(triples)), still=STILL).fetchall():
        fields = decode_body(body)
        yield SimilarEntry(*(fields[name] for name in SimilarEntry._fields))


_MARKS_TABLE = live_tables().marks.name
_MOST_MARKED = 20
"""Of the entries with a mark, those recorded last: a page that all of a record rests on says nothing of any."""
_MARKED_SQL = f"""
    SELECT w.value, v.body FROM {{unnested}} AS w
    JOIN {_VERSIONS_TABLE} AS v ON v.position IN (
      SELECT position FROM {_MARKS_TABLE} WHERE mark = w.value ORDER BY position DESC LIMIT {_MOST_MARKED}
    )
    WHERE v.until = :still AND NOT v.retracted
"""  # noqa: S608 - the names are ours
_MARKED = {
    "sqlite": CompiledQuery(text(_MARKED_SQL.format(unnested="json_each(:marks)"))),
    "postgresql": CompiledQuery(text(_MARKED_SQL.format(unnested="json_array_elements_text(CAST(:marks AS json))"))),
}


def entries_marked(connection: Connection, marks: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries in force that have one of the marks (`domain.likeness`), each with that mark and its fields."""
    query = _MARKED[connection.dialect.name]
    for mark, body in query.run(connection, marks=json.dumps(sorted(marks)), still=STILL).fetchall():
        yield mark, decode_body(body)
