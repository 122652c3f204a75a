"""`verify`: whether the read models are what the log says, and the log whole."""

from __future__ import annotations

import typer

from cli.opening import REFUSED, opened
from cli.options import Json
from cli.tables import print_json, print_line, progress


def verify(*, json: Json = False) -> None:
    """Replay the log beside what is stored and name what differs, a line a fault; exit code 1 where any is found."""
    found = []
    with opened() as service:
        from application.verifying import verify as faults_in

        with progress("Verifying") as told:
            for fault in faults_in(service, told):
                found.append(fault)
                if not json:
                    print_line(fault)
    if json:
        print_json({"faults": found})
    elif not found:
        print_line("No fault was found.")
    if found:
        raise typer.Exit(REFUSED)
