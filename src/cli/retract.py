"""`retract`: an entry counts for nothing any more, and stays to be read."""

from __future__ import annotations

from cli.options import Json
from cli.revisions import Entry, OnVersion, Reason, Recorder, revise_and_show


def retract(
    entry: Entry,
    *,
    reason: Reason,
    on_version: OnVersion = None,
    recorder: Recorder = "retract",
    json: Json = False,
) -> None:
    """Take an entry back: it stays to be read, and counts for nothing."""
    from domain.events import EntryRetracted

    revise_and_show(EntryRetracted, entry, {"reason": reason}, on_version=on_version, recorder=recorder, json=json)
