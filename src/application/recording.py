"""Recording: new acts and places, decided and written under the append's lock, whole or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlalchemy import select

from application.register import Judged, register_for
from application.revising import Revision, already, apply
from application.service import Service
from application.updating import Update, apply_update, place_row, who_speaks
from application.writing import problems_in, summary, write
from domain.dates import bounds
from domain.entries import act_of
from domain.errors import Conflict, Invalid, Refused
from domain.events import JurisdictionAdded
from domain.jurisdictions import Jurisdiction
from domain.refusals import Problem, refusals
from eventlog.any_of import AnyOf, listed
from eventlog.log import Append, NewEvent
from eventlog.statements import Statement
from eventlog.tables import log
from projections.directory import Directory
from projections.mapping import MAPPER, first_event

_FIRST = Statement(
    select(log.c.stream, log.c.position, log.c.state, log.c.recorded_at, log.c.recorder).where(
        AnyOf(log.c.stream, "streams"), log.c.version == 1
    )
)
_WORDS_IN_AN_ID = 6
_LONGEST_MADE_ID = 100


@dataclass(frozen=True, slots=True)
class Item:
    """The fields of one thing to be recorded, and where they were read, as errors are to say it."""

    fields: Mapping[str, Any]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: where it stands in the log, and whether it stood there already."""

    id: str
    position: int
    already: bool


@dataclass(frozen=True, slots=True)
class _New:
    """A first event of a stream, ready to be appended: of an entry, judged, or of a place."""

    item: Item
    id: str
    event: NewEvent
    judged: Judged | None = None
    place: Jurisdiction | None = None


def record(
    service: Service,
    entries: Sequence[Item],
    places: Sequence[Item] = (),
    revisions: Sequence[Revision | Update] = (),
    *,
    recorder: str,
) -> list[Outcome]:
    """Records places and entries together, then what befell entries since: all of it, or on any error none.

    Raises Invalid (a field is malformed), Refused (the record cannot carry it) or Conflict (the id is on record with
    other content); each names where, the field and the value.
    """
    new = _validated(service, entries, places)
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        service.memory.refresh(append.connection, append.head)
        on_record = _on_record(append, new)
        fresh = [one for one in new if one.event.stream not in on_record]
        directory = _refuse(append, service, fresh)
        recorded = append.append([one.event for one in fresh])
        write(service, append, recorded)
        revised = _revise(service, append, directory, revisions)
    at = on_record | {one.stream: one.position for one in recorded}
    return [Outcome(one.id, at[one.event.stream], one.event.stream in on_record) for one in new] + revised


def _revise(
    service: Service, append: Append, directory: Directory, revisions: Iterable[Revision | Update]
) -> list[Outcome]:
    """Records what befell entries and places, in the order given; what says the same on record is already there."""
    outcomes = []
    for revision in revisions:
        found = already(service, append, revision.stream, revision.event)
        if found is not None:
            recorded = found
        elif isinstance(revision, Update):
            recorded, directory = apply_update(service, append, directory, revision)
        else:
            recorded = apply(service, append, directory, revision)
        outcomes.append(Outcome(revision.stream.partition(":")[2], recorded.position, found is not None))
    return outcomes


def record_entry(service: Service, fields: Mapping[str, Any], *, recorder: str) -> Outcome:
    """Records one entry; an `id` left out is made of the day and the summary, numbered where that is taken."""
    if "id" in fields:
        return record(service, [Item(fields)], recorder=recorder)[0]
    made, number = _made_id(fields), 1
    while True:
        id_ = made if number == 1 else f"{made}-{number}"
        try:
            return record(service, [Item({"id": id_, **fields})], recorder=recorder)[0]
        except Conflict:
            number += 1


def _made_id(fields: Mapping[str, Any]) -> str:
    try:
        day = bounds(str(fields.get("occurred")))[0]
    except ValueError:
        day = "undated"
    plain = unicodedata.normalize("NFKD", str(fields.get("summary", ""))).encode("ascii", "ignore").decode().lower()
    return "-".join([day, *re.findall(r"[a-z0-9]+", plain)[:_WORDS_IN_AN_ID]])[:_LONGEST_MADE_ID].rstrip("-")


def _validated(service: Service, entries: Sequence[Item], places: Sequence[Item]) -> list[_New]:
    problems: list[Problem] = []
    new: dict[str, _New] = {}

    def add(one: _New) -> None:
        twin = new.setdefault(one.event.stream, one)
        if twin.event.state != one.event.state:
            where = twin.item.where
            problems.append(Problem("id", one.id, f"is given twice, the other time in {where}", one.item.where))

    for item in places:
        try:
            place = JurisdictionAdded.model_validate(item.fields)
        except ValidationError as error:
            problems += problems_in(error, None, item.where)
        else:
            add(_New(item, place.id, MAPPER.new(f"jurisdiction:{place.id}", 1, place), place=place))
    for item in entries:
        try:
            act = act_of(item.fields)
        except ValidationError as error:
            problems += problems_in(error, item.fields.get("kind"), item.where)
        else:
            fields = act.fields()
            add(_New(item, act.id, first_event(act, fields), Judged(act, service.memory.fact_of(fields))))
    if problems:
        raise Invalid(summary(problems), problems=problems)
    return list(new.values())


def _on_record(append: Append, new: Sequence[_New]) -> dict[str, int]:
    """The positions of what is on record already, by stream; Conflict where its content is another."""
    rows = _FIRST.run(append.connection, streams=listed(append.connection, [one.event.stream for one in new]))
    found = {row[0]: row for row in rows}
    for one in new:
        if one.event.stream in found:
            _, position, state, recorded_at, recorder = found[one.event.stream]
            if bytes(state) != one.event.state:
                there, given = msgspec.json.decode(state), msgspec.json.decode(one.event.state)
                differing = sorted(name for name in there | given if there.get(name) != given.get(name))
                at = f"{one.item.where}: " if one.item.where else ""
                raise Conflict(
                    f"{at}{one.id!r} is on record since {recorded_at} (position {position}, by {recorder}) with other "
                    f"content: {', '.join(differing)}",
                    on_record=there,
                    given=given,
                )
    return {stream: row[1] for stream, row in found.items()}


def _refuse(append: Append, service: Service, fresh: Sequence[_New]) -> Directory:
    """Raises Refused with everything that the record cannot carry; else the places that there will be."""
    position = append.head + len(fresh)
    added = [(one, one.place) for one in fresh if one.place is not None]
    directory = service.memory.directory
    if added:
        directory = directory.and_also(place_row(place, append.head + 1) for _, place in added)
    problems = [
        replace(problem, where=one.item.where)
        for one, place in added
        for problem in who_speaks(place, directory, position)
    ]
    judged = [one.judged for one in fresh if one.judged is not None]
    register = register_for(append.connection, service.memory, directory, judged, now=service.now(), position=position)
    for one in fresh:
        if one.judged is not None:
            problems += [
                replace(problem, where=one.item.where)
                for problem in refusals(one.judged.act, one.judged.fact, register)
            ]
    if problems:
        raise Refused(summary(problems), problems=problems)
    return directory
