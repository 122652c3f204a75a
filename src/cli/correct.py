"""`correct`: fields of an entry get new values, by an event of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.opening import USAGE, failed, plainly
from cli.options import Json
from cli.revisions import (
    Entry,
    OnVersion,
    Reason,
    Recorder,
    SourceDate,
    SourceJson,
    SourcePublisher,
    SourceRank,
    SourceTitle,
    SourceUrl,
    json_value,
    revise_and_show,
    source_of,
)


def correct(
    entry: Entry,
    *,
    reason: Reason,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=JSON", help="A new value, as note='\"...\"' or quotes=[]; null removes. Repeatable."
        ),
    ] = None,
    fields: Annotated[
        Path | None, typer.Option(metavar="FILE|-", help="The same as one JSON object, from a file or standard input.")
    ] = None,
    source: SourceJson = None,
    source_title: SourceTitle = None,
    source_publisher: SourcePublisher = None,
    source_url: SourceUrl = None,
    source_date: SourceDate = None,
    source_rank: SourceRank = None,
    on_version: OnVersion = None,
    recorder: Recorder = "correct",
    json: Json = False,
) -> None:
    """Give fields of an entry new values, null removing one. What it said before stays to be asked for."""
    from domain.events import EntryCorrected

    values = _from(fields) if fields is not None else {}
    for one in field or ():
        name, equals, written = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"{one!r} is not NAME=JSON", param_hint="--field")
        if name in values:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--field")
        values[name] = json_value("--field", written)
    if not values:
        raise typer.BadParameter("give at least one --field, or --fields", param_hint="--field")
    given = source_of(source, source_title, source_publisher, source_url, source_date, source_rank)
    whole = {"fields": values, "reason": reason} | given
    revise_and_show(EntryCorrected, entry, whole, on_version=on_version, recorder=recorder, json=json)


def _from(path: Path) -> dict[str, Any]:
    from api.bodies import fields_in

    try:
        body = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise failed(f"{path}: {error.strerror}", USAGE) from error
    with plainly():
        return fields_in(body)
