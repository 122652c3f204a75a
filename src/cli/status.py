"""`status`: where a place stands on its five tracks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import AsOf, Json, PublicBy, RecordedBy
from cli.tables import print_json, print_line, print_table

Row = tuple[str, str, str, str]


def status(
    jurisdiction: Annotated[str, typer.Argument(metavar="JURISDICTION", help="A place's id, as new-orleans-la.")],
    *,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show where a place stands on a day, and which entry each answer rests on."""
    with opened() as service:
        from api.addresses import slug_of
        from application.asking import asked
        from projections.status import status as status_of

        clocks = asked(service, as_of=as_of, public_by=public_by, recorded_by=recorded_by)
        with service.snapshot(clocks) as snapshot:
            answer = status_of(snapshot, slug_of(snapshot, jurisdiction))
    if json:
        print_json(answer)
        return
    when = f" as of {answer['as_of']}" + (f", as public by {public_by}" if public_by else "")
    print_line(f"{answer['jurisdiction']}{when}, resting on log position {answer['position']}\n")
    rows = list(_rows(answer))
    if rows:
        print_table(["Track", "Of", "Stands at", "Because of"], rows, spaced=True)
    else:
        print_line("Nothing is known of it on these clocks.")


def _rows(answer: dict[str, Any]) -> Iterator[Row]:
    for review in answer["reviews"]:
        for part in ("stage", "response"):
            item = review[part]
            yield _row(part, review["review"], item, review["possibly"].get(part))
    for track, key in (("listing", "list"), ("funding", "grant")):
        for item in answer[track]:
            yield _row(track, item[key], item, item.get("possibly"))
    for item in answer["court"]:
        yield _row("court", f"{item['case']}\n{item['subject']}", item, item.get("possibly"))
    for item in answer["policies"]:
        yield _row("policies", item["policy"], item, item.get("possibly"))


def _row(track: str, of: str, item: dict[str, Any], possibly: str | None) -> Row:
    said = [item["value"]]
    if possibly is not None:
        said.append(f"possibly {possibly}")
    if item.get("role"):
        said.append(f"as {item['role']}")
    if item.get("direction"):
        said.append(f"direction: {item['direction']}")
    if item.get("due"):
        said.append(f"due {item['due']}")
    if item["since"]:
        said.append(f"since {item['since']}")
    return track, of, "\n".join(said), item["entry"] or ""
