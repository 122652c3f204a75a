"""The options that several commands share: the clocks of a question, and JSON instead of a table."""

from __future__ import annotations

import re
from typing import Annotated

import typer


def _state_code(value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[A-Z]{2}", value):
        raise typer.BadParameter(f"{value!r} is not two capital letters, as LA")
    return value


AsOf = Annotated[str | None, typer.Option(metavar="DAY", help="What was true on this day. Left out: today.")]
PublicBy = Annotated[str | None, typer.Option(metavar="DAY", help="What the public could know by this day.")]
RecordedBy = Annotated[
    str | None,
    typer.Option(metavar="INSTANT|POSITION", help="What this service said then, or at this position of its log."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs, as the API answers.")]
State = Annotated[
    str | None, typer.Option(metavar="XX", callback=_state_code, help="Two letters: the places of one state.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(metavar="TEXT", help="Go on after the page that named it.")]
