"""`replay`: the whole record under another set of status rules, and every status that would differ."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import Json
from cli.tables import print_json, print_line, print_table, progress


def replay(
    *,
    rules: Annotated[
        str, typer.Option(metavar="NAME|MODULE|FILE.py", help="A rule set that ships, or where its RULES are.")
    ],
    json: Json = False,
) -> None:
    """Fold the whole record under other rules, in scratch, and list every status that would differ. Writes nothing."""
    with opened() as service:
        from application.what_if import rules_named, what_if

        its = rules_named(rules)
        places = 0
        with progress("Folding") as told:

            def count(done: int, total: int) -> None:
                nonlocal places
                places = total
                told(done, total)

            found = list(what_if(service, its, count))
    differing = len({one["jurisdiction"] for one in found})
    if json:
        print_json({"rules": its.name, "places": places, "differing": differing, "changes": found})
        return
    if found:
        print_table(["Place", "Of", "Days", "Says, and would say"], map(_row, found), spaced=True)
    print_line(
        f"Under the rules {its.name!r}, {differing:,} of {places:,} places would stand elsewhere, "
        f"in {len(found):,} stretches of days."
    )


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    days = one["days"]
    until = f"to {days['to']}" if days["to"] else "to this day"
    return (
        one["jurisdiction"],
        f"{one['track']}\n{one['key']}",
        f"{days['from']}\n{until}",
        f"{_item(one['present'])}\n{_item(one['proposed'])}",
    )


def _item(item: dict[str, Any] | None) -> str:
    if item is None:
        return "nothing"
    return f"{item['value']} ({item['entry']})" if item["entry"] else str(item["value"])
