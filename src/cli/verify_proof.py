"""`verify-proof`: whether proofs and checkpoints hold, without a database. The same as docs/verify.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.opening import REFUSED
from cli.options import Json
from cli.tables import print_json, print_line


def verify_proof(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Proofs, checkpoints, events of the log and proofs of consistency."),
    ],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The log's verifier key, name+hash+base64, as you noted it.")
    ] = None,
    json: Json = False,
) -> None:
    """Check offline what files prove together, and say it; exit code 1 where anything is not proved."""
    from application.verify_proof import NotProved, proved

    try:
        sentences, why = proved(files, key), None
    except NotProved as error:
        sentences, why = [], str(error)
    if json:
        print_json({"proved": why is None, "said": sentences, "why_not": why})
    else:
        for sentence in [*sentences, "Proved." if why is None else f"NOT PROVED: {why}"]:
            print_line(sentence)
    if why is not None:
        raise typer.Exit(REFUSED)
