"""Recording: new acts and places, decided and written under the append's lock, whole or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlalchemy import select

from application.register import Judged, register_for
from application.revising import Revision, already, apply
from application.service import Service
from application.writing import problems_in, summary, write
from domain.dates import bounds
from domain.entries import act_of
from domain.errors import Conflict, Invalid, Refused
from domain.events import JurisdictionAdded
from domain.kinds import AnyAct
from domain.refusals import Problem, refusals
from eventlog.any_of import AnyOf, listed
from eventlog.log import Append, NewEvent
from eventlog.statements import Statement
from eventlog.tables import log
from projections.directory import Directory, PlaceRow
from projections.mapping import MAPPER

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
    """A first event of a stream, ready to be appended. `judged` is None for a place."""

    item: Item
    id: str
    event: NewEvent
    judged: Judged | None = None


def record(
    service: Service,
    entries: Sequence[Item],
    places: Sequence[Item] = (),
    revisions: Sequence[Revision] = (),
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
        revised = [_revise(service, append, directory, revision) for revision in revisions]
    at = on_record | {one.stream: one.position for one in recorded}
    return [Outcome(one.id, at[one.event.stream], one.event.stream in on_record) for one in new] + revised


def _revise(service: Service, append: Append, directory: Directory, revision: Revision) -> Outcome:
    found = already(service, append, revision)
    recorded = found or apply(service, append, directory, revision)
    return Outcome(revision.event.entry, recorded.position, found is not None)


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

    def add(item: Item, stream: str, event: AnyAct | JurisdictionAdded, judged: Judged | None = None) -> None:
        one = _New(item, event.id, MAPPER.new(f"{stream}:{event.id}", 1, event), judged)
        twin = new.setdefault(one.event.stream, one)
        if twin.event.state != one.event.state:
            problems.append(Problem("id", event.id, f"is given twice, the other time in {twin.item.where}", item.where))

    for item in places:
        try:
            add(item, "jurisdiction", JurisdictionAdded.model_validate(item.fields))
        except ValidationError as error:
            problems += problems_in(error, None, item.where)
    for item in entries:
        try:
            act = act_of(item.fields)
        except ValidationError as error:
            problems += problems_in(error, item.fields.get("kind"), item.where)
        else:
            add(item, "entry", act, Judged(act, service.memory.fact_of(act.fields())))
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
    added = [one for one in fresh if one.judged is None]
    directory = service.memory.directory
    if added:
        directory = directory.and_also(_place_row(one.item.fields, append.head + 1) for one in added)
    problems = [
        replace(problem, where=one.item.where) for one in added for problem in _of_place(one, directory, position)
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


def _of_place(one: _New, directory: Directory, position: int) -> Iterator[Problem]:
    speaks_for = one.item.fields.get("speaks_for")
    if speaks_for is not None:
        if one.item.fields["kind"] != "agency":
            yield Problem("speaks_for", speaks_for, f"only an agency speaks for another, and {one.id!r} is none")
        other = directory.place(speaks_for, position)
        if other is None:
            yield Problem("speaks_for", speaks_for, f"no jurisdiction {speaks_for!r} is on record")
        elif other.speaks_for is not None:
            yield Problem("speaks_for", speaks_for, f"{speaks_for!r} is itself an agency")


def _place_row(fields: Mapping[str, Any], position: int) -> PlaceRow:
    return position, fields["id"], fields["state"], fields["time_zone"], fields.get("speaks_for")
