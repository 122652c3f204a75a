"""What the commands that act on an entry share: the event, recorded on the version seen, and the entry as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.opening import opened
from cli.plain import shortened
from cli.tables import print_bytes, print_line

if TYPE_CHECKING:
    from domain.events import LaterEvent

LONGEST = 160
Entry = Annotated[str, typer.Argument(metavar="ENTRY", help="The id of an entry.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why: kept with it, and shown in the history.")]
OnVersion = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Refuse it unless the entry still has this version, the one that was seen."),
]
Recorder = Annotated[str, typer.Option(metavar="NAME", help="Who records: kept with each event.")]
SourceTitle = Annotated[str | None, typer.Option(metavar="TEXT", help="The title of the document it rests on.")]
SourcePublisher = Annotated[str | None, typer.Option(metavar="TEXT", help="Who published that.")]
SourceUrl = Annotated[str | None, typer.Option(metavar="URL", help="Where it is.")]
SourceDate = Annotated[str | None, typer.Option(metavar="DATE", help="When it was published.")]
SourceRank = Annotated[str | None, typer.Option(metavar="RANK", help="primary or secondary.")]
SourceJson = Annotated[str | None, typer.Option("--source", metavar="JSON", help="All of that as one JSON object.")]


def source_of(
    whole: str | None, title: str | None, publisher: str | None, url: str | None, date: str | None, rank: str | None
) -> dict[str, Any]:
    """`{"source": {...}}` as the options give it; nothing where none is given."""
    given = {"title": title, "publisher": publisher, "url": url, "date": date, "rank": rank}
    parts = {name: value for name, value in given.items() if value is not None}
    if whole is None:
        return {"source": parts} if parts else {}
    if parts:
        raise typer.BadParameter("give the source whole, or in parts", param_hint="--source")
    return {"source": json_value("--source", whole)}


def json_value(option: str, written: str) -> Any:  # noqa: ANN401 - whatever JSON can say
    """The value that an option gives as JSON."""
    from api.bodies import fields_in
    from domain.errors import Invalid

    try:
        return fields_in(b'{"value": %s}' % written.encode("utf-8", "surrogateescape"))["value"]
    except Invalid as error:
        hint = f'{written!r} is not JSON: a text stands in quotation marks, as "2017-04-21"'
        raise typer.BadParameter(hint, param_hint=option) from error


def revise_and_show(
    kind: type[LaterEvent], entry: str, fields: dict[str, Any], *, on_version: int | None, recorder: str, json: bool
) -> None:
    """Records the event and prints the entry as it now stands: with `json`, as the API answers."""
    with opened() as service:
        from application.revising import Revision, event_of, revise
        from projections.entry_history import history
        from projections.timeline import entry as entry_of

        revise(service, Revision(event_of(kind, entry, fields), on_version=on_version), recorder=recorder)
        with service.snapshot() as snapshot:
            shown, _ = entry_of(snapshot, entry)
            latest = history(snapshot, service.log, entry)["versions"][-1]
    if json:
        print_bytes(shown.encode())
        return
    print_line(f"{entry} is now at version {latest['version']} and {standing(latest['standing'])}.")
    print_line(f"{latest['event']} at log position {latest['position']}, by {latest['recorder']}: {latest['reason']}")
    for change in latest["changes"]:
        print_line(difference(change["field"], change["before"], change["after"]))


def standing(word: str) -> str:
    """What a standing says, in a sentence."""
    return "stands" if word == "stands" else f"is {word}"


def difference(field: str, before: object, after: object) -> str:
    """A field's two values, a line each; long ones are cut, for `--json` has them whole."""
    return f"  {field}\n    was  {_value(before)}\n    is   {_value(after)}"


def _value(value: object) -> str:
    import msgspec

    if value is None:
        return "(left out)"
    return shortened(value if isinstance(value, str) else msgspec.json.encode(value).decode(), LONGEST)
