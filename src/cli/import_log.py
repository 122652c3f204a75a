"""`import-log`: an exported log into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.opening import failed, opened
from cli.options import Json
from cli.tables import print_json, print_line, progress


def import_log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote.")],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only a log signed by this verifier key, as you noted it.")
    ] = None,
    json: Json = False,
) -> None:
    """Import an exported log into an empty database, read models included: whole, or not at all."""
    with opened() as service:
        from application.importing import import_log as import_it
        from application.proving import proving

        try:
            with file.open("rb") as reading, progress("Importing") as told:
                events = import_it(service, reading, told, key=key)
        except OSError as error:
            raise failed(f"{file}: {error.strerror}") from error
        with proving(service) as proofs:
            root, own = proofs.checkpoint().split("\n")[2], proofs.key
    if json:
        print_json({"events": events, "root": root, "key": own})
    else:
        print_line(f"Imported {events:,} events. The root hash is that of the file: {root}")
        print_line(f"This copy signs with its own key: {own}")
