"""`history`: an entry's versions, or when and by which entries a place's status changed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.opening import opened
from cli.options import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy
from cli.revisions import difference, standing
from cli.tables import print_json, print_line, print_table


def history(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of a place, or of an entry.")],
    *,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show when and by which entries a place's status changed; or every version of an entry, and why."""
    with opened() as service:
        from api.addresses import slug_of
        from application.asking import asked
        from cli.cursors import cursor_of, number_of
        from domain.errors import NotFound
        from projections.entry_history import history as versions_of
        from projections.status_history import status_history

        start = 0 if cursor is None else number_of(cursor)
        clocks = asked(service, as_of=as_of, public_by=public_by, recorded_by=recorded_by)
        with service.snapshot(clocks) as snapshot:
            place = slug_of(snapshot, id_) if id_.startswith("geoid:") else id_
            answer: dict[str, Any]
            if snapshot.memory.directory.place(place, snapshot.position) is not None:
                found, following, rests_on = status_history(snapshot, place, start, limit)
                answer = {"transitions": found, "next": cursor_of(following), "position": rests_on}
            else:
                try:
                    answer = versions_of(snapshot, service.log, id_)
                except NotFound as error:
                    raise NotFound(f"no jurisdiction or entry {id_!r} is on record") from error
    if json:
        print_json(answer)
    elif "versions" in answer:
        for number, version in enumerate(answer["versions"]):
            _print_version(version, first=not number)
    else:
        print_table(["On", "Track", "Change", "Because of"], map(_row, answer["transitions"]), spaced=True)
        if not answer["transitions"]:
            print_line("Its status did not change on these clocks.")
        if answer["next"] is not None:
            print_line(f"\nThere is more: --cursor {answer['next']}")


def _print_version(version: dict[str, Any], *, first: bool) -> None:
    if not first:
        print_line("")
    print_line(
        f"Version {version['version']}: {version['event']} at log position {version['position']}, "
        f"{version['recorded_at']}, by {version['recorder']}; it {standing(version['standing'])}."
    )
    if version["reason"]:
        by = f"{version['by']}: " if "by" in version else ""
        print_line(f"  {by}{version['reason']}")
    if version["source"]:
        source = version["source"]
        print_line(f"  rests on {'; '.join(source[part] for part in ('title', 'publisher', 'url') if part in source)}")
    for change in version["changes"]:
        print_line(difference(change["field"], change["before"], change["after"]))


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    change = f"{one['from'] or 'nothing'} to {one['to'] or 'nothing'}"
    return one["on"], f"{one['track']}\n{one['key']}", change, one["entry"] or ""
