"""Batches: rows recorded together or not at all, with everything that is wrong with any of them.

Well-formed rows are validated even when other rows are malformed, so that one report names every bad row. A problem
that a malformed row may have caused in another row is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from application.bulk.duplicates import PossibleDuplicate, find_duplicates
from application.bulk.json_rows import CHANGES, SourceRow
from application.idempotency import carried_out_to
from application.parsing import naming_malformed_fields, parse_entries, parse_entry, parse_jurisdiction
from application.recording import (
    PreparedCommand,
    Recording,
    add_once,
    conflict_message,
    handle,
    located,
    prepare,
    stream_of,
    with_an_id,
)
from application.service import Service
from domain.decisions import ChangeCommand, command_for
from domain.errors import Invalid, Problem, RecordError
from domain.refusals import WHOLE
from eventlog.log import Append, Recorded

_PIECE = 2_000
_MOST_LOOKED_THROUGH = 100
"""Malformed rows whose places and entries are looked up as well: as many as answers show."""
_MOST_PROBLEMS = 5_000
"""A file with more is not read on: nobody mends them one by one, and each bad row takes half a millisecond."""
# What answers add to an entry's own fields: ignored, so that an answer can be loaded as it is.
_ADDED_BY_ANSWERS = ("certain", "log")
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,160}")
_REFERENCES = ("review", "policy", "list", "case", "subjects")
BatchProgress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much of it is done, and of how much, where that is known."""


class BadRows(Invalid):
    """Rows cannot be recorded."""


class TooManyRows(RecordError):
    """There are more rows than are taken at once."""


class _DryRun(Exception):
    """Rolls back the transaction of a dry run."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch, or would have become of it."""

    recorded: int
    already_recorded: int
    possible_duplicates: list[PossibleDuplicate]


@dataclass(slots=True)
class _Batch:
    """Rows sorted by what they are, and what is wrong with some."""

    places: dict[str, PreparedCommand] = field(default_factory=dict)
    entries: dict[str, PreparedCommand] = field(default_factory=dict)
    changes: list[tuple[ChangeCommand, str, int]] = field(default_factory=list)
    """Each with where it was read, and its row."""
    problems: list[Problem] = field(default_factory=list)
    malformed_ids: set[str] = field(default_factory=set)
    """What malformed rows may have been meant to introduce."""
    malformed: list[tuple[Mapping[str, Any], str, int]] = field(default_factory=list)
    """The fields of the first malformed rows, each with where it was read, and its row."""
    rows: int = 0
    order: dict[tuple[str, int | None], int] = field(default_factory=dict)
    """How many rows there were up to each, by its file and its number there."""


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

    `revising`: whether changes of what is on record (`act: correct` and so on) are taken. `most`: rows, at most.
    Raises BadRows, whose problems name file, row, field and value; TooManyRows.
    """
    batch = _parse(service, rows, revising=revising, most=most, progress=progress)
    if not batch.rows:
        raise BadRows("there are no rows", problems=[Problem(WHOLE, None, "holds no rows")])
    with suppress(_DryRun), service.log.appending(recorder=recorder, now=service.now()) as append:
        report = _record(Recording(service, append), append, batch, progress)
        if batch.problems:
            batch.problems.sort(
                key=lambda problem: batch.order.get((problem.where.rpartition(": ")[0], problem.row), 0)
            )
            raise BadRows(problems=batch.problems, errors_total=len(batch.problems))
        if dry_run:
            raise _DryRun
    return report


def dry_run_of_entry(service: Service, fields: Mapping[str, Any], *, recorder: str) -> Report:
    """What would become of one entry, recorded as `record_entry` does. Raises what that would raise."""

    def attempt(entry: Mapping[str, Any]) -> Report:
        report = Report(0, 1, [])

        def stop(append: Append, new: Sequence[PreparedCommand]) -> None:
            nonlocal report
            alone = [replace(prepared, row=1) for prepared in new]
            report = Report(len(new), 1 - len(new), find_duplicates(append.connection, alone))
            raise _DryRun

        with suppress(_DryRun):
            handle(service, parse_entries(service, [entry]), recorder=recorder, before_recording=stop)
        return report

    return with_an_id(fields, attempt)


def _parse(
    service: Service,
    rows: Iterable[tuple[str, SourceRow]],
    *,
    revising: bool,
    most: int | None,
    progress: BatchProgress,
) -> _Batch:
    """Each row parsed as it comes, so that its fields need not be held beside what is to be recorded."""
    batch = _Batch()
    for file, row in rows:
        batch.rows += 1
        if most is not None and batch.rows > most:
            raise TooManyRows(f"there are more than {most:,} rows")
        if batch.rows % _PIECE == 0:
            progress("Reading rows", batch.rows, None)
        batch.order[file, row.number] = batch.rows
        where = _where(file, row)
        fields, problems = _fields_to_record(row)
        if not problems:
            try:
                problems = _take(service, batch, fields, where, row.number, revising=revising)
            except Invalid as error:
                problems = error.problems
        if problems:
            batch.malformed_ids |= _introduced_ids(row.fields)
            if len(batch.malformed) < _MOST_LOOKED_THROUGH:
                batch.malformed.append((row.fields, where, row.number))
        batch.problems += located(problems, where, row.number)
        if len(batch.problems) > _MOST_PROBLEMS:
            last = f"row {row.number} of {file}" if file else f"row {row.number}"
            unread = Problem(WHOLE, None, f"has too much wrong with it: what follows {last} was not read")
            # What was read is not held against the record: it may name what was not.
            raise BadRows(problems=[unread, *batch.problems], errors_total=1 + len(batch.problems))
    return batch


def _where(file: str, row: SourceRow) -> str:
    id_ = row.fields.get("id")
    name = id_ if isinstance(id_, str) and _PLAIN_ID.fullmatch(id_) else f"item {row.number}"
    return f"{file}: {name}" if file else ""


def _fields_to_record(row: SourceRow) -> tuple[dict[str, Any], list[Problem]]:
    fields = {name: value for name, value in row.fields.items() if value is not None and name not in _ADDED_BY_ANSWERS}
    problems = list(row.problems)
    standing = fields.pop("standing", "stands")
    if standing != "stands":
        message = "is no field of an entry: an act of its own makes it so, as it is in an exported log"
        problems.append(Problem("standing", standing, message))
    return fields, problems


def _take(
    service: Service, batch: _Batch, fields: Mapping[str, Any], where: str, row: int, *, revising: bool
) -> list[Problem]:
    """Adds the command that fields amount to; raises Invalid, or returns its problems, where they are none."""
    if "act" in fields:
        batch.changes.append((_parse_change(fields, revising=revising), where, row))
        return []
    if "time_zone" in fields and "occurred" not in fields:
        return add_once(batch.places, prepare(service, parse_jurisdiction(fields), where, row))
    return add_once(batch.entries, prepare(service, parse_entry(fields), where, row))


def _parse_change(fields: Mapping[str, Any], *, revising: bool) -> ChangeCommand:
    act = fields["act"]
    event = CHANGES.get(act) if isinstance(act, str) else None
    if not revising:
        raise Invalid(problems=[Problem("act", act, "is not taken here: each has an address of its own")])
    if event is None:
        raise Invalid(problems=[Problem("act", act, f"is none of {', '.join(CHANGES)}")])
    with naming_malformed_fields(event):
        return command_for(event.model_validate({name: value for name, value in fields.items() if name != "act"}))


def _record(recording: Recording, append: Append, batch: _Batch, progress: BatchProgress) -> Report:
    """Decides and appends all of it, noting the problems; the read models follow piece by piece."""
    new = [*batch.places.values(), *batch.entries.values()]
    on_record = recording.first_events(new)
    conflicts = [
        prepared.problem(conflict_message(prepared, recorded))
        for prepared in new
        if (recorded := on_record.get(prepared.event.stream)) and bytes(recorded.state) != prepared.event.state
    ]
    batch.problems += conflicts
    carried_out = carried_out_to()
    if carried_out is not None and not conflicts:
        return _report_of_recorded(append, batch.rows, new, on_record, carried_out)
    fresh = [prepared for prepared in new if prepared.event.stream not in on_record]
    batch.problems += [
        problem
        for problem in (*recording.problems_of_new(fresh), *_unknown_in_malformed_rows(recording, batch))
        if not (isinstance(problem.value, str) and problem.value in batch.malformed_ids)
    ]
    if batch.problems:
        # Changes rest on what is not recorded now: they are decided when the rest is right.
        return Report(0, 0, [])
    duplicates = find_duplicates(append.connection, fresh)
    for start in range(0, len(fresh), _PIECE):
        piece = fresh[start : start + _PIECE]
        recording.append_new(piece)
        progress("Recording", start + len(piece), len(fresh))
    changed = sum(_change(recording, batch, *change) for change in batch.changes)
    recorded_count = len(fresh) + changed
    return Report(recorded_count, batch.rows - recorded_count, duplicates)


def _unknown_in_malformed_rows(recording: Recording, batch: _Batch) -> Iterator[Problem]:
    """After `problems_of_new`, from which on the places that come with the batch are known."""
    for fields, where, row in batch.malformed:
        unknown = recording.unknown_names(fields)
        new = [problem for problem in unknown if f"entry:{problem.value}" not in batch.entries]
        yield from located(new, where, row)


def _change(recording: Recording, batch: _Batch, command: ChangeCommand, where: str, row: int) -> bool:
    """Whether a change is recorded now, and was not before; its problems are noted."""
    if recording.recorded_before(command):
        return False
    try:
        recording.change(command)
    except RecordError as error:
        problems = error.problems or [Problem("entry", stream_of(command).partition(":")[2], error.detail)]
        batch.problems += located(problems, where, row)
        return False
    return True


def _report_of_recorded(
    append: Append, rows: int, new: Sequence[PreparedCommand], on_record: Mapping[str, Recorded], carried_out: int
) -> Report:
    """The report of a batch that was recorded and then cut off: everything recorded together has one stamp."""
    stamps = {recorded.recorded_at for recorded in on_record.values() if recorded.position == carried_out}
    of_batch = [
        prepared
        for prepared in new
        if (recorded := on_record.get(prepared.event.stream)) and recorded.recorded_at in stamps
    ]
    return Report(len(of_batch), rows - len(of_batch), find_duplicates(append.connection, of_batch))


def _introduced_ids(fields: Mapping[str, Any]) -> set[str]:
    """The ids that a malformed row may have been meant to introduce: its own, and those of its references."""
    values = [fields.get("id"), *(fields.get(name) for name in _REFERENCES)]
    references = [item for value in values for item in (value if isinstance(value, list) else [value])]
    ids = [reference.get("id") if isinstance(reference, dict) else reference for reference in references]
    return {id_ for id_ in ids if isinstance(id_, str)}
