"""`load`: files and folders of the record, together or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.opening import REFUSED, failed, opened
from cli.options import Json
from cli.plain import shortened
from cli.tables import busy, print_json, print_table

if TYPE_CHECKING:
    from domain.refusals import Problem

LONGEST_VALUE = 60


def load(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with all that is in them.")],
    *,
    recorder: Annotated[str, typer.Option(metavar="NAME", help="Who records: kept with each event.")] = "load",
    json: Json = False,
) -> None:
    """Record what files hold: all of it, or on any error nothing. What is on record already stays as it is."""
    with opened() as service:
        from application.loading import files_in
        from application.loading import load as load_files
        from domain.errors import RecordError

        try:
            files = files_in(paths)
            with busy(f"Loading {_counted(len(files), 'file')}"):
                outcomes = load_files(service, paths, recorder=recorder)
        except RecordError as error:
            if json:
                print_json({"detail": error.detail, "errors": [_fault(one) for one in error.problems]})
            elif error.problems:
                print_table(
                    ["File and entry", "Field and value", "What is wrong"],
                    map(_row, error.problems),
                    spaced=True,
                )
            how_many = _counted(len(error.problems), "error")
            raise failed(
                f"nothing was recorded: {how_many if error.problems and not json else error.detail}", REFUSED
            ) from error
        except OSError as error:
            raise failed(f"nothing was recorded: {error.filename}: {error.strerror}") from error
        already = sum(one.already for one in outcomes)
        if json:
            print_json({"files": len(files), "recorded": len(outcomes) - already, "already": already})
        else:
            print_table(["Files", "Recorded", "Already there"], [(len(files), len(outcomes) - already, already)])


def _fault(problem: Problem) -> dict[str, Any]:
    file, _, entry = problem.where.rpartition(": ")
    return {
        "file": file,
        "entry": entry,
        "field": problem.field,
        "value": problem.value,
        "message": problem.message,
    }


def _row(problem: Problem) -> tuple[str, str, str]:
    fault = _fault(problem)
    value = shortened(problem.value, LONGEST_VALUE)
    return f"{fault['file']}\n{fault['entry']}", f"{problem.field}\n{value}", problem.message


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
