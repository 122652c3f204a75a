"""`prove`: everything recorded of an entry, as a file that others can check without us."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.opening import failed, opened
from cli.options import Json
from cli.tables import print_bytes, print_json, print_line


def prove(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The id of an entry.")],
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, and not here.")] = None,
    json: Json = False,
) -> None:
    """Write all events of an entry, and the proof that the signed log has them. Check it with verify-proof."""
    with opened() as service:
        import msgspec

        from application.proving import proving

        with proving(service) as proofs:
            proof = proofs.entry(entry)
    written = msgspec.json.encode(proof)
    if out is None:
        print_bytes(written)
        return
    try:
        out.write_bytes(written + b"\n")
    except OSError as error:
        raise failed(f"{out}: {error.strerror}") from error
    positions = [event["position"] for event in proof["events"]]
    if json:
        print_json({"file": str(out), "entry": entry, "positions": positions})
    else:
        said = ", ".join(map(str, positions))
        print_line(f"{out} proves that the log has entry {entry} at position{'s'[: len(positions) > 1]} {said}.")
