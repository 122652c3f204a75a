"""`dispute`: somebody disputes what an entry says, and that is put on record beside it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Json
from cli.revisions import (
    Entry,
    OnVersion,
    Recorder,
    SourceDate,
    SourceJson,
    SourcePublisher,
    SourceRank,
    SourceTitle,
    SourceUrl,
    revise_and_show,
    source_of,
)


def dispute(
    entry: Entry,
    *,
    by: Annotated[str, typer.Option(metavar="TEXT", help="Who disputes it.")],
    what: Annotated[str, typer.Option(metavar="TEXT", help="What is disputed, and how.")],
    source: SourceJson = None,
    source_title: SourceTitle = None,
    source_publisher: SourcePublisher = None,
    source_url: SourceUrl = None,
    source_date: SourceDate = None,
    source_rank: SourceRank = None,
    on_version: OnVersion = None,
    recorder: Recorder = "dispute",
    json: Json = False,
) -> None:
    """Put on record that somebody disputes what an entry says. It counts as before."""
    from domain.events import EntryDisputed

    given = source_of(source, source_title, source_publisher, source_url, source_date, source_rank)
    whole = {"by": by, "what": what} | given
    revise_and_show(EntryDisputed, entry, whole, on_version=on_version, recorder=recorder, json=json)
