"""`changes`: what we now say differently than we did, and which events caused it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import Cursor, Json, Limit
from cli.plain import shortened
from cli.revisions import difference
from cli.tables import print_json, print_line

TRACKS = ("stage", "response", "listing", "funding", "court", "policies")
LONGEST_REASON = 400
Point = "INSTANT|POSITION"


def changes(
    *,
    from_: Annotated[
        str, typer.Option("--from", metavar=Point, help="What was said then. Left out: before anything was.")
    ] = "0",
    to: Annotated[str | None, typer.Option(metavar=Point, help="What was said then. Left out: what is now.")] = None,
    jurisdiction: Annotated[str | None, typer.Option(metavar="ID", help="This place's account.")] = None,
    track: Annotated[str | None, typer.Option(help=", ".join(TRACKS))] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Show the days about which we now say something else than we did, and which events caused it."""
    if track is not None and track not in TRACKS:
        raise typer.BadParameter(f"{track!r} is none of {', '.join(TRACKS)}", param_hint="--track")
    with opened() as service:
        from api.addresses import slug_of
        from application.asking import between
        from cli.cursors import cursor_of, key_of
        from projections.changes import Between, Wanted, page

        after = None if cursor is None else key_of(cursor, (str, int))
        with service.snapshot() as snapshot:
            earlier, later = between(service, snapshot, from_, to)
            place = None if jurisdiction is None else snapshot.place(slug_of(snapshot, jurisdiction)).id
            its = Between.positions(snapshot, service.log, earlier, later)
            answer, following = page(snapshot, service.log, its, Wanted(place, track), limit, after)
    answer["next"] = cursor_of(following)
    if json:
        print_json(answer)
        return
    print_line(f"Between log positions {earlier} and {later}:")
    if not answer["entries"] and not answer["changes"]:
        print_line("We say the same as before.")
    for entry in answer["entries"]:
        print_line(f"\nEntry {entry['entry']} says something else.")
        for field, values in entry["fields"].items():
            print_line(difference(field, values["before"], values["after"]))
        _print_causes(entry["because"])
    for change in answer["changes"]:
        days = change["days"]
        until = f"{days['from']} to {days['to'] or 'this day'}"
        print_line(f"\n{change['jurisdiction']}, {change['track']} of {change['key']}, from {until}")
        print_line(f"    was  {_item(change['before'])}\n    is   {_item(change['after'])}")
        _print_causes(change["because"], first_recorded=change["first_recorded"])
    if answer["next"] is not None:
        print_line(f"\nThere is more: --cursor {answer['next']}")


def _item(item: dict[str, Any] | None) -> str:
    if item is None:
        return "nothing"
    since = f" since {item['since']}" if item["since"] else ""
    return f"{item['value']}{since}{', by ' + item['entry'] if item['entry'] else ''}"


def _print_causes(causes: Iterable[dict[str, Any]], *, first_recorded: bool = False) -> None:
    for cause in causes:
        on = f" of {cause['entry']}" if cause["entry"] else ""
        recorded = ", first recorded in between" if first_recorded else ""
        print_line(f"  because of {cause['event']}{on}, log position {cause['position']}{recorded}")
        if cause["reason"]:
            print_line(f"    {shortened(cause['reason'], LONGEST_REASON)}")
