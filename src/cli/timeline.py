"""`timeline`: what happened, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, get_args

import typer

from cli.opening import opened
from cli.options import AsOf, Cursor, Json, Limit, PublicBy, RecordedBy, State
from cli.tables import print_bytes, print_line, print_table

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
    q: Annotated[str | None, typer.Option(metavar="WORDS", help="Words in it.")] = None,
    context: Annotated[bool, typer.Option("--context", help="With the acts that name nobody.")] = False,
    newest: Annotated[bool, typer.Option("--newest", help="The newest first.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show what happened, in order of occurrence: one place's acts, or everyone's."""
    if place is not None and jurisdiction is not None and place != jurisdiction:
        raise typer.BadParameter(f"{place} and {jurisdiction} are two places: give one")
    with opened() as service:
        import msgspec

        from api.addresses import slug_of
        from application.asking import asked, day
        from cli.cursors import key_of
        from domain.facts import Kind
        from domain.sources import Party
        from projections.timeline import Wanted, page

        for name, value in (("from", from_), ("to", to)):
            if value is not None:
                day(name, value)
        if q is not None and not q.strip():
            raise typer.BadParameter("give the words to look for", param_hint="--q")
        named = place or jurisdiction
        wanted = Wanted(
            state=state,
            kind=_one_of("kind", kind, get_args(Kind)),
            party=_one_of("party", party, get_args(Party)),
            first=from_,
            last=to,
            words=q,
            context=context,
            newest=newest,
        )
        after = None if cursor is None else key_of(cursor, (str, str, int, str))
        clocks = asked(service, as_of=as_of, public_by=public_by, recorded_by=recorded_by)
        with service.snapshot(clocks) as snapshot:
            if named is not None:
                wanted = replace(wanted, jurisdiction=slug_of(snapshot, named))
            found = page(snapshot, wanted, limit, after)
    if json:
        print_bytes(_answer(found.entries, found.next, found.rests_on))
        return
    print_table(["Occurred", "Act"], (_row(msgspec.json.decode(entry)) for entry in found.entries), spaced=True)
    _print_next(found.next, len(found.entries))


def _one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(allowed)}", param_hint=f"--{name}")
    return value


def _answer(entries: list[str], key: tuple[str, str, int, str] | None, rests_on: int) -> bytes:
    import msgspec

    from cli.cursors import cursor_of

    end = msgspec.json.encode({"next": cursor_of(key), "position": rests_on}).decode()
    return f'{{"entries":[{",".join(entries)}],{end[1:]}'.encode()


def _row(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["occurred"].replace("/", " to\n"), "\n".join(_said(entry))


def _said(entry: dict[str, Any]) -> Iterator[str]:
    actor, named = entry["actor"], entry["jurisdictions"]
    who = ", ".join(actor[part] for part in ("name", "office") if part in actor) or actor["party"]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    yield f"{entry['kind']}, by {who}: {', '.join(named[:MOST_NAMED]) or 'names nobody'}{more}"
    if not entry["certain"]:
        yield "(may count on the clocks asked: its dates are not certain enough to say)"
    if entry["standing"] != "stands":
        yield f"({entry['standing']})"
    yield entry["summary"]
    for quote in entry.get("quotes", ()):
        speaker = f" ({quote['speaker']})" if "speaker" in quote else ""
        yield f"“{quote['text']}”{speaker}"
    yield f"{entry['id']}; rests on {'; '.join(one.get('publisher', one['title']) for one in entry['sources'])}"


def _print_next(key: tuple[str, str, int, str] | None, shown: int) -> None:
    from cli.cursors import cursor_of

    if not shown:
        print_line("Nothing is on record for that.")
    if (cursor := cursor_of(key)) is not None:
        print_line(f"\nThere is more: --cursor {cursor}")
