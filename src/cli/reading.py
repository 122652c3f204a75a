"""`timeline`, `status`, `history`, `changes`: what happened, where a place stands, and when that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, get_args

import typer

from cli.revise import difference, standing
from cli.session import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy, State, key_of, one_of, open_snapshot
from cli.terminal import print_cursor, print_json, print_line, print_page, print_table, shortened

T = TypeVar("T")
MOST_NAMED = 4
Place = Annotated[str | None, typer.Argument(metavar="JURISDICTION", help="A place's id. Left out: every place.")]


def timeline(
    place: Place = None,
    *,
    jurisdiction: Annotated[str | None, typer.Option(metavar="ID", help="The same, as the API has it.")] = None,
    state: State = None,
    kind: Annotated[str | None, typer.Option(help="One kind of entry, as warning.")] = None,
    party: Annotated[str | None, typer.Option(help="Whose acts: federal, jurisdiction, court, press or other.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="What may have happened since.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="What may have happened until then.")] = None,
    q: Annotated[str | None, typer.Option(metavar="WORDS", help='Words, "phrases", begin*, -without.')] = None,
    context: Annotated[bool, typer.Option("--context", help="With the acts that name nobody.")] = False,
    order: Annotated[
        str | None, typer.Option(help="oldest, newest or relevance. Left out: relevance with --q, else oldest.")
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="The same as --order newest.")] = False,
    facets: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Count all by kind, jurisdiction, party, year (with commas).")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show what happened, in order of occurrence or of relevance to words: one place's acts, or everyone's."""
    if place is not None and jurisdiction is not None and place != jurisdiction:
        raise typer.BadParameter(f"{place} and {jurisdiction} are two places: give one")
    with open_snapshot(as_of, public_by, recorded_by) as (_, snapshot):
        import msgspec

        from application.clocks import parse_days
        from domain.facts import Kind
        from domain.values import Party
        from projections.facets import count_facets, parse_facets
        from projections.paging import encode_cursor
        from projections.places import slug_of
        from projections.search_text import parse_search
        from projections.timeline import RANKED_TIMELINE_KEY, TIMELINE_KEY, TimelineFilter, timeline_page

        parse_days({"from": from_, "to": to})
        _checked("q", parse_search, q)
        facet_names = _checked("facets", parse_facets, facets)
        order = one_of("order", "newest" if newest else order, ("oldest", "newest", "relevance"))
        if order == "relevance" and q is None:
            raise typer.BadParameter("relevance is to words that are looked for: give --q", param_hint="--order")
        ranked = q is not None and order in (None, "relevance")
        place = place or jurisdiction
        filters = TimelineFilter(
            jurisdiction=None if place is None else slug_of(snapshot, place),
            state=state,
            kind=one_of("kind", kind, get_args(Kind)),
            party=one_of("party", party, get_args(Party)),
            first=from_,
            last=to,
            words=q,
            context=context,
            newest=order == "newest",
            ranked=ranked,
        )
        after = key_of(cursor, RANKED_TIMELINE_KEY) if ranked else key_of(cursor, TIMELINE_KEY)
        page = timeline_page(snapshot, filters, limit, after)
        counted = None if facet_names is None else count_facets(snapshot, filters, after, facet_names)
    next_cursor = encode_cursor(page.next)
    if json:
        rests_on = page.rests_on if counted is None else max(page.rests_on, counted.rests_on)
        more = {} if counted is None else {"facets": counted.counts}
        print_json({"entries": list(map(msgspec.Raw, page.bodies)), "next": next_cursor, "position": rests_on, **more})
        return
    print_table(["Occurred", "Act"], (_entry_row(msgspec.json.decode(body)) for body in page.bodies), spaced=True)
    for name, counts in ({} if counted is None else counted.counts).items():
        print_line(f"\n{name}: {', '.join(f'{value} {number}' for value, number in counts.items())}")
    if not page.bodies:
        print_line("Nothing is on record for that.")
    print_cursor(next_cursor)


def _checked(name: str, read: Callable[[str], T], value: str | None) -> T | None:
    try:
        return None if value is None else read(value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{name}") from error


def _entry_row(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["occurred"].replace("/", " to\n"), "\n".join(_entry_lines(entry))


def _entry_lines(entry: dict[str, Any]) -> Iterator[str]:
    actor, slugs = entry["actor"], entry["jurisdictions"]
    who = ", ".join(actor[part] for part in ("name", "office") if part in actor) or actor["party"]
    more = f" and {len(slugs) - MOST_NAMED} more" if len(slugs) > MOST_NAMED else ""
    yield f"{entry['kind']}, by {who}: {', '.join(slugs[:MOST_NAMED]) or 'names nobody'}{more}"
    if not entry["certain"]:
        yield "(may count on the clocks asked: its dates are not certain enough to say)"
    if entry["standing"] != "stands":
        yield f"({entry['standing']})"
    yield entry["summary"]
    for quote in entry.get("quotes", ()):
        speaker = f" ({quote['speaker']})" if "speaker" in quote else ""
        yield f"“{quote['text']}”{speaker}"
    sources = "; ".join(source.get("publisher", source["title"]) for source in entry["sources"])
    yield f"{entry['id']}; rests on {sources}"


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
    keys = {"listing": ["list"], "funding": ["grant"], "court": ["case", "subject"], "policies": ["policy"]}
    for track, names in keys.items():
        for item in answer[track]:
            yield _status_row(track, "\n".join(item[name] for name in names), item, item.get("possibly"))


def _status_row(track: str, of: str, item: dict[str, Any], possibly: str | None) -> StatusRow:
    of_some = {"as": "role", "direction:": "direction", "due": "due", "since": "since"}
    more = {"possibly": possibly} | {words: item.get(name) for words, name in of_some.items()}
    lines = [item["value"], *(f"{words} {value}" for words, value in more.items() if value)]
    return track, of, "\n".join(lines), item["entry"] or ""


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
