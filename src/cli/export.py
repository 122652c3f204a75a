"""`export`: the whole log as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.opening import failed, opened
from cli.options import Json
from cli.tables import print_json, print_line, progress


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; what is there is replaced.")],
    *,
    json: Json = False,
) -> None:
    """Write the log as NDJSON: its schema, a line an event, and the signed checkpoint."""
    # Beside it until it is whole: a file of that name is an export, and never half of one.
    partial = file.with_name(f"{file.name}.part")
    with opened() as service:
        from application.exporting import export as export_log

        try:
            with partial.open("wb") as writing, progress("Exporting") as told:
                events = export_log(service, writing, told)
                writing.flush()
                os.fsync(writing.fileno())
            partial.replace(file)
        except OSError as error:
            raise failed(f"{error.filename or file}: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)
    if json:
        print_json({"file": str(file), "events": events})
    else:
        print_line(f"{file} has the log's {events:,} events.")
