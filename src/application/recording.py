"""Recording: new acts and places, decided and written under the append's lock, whole or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlalchemy import select

from application.register import ValidatedAct, problem_summary, problems_of, validation_context, write_read_models
from application.revising import Revision, Update, apply_revision, apply_update, place_row, recorded_already, who_speaks
from application.service import Service
from domain.dates import bounds
from domain.entries import act_of
from domain.errors import Conflict, Invalid, Refused
from domain.events import JurisdictionAdded
from domain.jurisdictions import Jurisdiction
from domain.validation import Problem, validate
from eventlog.log import Append, NewEvent, Recorded
from eventlog.sql import CompiledQuery, InList, list_param
from eventlog.tables import EVENT, log
from projections.cache import Directory
from projections.projector import MAPPER, first_event_of

_FIRST = CompiledQuery(select(*EVENT).where(InList(log.c.stream, "streams"), log.c.version == 1))
_WORDS_IN_AN_ID = 6
_LONGEST_MADE_ID = 100


@dataclass(frozen=True, slots=True)
class Submitted:
    """The fields of one thing to be recorded, and where they were read, as errors are to say it."""

    fields: Mapping[str, Any]
    where: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of an item: where it stands in the log, and whether it stood there already."""

    id: str
    position: int
    already: bool


@dataclass(frozen=True, slots=True)
class NewStream:
    """A first event of a stream, ready to be appended: of an entry, judged, or of a place."""

    item: Submitted
    id: str
    event: NewEvent
    judged: ValidatedAct | None = None
    place: Jurisdiction | None = None

    def problem(self, message: str) -> Problem:
        """That something is wrong with its id."""
        return Problem("id", self.id, message, self.item.where, self.item.row)


def record(
    service: Service,
    entries: Sequence[Submitted],
    places: Sequence[Submitted] = (),
    revisions: Sequence[Revision | Update] = (),
    *,
    recorder: str,
) -> list[RecordOutcome]:
    """Records places and entries together, then what befell entries since: all of it, or on any error none.

    Raises Invalid (a field is malformed), Refused (the record cannot carry it) or Conflict (the id is on record with
    other content); each names where, the field and the value.
    """
    new, problems = validated(service, entries, places)
    if problems:
        raise Invalid(problem_summary(problems), problems=problems)
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        at, others = already_on_record(service, append, new)
        if others:
            raise others[0].conflict()
        fresh = [one for one in new if one.event.stream not in at]
        directory, problems = validate_new(append, service, fresh)
        if problems:
            raise Refused(problem_summary(problems), problems=problems)
        recorded = append.append([one.event for one in fresh])
        write_read_models(service, append, recorded)
        revised = []
        for revision in revisions:
            outcome, directory = revise(service, append, directory, revision)
            revised.append(outcome)
    positions = {stream: one.position for stream, one in at.items()} | {one.stream: one.position for one in recorded}
    return [RecordOutcome(one.id, positions[one.event.stream], one.event.stream in at) for one in new] + revised


def revise(
    service: Service, append: Append, directory: Directory, revision: Revision | Update
) -> tuple[RecordOutcome, Directory]:
    """Records what befell an entry or a place; what says the same on record is already there."""
    found = recorded_already(service, append, revision.stream, revision.event)
    if found is not None:
        recorded = found
    elif isinstance(revision, Update):
        recorded, directory = apply_update(service, append, directory, revision)
    else:
        recorded = apply_revision(service, append, directory, revision)
    return RecordOutcome(revision.stream.partition(":")[2], recorded.position, found is not None), directory


def record_entry(service: Service, fields: Mapping[str, Any], *, recorder: str) -> RecordOutcome:
    """Records one entry; an `id` left out is made of the day and the summary, numbered where that is taken."""
    if "id" in fields:
        return record(service, [Submitted(fields)], recorder=recorder)[0]
    made, number = _made_id(fields), 1
    while True:
        id_ = made if number == 1 else f"{made}-{number}"
        try:
            return record(service, [Submitted({"id": id_, **fields})], recorder=recorder)[0]
        except Conflict:
            number += 1


def _made_id(fields: Mapping[str, Any]) -> str:
    try:
        day = bounds(str(fields.get("occurred")))[0]
    except ValueError:
        day = "undated"
    plain = unicodedata.normalize("NFKD", str(fields.get("summary", ""))).encode("ascii", "ignore").decode().lower()
    return "-".join([day, *re.findall(r"[a-z0-9]+", plain)[:_WORDS_IN_AN_ID]])[:_LONGEST_MADE_ID].rstrip("-")


def validated(
    service: Service,
    entries: Iterable[Submitted],
    places: Iterable[Submitted] = (),
    malformed: Callable[[Submitted], None] = lambda _: None,
) -> tuple[list[NewStream], list[Problem]]:
    """What items amount to, each once, and what is wrong with the others; places come first."""
    problems: list[Problem] = []
    new: dict[str, NewStream] = {}

    def add(one: NewStream) -> None:
        twin = new.setdefault(one.event.stream, one)
        if twin.event.state != one.event.state:
            what = ", ".join(differing(twin.event.state, one.event.state))
            where = twin.item.where if twin.item.row is None else f"{twin.item.where} row {twin.item.row}".strip()
            problems.append(one.problem(f"is given twice, the other time in {where}: {what} differ"))

    for item in places:
        try:
            place = JurisdictionAdded.model_validate(item.fields)
        except ValidationError as error:
            problems += located(item, problems_of(error, None))
            malformed(item)
        else:
            add(NewStream(_bare(item), place.id, MAPPER.new(f"jurisdiction:{place.id}", 1, place), place=place))
    for item in entries:
        try:
            act = act_of(item.fields)
        except ValidationError as error:
            problems += located(item, problems_of(error, item.fields.get("kind")))
            malformed(item)
        else:
            fields = act.fields()
            add(
                NewStream(
                    _bare(item), act.id, first_event_of(act, fields), ValidatedAct(act, service.cache.fact_of(fields))
                )
            )
    return list(new.values()), problems


def located(item: Submitted, problems: Iterable[Problem]) -> list[Problem]:
    """Problems, with where their item was read."""
    return [replace(problem, where=item.where, row=item.row) for problem in problems]


def differing(one: bytes, other: bytes) -> list[str]:
    """The fields in which two entries differ, as the log keeps them."""
    there, given = msgspec.json.decode(one), msgspec.json.decode(other)
    return sorted(name for name in there | given if there.get(name) != given.get(name))


def _bare(item: Submitted) -> Submitted:
    """Where an item was read: a batch of many need not hold their fields twice."""
    return Submitted({}, item.where, item.row)


@dataclass(frozen=True, slots=True)
class ConflictingRecord:
    """Something to be recorded whose id is on record with other content."""

    new: NewStream
    recorded: Recorded

    def __str__(self) -> str:
        what = ", ".join(differing(self.recorded.state, self.new.event.state))
        since, position, recorder = self.recorded.recorded_at, self.recorded.position, self.recorded.recorder
        return f"is on record since {since} (position {position}, by {recorder}) with other content: {what}"

    def conflict(self) -> Conflict:
        """The error that shows both."""
        at = f"{self.new.item.where}: " if self.new.item.where else ""
        return Conflict(
            f"{at}{self.new.id!r} {self}",
            on_record=msgspec.json.decode(self.recorded.state),
            given=msgspec.json.decode(self.new.event.state),
        )


def already_on_record(
    service: Service, append: Append, new: Sequence[NewStream]
) -> tuple[dict[str, Recorded], list[ConflictingRecord]]:
    """The first events of what is on record already, by stream, and what is there with other content."""
    service.cache.refresh(append.connection, append.head)
    rows = _FIRST.run(append.connection, streams=list_param(append.connection, [one.event.stream for one in new]))
    found = {row[1]: Recorded(*row) for row in rows}
    others = [
        ConflictingRecord(one, there)
        for one in new
        if (there := found.get(one.event.stream)) is not None and bytes(there.state) != one.event.state
    ]
    return found, others


def validate_new(append: Append, service: Service, fresh: Sequence[NewStream]) -> tuple[Directory, list[Problem]]:
    """The places that there will be, and everything that the record cannot carry."""
    position = append.head + len(fresh)
    added = [(one, one.place) for one in fresh if one.place is not None]
    directory = service.cache.directory
    if added:
        directory = directory.with_uncommitted(place_row(place, append.head + 1) for _, place in added)
    problems: list[Problem] = []
    for one, place in added:
        problems += located(one.item, who_speaks(place, directory, position))
    acts = [one.judged for one in fresh if one.judged is not None]
    register = validation_context(
        append.connection, service.cache, directory, acts, now=service.now(), position=position
    )
    for one in fresh:
        if one.judged is not None:
            problems += located(one.item, validate(one.judged.act, one.judged.fact, register))
    return directory, problems
