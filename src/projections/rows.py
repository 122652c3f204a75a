"""How a change becomes rows of the read models: one pure function, for live appends and rebuilds alike."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from domain.dates import bounds
from domain.legibility import legible
from domain.likeness import docket_mark, source_mark
from domain.national import STILL, Clocks
from domain.validation import TitledReference, defined_names
from projections.findable_names import case_token, place_token
from projections.projector import (
    MALFORMED,
    Change,
    ChangedEntry,
    ChangedPlace,
    EntryHeader,
    UnreadableEvent,
    why_unreadable,
)
from projections.search_text import bounded_text, fold_text

_NUL = b"\\u0000"
"""U+0000 as JSON writes it."""
NATIONAL = ""
"""The `timeline.jurisdiction` of an entry that names nobody and so belongs to the national line."""

Due = Callable[[str, int], str]
"""Gives the last day of a period from its trigger day and its length in days."""
Row = tuple[object, ...]


class Rows(msgspec.Struct):
    """What a batch of changes adds to each table, in the order of its columns."""

    versions: list[Row] = []
    timeline: list[Row] = []
    places: list[Row] = []
    names: list[Row] = []
    links: list[Row] = []
    marks: list[Row] = []
    due_days: list[Row] = []
    words: list[Row] = []
    unreadable: list[Row] = []
    superseded_entries: list[tuple[int, int]] = []
    superseded_places: list[tuple[int, int]] = []


def rows_of(changes: Iterable[Change], due: Due) -> Rows:
    rows = Rows()
    for change in changes:
        if isinstance(change, UnreadableEvent):
            rows.unreadable.append((change.position, change.stream, change.why))
        elif isinstance(change, ChangedEntry):
            try:
                _entry_rows(rows, change, due)
            except MALFORMED as error:
                rows.unreadable.append((change.position, f"entry:{legible(change.header.id)}", why_unreadable(error)))
        else:
            _place_rows(rows, change)
    return rows


def _entry_rows(rows: Rows, change: ChangedEntry, due: Due) -> None:
    header, position = change.header, change.position
    # First what may fail, as of an entry that cannot be read no row is to be written.
    earliest, latest = bounds(header.occurred)
    public_earliest, public_latest = bounds(header.public) if header.public is not None else (earliest, latest)
    due_days = [(bounds(day)[1], demand, position) for day, demand in _due_days(header, latest, due)]
    for holding in header.holdings:
        if holding.until is not None:
            bounds(holding.until)
    if _NUL in change.fields:
        _refuse_nul(header)
    id_, sequence = header.id, header.sequence
    days = (earliest, latest, sequence, public_earliest, public_latest)
    retracted, law = change.standing == "retracted", header.reaches_unnamed_places or change.reached_unnamed_places
    rows.versions.append(
        (position, STILL, id_, *days, header.kind, header.actor.party, retracted, law, render_body(change))
    )
    rows.words.append((position, *_words(header)))
    review = header.review_id
    for jurisdiction in header.jurisdictions or (NATIONAL,):
        rows.timeline.append((jurisdiction, earliest, latest, sequence, id_, position, review))
    for kind, name in defined_names(id_, header.kind, review, _references(header)):
        rows.names.append((name, kind, position))
    if header.answers or header.disputes or header.demand is not None:
        targets = {*header.answers, *header.disputes, header.demand} - {None}
        rows.links += [(target, position, id_) for target in targets]
    rows.marks += [(mark, position) for mark in _marks(header)]
    rows.due_days += due_days
    if change.before is not None:
        rows.superseded_entries.append((change.before, position))


def _refuse_nul(header: EntryHeader) -> None:
    """ValueError where an id has a character that no column of PostgreSQL's holds; texts go without it."""
    references = (id_ for _, id_, _ in _references(header))
    names = (*header.jurisdictions, *header.answers, *header.disputes, *references)
    if any("\0" in name for name in (header.id, header.actor.party, header.demand or "", *names)):
        raise ValueError("an id holds U+0000")


def _due_days(header: EntryHeader, latest: str, due: Due) -> Iterator[tuple[str, str]]:
    """The day that an entry sets, if any, and the demand that it sets it for."""
    if header.extended_to is not None and header.demand is not None:
        yield header.extended_to, header.demand
    elif header.respond_by is not None:
        if header.respond_by.date is not None:
            yield header.respond_by.date, header.id
        elif header.respond_by.days is not None:
            yield due(latest, header.respond_by.days), header.id


def _marks(header: EntryHeader) -> set[str]:
    """The marks of the pages that an entry rests on, and of the case that it names with its court and docket."""
    marks = {source_mark(source.url) for source in header.sources if source.url is not None}
    case = header.case
    if case is not None and case.court is not None and case.docket is not None:
        marks.add(docket_mark(case.court, case.docket))
    return {mark for mark in marks if mark is not None}


def _words(header: EntryHeader) -> tuple[str, str, str]:
    actor, quotes, sources = header.actor, header.quotes, header.sources
    tokens = [] if header.case is None else [case_token(header.case.id)]
    tokens += map(place_token, header.jurisdictions)
    names = fold_text(
        actor.name, actor.office, *(text for source in sources for text in (source.title, source.publisher))
    )
    return (
        fold_text(header.summary),
        fold_text(*(text for quote in quotes for text in (quote.text, quote.speaker))),
        bounded_text(" ".join([*tokens, names])),
    )


def _references(header: EntryHeader) -> list[TitledReference]:
    references = [("subject", subject.id, subject.title) for subject in header.subjects]
    for kind, thing in (("review", header.review), ("policy", header.policy), ("list", header.list_)):
        if thing is not None:
            references.append((kind, thing.id, thing.title))
    if header.case is not None:
        references.append(("case", header.case.id, header.case.caption))
    return references


def _place_rows(rows: Rows, change: ChangedPlace) -> None:
    fields = change.fields
    log = {"position": change.position, "recorded_at": change.recorded_at, "recorder": change.recorder}
    body = msgspec.json.encode(fields | {"log": log | {"version": change.version}}).decode()
    columns = map(fields.get, ("id", "kind", "state", "time_zone", "speaks_for", "geoid", "ocd"))
    rows.places.append((change.position, STILL, *columns, body))
    if change.before is not None:
        rows.superseded_places.append((change.before, change.position))


def render_body(change: ChangedEntry) -> str:
    """The JSON object of an entry as a timeline shows it, without `certain` and the last brace: see `body_end`."""
    latest = _log(change.position, change.recorded_at, change.recorder)
    first = latest if change.first is None else _log(*change.first)
    return (
        f'{change.fields[:-1].decode()},"standing":"{change.standing}",'
        f'"log":{{{first},"version":{change.version},"revised":{{{latest}}}}}'
    )


def _log(position: int, recorded_at: str, recorder: str) -> str:
    return f'"position":{position},"recorded_at":"{recorded_at}","recorder":{_quoted(recorder)}'


@lru_cache
def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def body_end(clocks: Clocks, latest: str, public_latest: str) -> bytes:
    """What closes the JSON object that `render_body` leaves open: whether the entry certainly counts on the clocks."""
    certain = latest <= clocks.as_of and (clocks.public_by is None or public_latest <= clocks.public_by)
    return b',"certain":true}' if certain else b',"certain":false}'


def decode_body(body: str) -> dict[str, Any]:
    """The fields of an entry from its body as `render_body` leaves it."""
    fields: dict[str, Any] = msgspec.json.decode(body + "}")
    return fields
