"""`timeline`: what happened, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar, get_args

import typer

from cli.session import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy, State, key_of, one_of, open_snapshot
from cli.terminal import print_cursor, print_json, print_line, print_table

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
    print_table(["Occurred", "Act"], (_row(msgspec.json.decode(body)) for body in page.bodies), spaced=True)
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


def _row(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["occurred"].replace("/", " to\n"), "\n".join(_lines(entry))


def _lines(entry: dict[str, Any]) -> Iterator[str]:
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
