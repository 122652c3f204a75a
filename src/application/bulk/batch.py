"""Batches: rows recorded together or not at all, with everything that is wrong with any of them.

What is well formed is judged although other rows are not, so that one report names every bad row; what may be the fault
of a row that could not be read is not held against the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection

from application.bulk.json_rows import WHOLE, SourceRow
from application.idempotency import carried_out_to
from application.recording import NewStream, Submitted, already_on_record, located, revise, validate_new, validated
from application.register import problem_summary, problems_of, write_read_models
from application.revising import Revision, Update
from application.service import Service
from domain.dates import bounds
from domain.errors import Invalid, RecordError
from domain.events import (
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
    LaterEvent,
)
from domain.validation import Problem
from eventlog.log import Append, Recorded
from projections.entries import DuplicateKey, possible_duplicates

_COMPARED_AT_ONCE = 1_000
_MOST_LIKE = 10


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A row, and the entries (at most ten) of the same kind, day and addressees, on record or before it."""

    row: int | None
    where: str
    entry: str
    like: tuple[str, ...]
    kind: str
    date: str
    jurisdictions: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        """As answers have it."""
        because = {"kind": self.kind, "date": self.date, "jurisdictions": list(self.jurisdictions)}
        return {"row": self.row, "entry": self.entry, "like": list(self.like), "because": because}


def find_duplicates(connection: Connection, fresh: Sequence[NewStream]) -> list[PossibleDuplicate]:
    """Those of the acts about to be recorded that have their like on record, or before them in the same batch."""
    found: list[PossibleDuplicate] = []
    before: dict[DuplicateKey, list[str]] = {}
    own = {one.id for one in fresh}
    acts = [one for one in fresh if one.judged is not None]
    for start in range(0, len(acts), _COMPARED_AT_ONCE):
        piece = [
            (one, one.judged.act, _duplicate_key(one.judged.act))
            for one in acts[start : start + _COMPARED_AT_ONCE]
            if one.judged
        ]
        on_record: dict[DuplicateKey, list[str]] = {}
        for body in possible_duplicates(
            connection, ((named, earliest, latest) for _, _, (_, earliest, latest, named) in piece)
        ):
            if body.id not in own:
                on_record.setdefault(_duplicate_key(body), []).append(body.id)
        for new, act, likeness in piece:
            its = before.setdefault(likeness, [])
            like = (*sorted(on_record.get(likeness, ())), *its)[:_MOST_LIKE]
            if like:
                found.append(
                    PossibleDuplicate(
                        new.item.row, new.item.where, act.id, like, act.kind, act.occurred, act.jurisdictions
                    )
                )
            if len(its) < _MOST_LIKE:
                its.append(act.id)
    return found


def _duplicate_key(one: Any) -> DuplicateKey:  # noqa: ANN401 - an act, or as much of an entry as is read
    return (one.kind, *bounds(one.occurred), frozenset(one.jurisdictions))


_PIECE = 2_000
_ACTS: dict[str, type[LaterEvent | JurisdictionUpdated]] = {
    "correct": EntryCorrected,
    "dispute": EntryDisputed,
    "retract": EntryRetracted,
    "reinstate": EntryReinstated,
    "update": JurisdictionUpdated,
}
# What answers say of an entry beside its own fields.
_SAME_FIELDS = ("certain", "log")
_CALLED = re.compile(r"[A-Za-z0-9_.-]{1,160}")
_NAMED = ("review", "policy", "list", "case", "subjects")
BatchProgress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and of how much, where that is known."""


class BadRows(Invalid):
    """Rows cannot be recorded."""


class TooManyRows(RecordError):
    """There are more rows than are taken at once."""


class _Undone(Exception):
    """Leaves a transaction that is not to be kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch, or would have become of it."""

    recorded: int
    already: int
    suspected: list[PossibleDuplicate]


@dataclass(slots=True)
class _Batch:
    """Rows sorted by what they are, and what is wrong with some."""

    new: list[NewStream] = field(default_factory=list)
    revisions: list[tuple[Submitted, Revision | Update]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spoilt: set[str] = field(default_factory=set)
    rows: int = 0


def record_rows(
    service: Service,
    rows: Iterable[tuple[str, SourceRow]],
    *,
    recorder: str,
    dry_run: bool = False,
    revising: bool = True,
    most: int | None = None,
    progress: BatchProgress = lambda _doing, _done, _of: None,
) -> Report:
    """Records rows (each with the file that it is in, if any), or on any error none; on a dry run none either.

    `revising`: whether acts on the record itself (`act: correct` and so on) are taken. `most`: rows, at most.
    Raises BadRows, whose problems name file, row, field and value; TooManyRows.
    """
    order: dict[tuple[str, int | None], int] = {}
    batch = _sorted(service, _as_recorded(rows, order, most, progress), revising=revising)
    if not batch.rows:
        raise BadRows("there are no rows", problems=[Problem(WHOLE, None, "holds no rows")])
    with suppress(_Undone), service.log.appending(recorder=recorder, now=service.now()) as append:
        report = _recorded(service, append, batch, progress)
        if batch.problems:
            batch.problems.sort(key=lambda one: order.get((_file(one.where), one.row), 0))
            raise BadRows(problem_summary(batch.problems), problems=batch.problems, errors_total=len(batch.problems))
        if dry_run:
            raise _Undone
    return report


def _as_recorded(
    rows: Iterable[tuple[str, SourceRow]],
    order: dict[tuple[str, int | None], int],
    most: int | None,
    progress: BatchProgress,
) -> Iterator[tuple[str, SourceRow]]:
    """The rows as they come, counted."""
    numbers = count(1)
    for file, row in rows:
        number = next(numbers)
        if most is not None and number > most:
            raise TooManyRows(f"there are more than {most:,} rows")
        if number % _PIECE == 0:
            progress("Reading rows", number, None)
        order[file, row.number] = number
        yield file, row


def _sorted(service: Service, rows: Iterable[tuple[str, SourceRow]], *, revising: bool) -> _Batch:
    """Every row, validated as it comes, so that no more is held of it than what is to be recorded."""
    batch = _Batch()
    places: list[Submitted] = []

    def acts() -> Iterator[Submitted]:
        for file, row in rows:
            batch.rows += 1
            item, problems = _item(file, row)
            if problems:
                batch.problems += problems
                batch.spoilt |= _spoilt(row.fields)
            elif "act" in item.fields:
                _take_revision(batch, item, revising=revising)
            elif "time_zone" in item.fields and "occurred" not in item.fields:
                places.append(item)
            else:
                yield item

    def malformed(item: Submitted) -> None:
        batch.spoilt |= _spoilt(item.fields)

    found, problems = validated(service, acts(), malformed=malformed)
    new_places, more = validated(service, (), places, malformed)
    batch.problems += [*problems, *more]
    batch.new = [*new_places, *found]
    return batch


def _item(file: str, row: SourceRow) -> tuple[Submitted, list[Problem]]:
    id_ = row.fields.get("id")
    called = id_ if isinstance(id_, str) and _CALLED.fullmatch(id_) else f"item {row.number}"
    where = f"{file}: {called}" if file else ""
    fields = {name: value for name, value in row.fields.items() if value is not None and name not in _SAME_FIELDS}
    problems = list(row.problems)
    standing = fields.pop("standing", "stands")
    if standing != "stands":
        message = "is no field of an entry: an act of its own makes it so, as it is in an exported log"
        problems.append(Problem("standing", standing, message))
    item = Submitted(fields, where, row.number)
    return item, located(item, problems)


def _take_revision(batch: _Batch, item: Submitted, *, revising: bool) -> None:
    act = item.fields["act"]
    cls = _ACTS.get(act) if isinstance(act, str) else None
    if not revising:
        batch.problems += located(item, [Problem("act", act, "is not taken here: each has an address of its own")])
    elif cls is None:
        batch.problems += located(item, [Problem("act", act, f"is none of {', '.join(_ACTS)}")])
    else:
        try:
            event = cls.model_validate({name: value for name, value in item.fields.items() if name != "act"})
        except ValidationError as error:
            batch.problems += located(item, problems_of(error, None))
        else:
            where = item.where
            one = Update(event, where) if isinstance(event, JurisdictionUpdated) else Revision(event, where)
            batch.revisions.append((item, one))


def _recorded(service: Service, append: Append, batch: _Batch, progress: BatchProgress) -> Report:
    """Decides and appends all of it, noting what cannot be; the read models follow piece by piece."""
    new = batch.new
    at, others = already_on_record(service, append, new)
    batch.problems += [one.new.problem(str(one)) for one in others]
    done = carried_out_to()
    if done is not None and not others:
        return _already_recorded(append, batch, at, done)
    fresh = [one for one in new if one.event.stream not in at]
    directory, problems = validate_new(append, service, fresh)
    batch.problems += [one for one in problems if not (isinstance(one.value, str) and one.value in batch.spoilt)]
    if batch.problems:
        # Revisions rest on what is not recorded now; they are judged when the rest is right.
        return Report(0, 0, [])
    suspected = find_duplicates(append.connection, fresh)
    for start in range(0, len(fresh), _PIECE):
        piece = fresh[start : start + _PIECE]
        write_read_models(service, append, append.append([one.event for one in piece]))
        progress("Recording", start + len(piece), len(fresh))
    recorded = len(fresh)
    for item, revision in batch.revisions:
        try:
            outcome, directory = revise(service, append, directory, revision)
        except RecordError as error:
            found = error.problems or [Problem("entry", revision.stream.partition(":")[2], error.detail)]
            batch.problems += [replace(one, where=item.where, row=item.row) for one in found]
        else:
            recorded += not outcome.already
    return Report(recorded, batch.rows - recorded, suspected)


def _already_recorded(append: Append, batch: _Batch, at: Mapping[str, Recorded], done: int) -> Report:
    """The report of a batch that was recorded and then cut off: everything recorded together has one stamp."""
    stamps = {one.recorded_at for one in at.values() if one.position == done}
    its = [one for one in batch.new if (there := at.get(one.event.stream)) is not None and there.recorded_at in stamps]
    return Report(len(its), batch.rows - len(its), find_duplicates(append.connection, its))


def _spoilt(fields: Any) -> set[str]:  # noqa: ANN401 - whatever was written
    """The ids that a bad row may have been meant to make known: its own, and those of what it names."""
    named = [fields.get("id"), *(fields.get(name) for name in _NAMED)]
    each = [one for its in named for one in (its if isinstance(its, list) else [its])]
    ids = [one.get("id") if isinstance(one, dict) else one for one in each]
    return {one for one in ids if isinstance(one, str)}


def _file(where: str) -> str:
    return where.rpartition(": ")[0]
