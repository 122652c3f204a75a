"""`reminders`: what was planned, fired, delivered, acknowledged, cancelled, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import Cursor, Json, Limit
from cli.plain import shortened
from cli.tables import print_json, print_line, print_table

STATES = ("planned", "due", "delivered", "failed", "acknowledged", "cancelled")
LONGEST_WORDS = 80


def reminders(
    jurisdiction: Annotated[
        str | None, typer.Argument(metavar="JURISDICTION", help="A place's id: its own and its agencies'.")
    ] = None,
    *,
    state: Annotated[str | None, typer.Option(help=f"{', '.join(STATES[:-1])} or {STATES[-1]}.")] = None,
    subscription: Annotated[str | None, typer.Option(metavar="ID", help="Those that it asked for.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Show reminders in order of the instant planned for, whoever asked for them."""
    if state is not None and state not in STATES:
        raise typer.BadParameter(f"{state!r} is none of {', '.join(STATES)}", param_hint="--state")
    with opened() as service:
        from api.addresses import slug_of
        from application.reminding.listing import Wanted, key_of, listed
        from cli.cursors import cursor_of
        from cli.cursors import key_of as key_in

        after = None if cursor is None else key_in(cursor, (str, str))
        with service.snapshot() as snapshot:
            place = None if jurisdiction is None else snapshot.place(slug_of(snapshot, jurisdiction))
            wanted = Wanted(None, None if place is None else place.touched_by, state, subscription)
            found = listed(snapshot.connection, wanted, limit + 1, after)
    more = cursor_of(key_of(found[limit - 1])) if len(found) > limit else None
    found = found[:limit]
    if json:
        print_json({"reminders": found, "next": more})
        return
    print_table(["Planned for", "State", "Due", "About"], map(_row, found), spaced=True)
    if not found:
        print_line("No reminder is known for that.")
    if more is not None:
        print_line(f"\nThere is more: --cursor {more}")


def _row(reminder: dict[str, Any]) -> tuple[str, str, str, str]:
    state, deadlines = reminder["state"], reminder["deadlines"]
    if reminder["late"]:
        state += ", late"
    if reminder["why"]:
        state += f"\n{shortened(reminder['why'], LONGEST_WORDS)}"
    if reminder["deliveries"]:
        last = reminder["deliveries"][-1]
        state += f"\n{len(reminder['deliveries'])} x, last {last['outcome']}: {last['detail']}"
    about = "\n".join([deadlines[0]["addressee"], *(one["demand"] for one in deadlines)])
    return f"{reminder['planned_for'][:16]}Z", state, f"{deadlines[0]['due']}\n{reminder['offset']:+d} days", about
