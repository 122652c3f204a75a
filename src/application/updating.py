"""Updating places: name, ids, time zone, whom an agency speaks for; an event of its own on the stream of the place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from application.service import Service
from application.writing import problems_in, summary, write
from domain.entries import merged
from domain.errors import NotFound, Refused
from domain.events import JurisdictionUpdated
from domain.jurisdictions import Jurisdiction
from domain.refusals import Problem
from eventlog.log import Append, Recorded
from projections.change import place_fields
from projections.directory import Directory, PlaceRow
from projections.mapping import MAPPER


@dataclass(frozen=True, slots=True)
class Update:
    """An update of a place, and where it was read."""

    event: JurisdictionUpdated
    where: str = ""

    @property
    def stream(self) -> str:
        """The stream of the place."""
        return f"jurisdiction:{self.event.jurisdiction}"


def update(service: Service, event: JurisdictionUpdated, *, recorder: str) -> int:
    """Records an update and returns its log position; NotFound or Refused, naming the fields, where it cannot be."""
    with service.log.appending(recorder=recorder, now=service.now()) as append:
        service.memory.refresh(append.connection, append.head)
        recorded, _ = apply_update(service, append, service.memory.directory, Update(event))
    return recorded.position


def apply_update(service: Service, append: Append, directory: Directory, update: Update) -> tuple[Recorded, Directory]:
    """Decides and appends an update in the transaction of an append; also the places as they then are."""
    event = update.event
    history = service.log.stream(append.connection, update.stream)
    if not history:
        raise NotFound(f"no jurisdiction {event.jurisdiction!r} is on record")
    problems: list[Problem] = []
    if "id" in event.fields:
        problems.append(Problem("fields.id", event.fields["id"], "a jurisdiction's id never changes"))
    after = None
    try:
        after = Jurisdiction.model_validate(merged(place_fields(history), event.fields))
    except ValidationError as error:
        problems += [replace(one, field=f"fields.{one.field}") for one in problems_in(error, None)]
    else:
        speaks_for = who_speaks(after, directory, append.position + 1)
        problems += [replace(one, field=f"fields.{one.field}") for one in speaks_for]
    if after is None or problems:
        problems = [replace(one, where=update.where) for one in problems]
        raise Refused(summary(problems), problems=problems)
    (recorded,) = append.append([MAPPER.new(update.stream, len(history) + 1, event)])
    write(service, append, [recorded])
    return recorded, directory.and_also([place_row(after, recorded.position)])


def who_speaks(place: Jurisdiction, directory: Directory, position: int) -> Iterator[Problem]:
    """What is wrong with whom a place speaks for: only an agency does, and for a place that is none."""
    speaks_for = place.speaks_for
    if speaks_for is None:
        return
    if place.kind != "agency":
        yield Problem("speaks_for", speaks_for, f"only an agency speaks for another, and {place.id!r} is none")
    other = directory.place(speaks_for, position)
    if other is None:
        yield Problem("speaks_for", speaks_for, f"no jurisdiction {speaks_for!r} is on record")
    elif other.speaks_for is not None:
        yield Problem("speaks_for", speaks_for, f"{speaks_for!r} is itself an agency")


def place_row(place: Jurisdiction, position: int) -> PlaceRow:
    """What a directory keeps of a place."""
    return position, place.id, place.state, place.time_zone, place.speaks_for
