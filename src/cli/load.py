"""`load`: files and folders of the record, together or not at all."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.session import REFUSED, Json, failed, open_record
from cli.terminal import print_json, print_table, shortened, stages

if TYPE_CHECKING:
    from application.bulk.batch import Report
    from domain.errors import Problem, RecordError

MOST_SHOWN = 100
MOST_SUSPECTED = 1_000


Format = Literal["ndjson", "csv", "yaml", "json"]


def load(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, folders with all that is in them, - for the input.")
    ],
    *,
    recorder: Annotated[str, typer.Option(metavar="NAME", help="Who records: kept with each event.")] = "load",
    format_: Annotated[Format | None, typer.Option("--format", help="Of all files; else their suffixes tell.")] = None,
    charset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of CSV that is neither UTF-8 nor UTF-16, such as windows-1252."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of it, and record nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Record what files hold: all of it, or on any error nothing. What is on record already stays as it is."""
    with open_record() as service:
        from application.bulk.files import files_in
        from application.bulk.files import load as load_files
        from domain.errors import RecordError
        from eventlog.trouble import DatabaseTrouble

        try:
            files = len(files_in(paths))
            with stages() as progress_bar:
                report = load_files(
                    service,
                    paths,
                    recorder=recorder,
                    format_=format_,
                    charset=charset,
                    dry_run=dry_run,
                    progress=progress_bar,
                )
        except DatabaseTrouble:
            raise  # nobody knows whether the last commit arrived
        except RecordError as error:
            _show_errors(error, json=json)
            reason = _counted(len(error.problems), "error") if error.problems and not json else error.detail
            raise failed(f"nothing was recorded: {reason}", REFUSED) from error
        except OSError as error:
            raise failed(f"nothing was recorded: {error.filename}: {error.strerror}") from error
        if json:
            print_json(_as_json(report, files, dry_run=dry_run))
        else:
            _show(report, files, dry_run=dry_run)


def _as_json(report: Report, files: int, *, dry_run: bool) -> dict[str, Any]:
    suspected = [
        {"file": _file_and_entry(row.where)[0], **row.shown()} for row in report.possible_duplicates[:MOST_SUSPECTED]
    ]
    return {
        "files": files,
        "recorded": report.recorded,
        "already": report.already_recorded,
        "suspected": suspected,
        "suspected_total": len(report.possible_duplicates),
        **({"dry_run": True} if dry_run else {}),
    }


def _show(report: Report, files: int, *, dry_run: bool) -> None:
    shown = report.possible_duplicates[:MOST_SHOWN]
    if shown:
        print_table(
            ["File and row", "Entry", "Like it by kind, day and places, source or docket"],
            ((f"{_file_and_entry(row.where)[0]}\n{row.row}", row.entry, "\n".join(row.like)) for row in shown),
            spaced=True,
        )
        total = len(report.possible_duplicates)
        more = f" (the first {len(shown)} are shown)" if len(shown) < total else ""
        typer.echo(f"dispute-timeline: {_counted(total, 'row')} may be acts recorded before{more}", err=True)
    columns = ["Files", "Would be recorded" if dry_run else "Recorded", "Already there"]
    print_table(columns, [(files, report.recorded, report.already_recorded)])


def _show_errors(error: RecordError, *, json: bool) -> None:
    shown = error.problems[:MOST_SHOWN]
    if json:
        print_json(
            {
                "detail": error.detail,
                "errors": [_fault(problem) for problem in shown],
                "errors_total": len(error.problems),
            }
        )
    elif shown:
        print_table(["File, row and entry", "Field and value", "What is wrong"], map(_row, shown), spaced=True)
        if len(shown) < len(error.problems):
            typer.echo(f"dispute-timeline: the first {len(shown)} errors are shown", err=True)


def _fault(problem: Problem) -> dict[str, Any]:
    file, entry = _file_and_entry(problem.where)
    return {
        "file": file,
        "row": problem.row,
        "entry": entry,
        "field": problem.field.encode("utf-8", "replace").decode(),
        "value": _as_valid_json(problem.value),
        "message": problem.message,
    }


def _as_valid_json(value: object) -> object:
    """A value that JSON can hold: bytes that are no text become question marks."""
    import msgspec

    try:
        written = dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return None
    return msgspec.Raw(written.encode("utf-8", "replace"))


def _file_and_entry(where: str) -> tuple[str, str]:
    file, _, entry = where.rpartition(": ")
    return file, entry


def _row(problem: Problem) -> tuple[str, str, str]:
    file, entry = _file_and_entry(problem.where)
    value = shortened(problem.value, 60)
    return f"{file}\n{problem.row}: {entry}", f"{problem.field}\n{value}", problem.message


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
