"""`reinstate`: a retracted entry counts again."""

from __future__ import annotations

from cli.options import Json
from cli.revisions import Entry, OnVersion, Reason, Recorder, revise_and_show


def reinstate(
    entry: Entry,
    *,
    reason: Reason,
    on_version: OnVersion = None,
    recorder: Recorder = "reinstate",
    json: Json = False,
) -> None:
    """Let a retracted entry count again."""
    from domain.events import EntryReinstated

    revise_and_show(EntryReinstated, entry, {"reason": reason}, on_version=on_version, recorder=recorder, json=json)
