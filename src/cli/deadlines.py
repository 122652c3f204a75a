"""`deadlines`: who was to answer or comply by when, and what became of it."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy
from cli.plain import shortened
from cli.tables import print_json, print_line, print_table

STATES = ("open", "answered", "lapsed", "moot", "withdrawn")
LONGEST_WORDS = 120


def deadlines(
    jurisdiction: Annotated[
        str | None, typer.Argument(metavar="JURISDICTION", help="A place's id: its own and its agencies'.")
    ] = None,
    *,
    state: Annotated[str | None, typer.Option(help="open, answered, lapsed, moot or withdrawn.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Due on that day or later.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="Due on that day or earlier.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show deadlines in order of the day due: one place's, or everyone's."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{state!r} is none of {', '.join(STATES)}", param_hint="--state")
    with opened() as service:
        from api.addresses import slug_of
        from application.asking import asked, day
        from cli.cursors import cursor_of, key_of
        from projections.deadlines import Wanted, all_deadlines, place_deadlines

        for name, value in (("from", from_), ("to", to)):
            if value is not None:
                day(name, value)
        wanted = Wanted(state, from_, to)
        after = None if cursor is None else key_of(cursor, (str, str, str))
        clocks = asked(service, as_of=as_of, public_by=public_by, recorded_by=recorded_by)
        with service.snapshot(clocks) as snapshot:
            if jurisdiction is None:
                found = list(islice(all_deadlines(snapshot, wanted, after), limit + 1))
                rests_on = max((position for _, position in found[:limit]), default=0)
                listed = [one for one, _ in found]
            else:
                listed, rests_on = place_deadlines(snapshot, slug_of(snapshot, jurisdiction), wanted)
                listed = [one for one in listed if after is None or _key(one) > after]
    more = cursor_of(_key(listed[limit - 1])) if len(listed) > limit else None
    listed = listed[:limit]
    if json:
        print_json({"deadlines": listed, "next": more, "position": rests_on})
        return
    print_table(["Due", "State", "Addressee", "Demand"], map(_row, listed), spaced=True)
    if not listed:
        print_line("No deadline is on record for that.")
    if more is not None:
        print_line(f"\nThere is more: --cursor {more}")


def _key(deadline: dict[str, Any]) -> tuple[str, str, str]:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _row(deadline: dict[str, Any]) -> tuple[str, str, str, str]:
    due, state, demand = deadline["due"], deadline["state"], deadline["demand"]
    if deadline["original_due"] not in (None, due):
        due += f"\nwas {deadline['original_due']}"
    if deadline["late"]:
        state += ", late"
    if deadline["for"] == "compliance":
        state += "\n(to comply)"
    if deadline["words"]:
        demand += f"\n“{shortened(deadline['words'], LONGEST_WORDS)}”"
    if deadline["answer"]:
        demand += f"\nanswer: {deadline['answer']}"
    return due, state, deadline["addressee"], demand
