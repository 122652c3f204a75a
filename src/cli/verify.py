"""`verify`: whether the log is the one that was recorded, and the read models what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.opening import REFUSED, USAGE, failed, opened
from cli.options import Json
from cli.tables import print_json, print_line, progress


def verify(
    *,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint kept elsewhere: finds a log rewritten and signed anew."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute every hash, replay the log beside what is stored, and name what differs; exit code 1 where any does."""
    kept = None if against is None else _read(against)
    found = []
    with opened() as service:
        from application.verifying import verify as faults_in

        with progress("Verifying") as told:
            for fault in faults_in(service, told, against=kept):
                found.append(fault)
                if not json:
                    print_line(fault)
    if json:
        print_json({"faults": found})
    elif not found:
        print_line("No fault was found.")
        if kept is not None:
            print_line(f"The log begins with the {int(kept.splitlines()[1]):,} events that the checkpoint is of.")
    if found:
        raise typer.Exit(REFUSED)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise failed(f"{file}: {error}", USAGE) from error
