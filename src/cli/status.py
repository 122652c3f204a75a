"""`status`, `history` and `changes`: where a place stands, when that changed, and what we now say differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from cli.revise import difference, standing
from cli.session import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy, key_of, one_of, open_snapshot
from cli.terminal import print_cursor, print_json, print_line, print_page, print_table, shortened

StatusRow = tuple[str, str, str, str]


def status(
    jurisdiction: Annotated[str, typer.Argument(metavar="JURISDICTION", help="A place's id, as new-orleans-la.")],
    *,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show where a place stands on a day, and which entry each answer rests on."""
    with open_snapshot(as_of, public_by, recorded_by) as (_, snapshot):
        from projections.places import slug_of
        from projections.status import place_status

        answer = place_status(snapshot, slug_of(snapshot, jurisdiction))
    if json:
        print_json(answer)
        return
    when = f" as of {answer['as_of']}" + (f", as public by {public_by}" if public_by else "")
    print_line(f"{answer['jurisdiction']}{when}, resting on log position {answer['position']}\n")
    rows = list(_status_rows(answer))
    if rows:
        print_table(["Track", "Of", "Stands at", "Because of"], rows, spaced=True)
    else:
        print_line("Nothing is known of it on these clocks.")


def _status_rows(answer: Mapping[str, Any]) -> Iterator[StatusRow]:
    for review in answer["reviews"]:
        for part in ("stage", "response"):
            item = review[part]
            yield _status_row(part, review["review"], item, review["possibly"].get(part))
    for track, key in (("listing", "list"), ("funding", "grant")):
        for item in answer[track]:
            yield _status_row(track, item[key], item, item.get("possibly"))
    for item in answer["court"]:
        yield _status_row("court", f"{item['case']}\n{item['subject']}", item, item.get("possibly"))
    for item in answer["policies"]:
        yield _status_row("policies", item["policy"], item, item.get("possibly"))


def _status_row(track: str, of: str, item: dict[str, Any], possibly: str | None) -> StatusRow:
    stands_at = [item["value"]]
    if possibly is not None:
        stands_at.append(f"possibly {possibly}")
    if item.get("role"):
        stands_at.append(f"as {item['role']}")
    if item.get("direction"):
        stands_at.append(f"direction: {item['direction']}")
    if item.get("due"):
        stands_at.append(f"due {item['due']}")
    if item["since"]:
        stands_at.append(f"since {item['since']}")
    return track, of, "\n".join(stands_at), item["entry"] or ""


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
    with open_snapshot(as_of, public_by, recorded_by) as (service, snapshot):
        from domain.errors import NotFound
        from projections.entries import entry_history
        from projections.history import PLACE_TRANSITION_KEY, find_place_transitions
        from projections.places import slug_of

        after = key_of(cursor, PLACE_TRANSITION_KEY)
        place = slug_of(snapshot, id_) if id_.startswith("geoid:") else id_
        page, versions = None, {}
        if snapshot.cache.directory.place(place, snapshot.position) is not None:
            page = find_place_transitions(snapshot, place, after).page(limit)
        else:
            try:
                versions = entry_history(snapshot, service.log, id_)
            except NotFound as error:
                raise NotFound(f"no jurisdiction or entry {id_!r} is on record") from error
    if page is not None:
        columns, nothing = ["On", "Track", "Change", "Because of"], "Its status did not change on these clocks."
        print_page("transitions", page, columns, _transition_row, nothing, json=json)
    elif json:
        print_json(versions)
    else:
        for number, version in enumerate(versions["versions"]):
            _print_version(version, first=not number)


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


def _transition_row(transition: Mapping[str, Any]) -> tuple[str, str, str, str]:
    change = f"{transition['from'] or 'nothing'} to {transition['to'] or 'nothing'}"
    return transition["on"], f"{transition['track']}\n{transition['key']}", change, transition["entry"] or ""


TRACKS = ("stage", "response", "listing", "funding", "court", "policies")
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
    one_of("track", track, TRACKS)
    with open_snapshot() as (service, snapshot):
        from application.clocks import parse_log_range
        from projections.changes import CHANGE_KEY, ChangeFilter, LogRange, changes_page
        from projections.paging import encode_cursor
        from projections.places import slug_of

        after = key_of(cursor, CHANGE_KEY)
        earlier, later = parse_log_range(service, snapshot, from_, to)
        place = None if jurisdiction is None else snapshot.place(slug_of(snapshot, jurisdiction)).id
        between = LogRange.read(snapshot, service.log, earlier, later)
        answer, next_key = changes_page(snapshot, service.log, between, ChangeFilter(place, track), limit, after)
    answer["next"] = encode_cursor(next_key)
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
        print_line(f"    was  {_change_item(change['before'])}\n    is   {_change_item(change['after'])}")
        _print_causes(change["because"], first_recorded=change["first_recorded"])
    print_cursor(answer["next"])


def _change_item(item: dict[str, Any] | None) -> str:
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
            print_line(f"    {shortened(cause['reason'], 400)}")
