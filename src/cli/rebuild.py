"""`rebuild`: the read models anew from the log."""

from __future__ import annotations

from cli.opening import opened
from cli.options import Json
from cli.tables import print_json, print_line, progress


def rebuild(*, json: Json = False) -> None:
    """Replay the log into new read models, which then take over. Reads go on meanwhile."""
    with opened(as_it_is=True) as service:
        from application.replay import rebuild as rebuild_all

        with progress("Replaying") as told:
            events = rebuild_all(service, told)
    if json:
        print_json({"events": events})
    else:
        print_line(f"Rebuilt from {events:,} events.")
