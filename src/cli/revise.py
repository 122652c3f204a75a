"""What the commands that act on an entry share: the event, recorded on the version seen, and the entry as it stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.session import USAGE, Json, failed, open_record, plain_errors
from cli.terminal import print_bytes, print_line, shortened

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
    from application.strict_json import fields_in
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
    with open_record() as service:
        from application.parsing import parse_change
        from application.recording import handle
        from projections.entries import entry_history
        from projections.timeline import read_entry

        handle(service, [parse_change(kind, entry, fields, on_version)], recorder=recorder)
        with service.snapshot() as snapshot:
            body, _ = read_entry(snapshot, entry)
            latest = entry_history(snapshot, service.log, entry)["versions"][-1]
    if json:
        print_bytes(body.encode())
        return
    print_line(f"{entry} is now at version {latest['version']} and {standing(latest['standing'])}.")
    print_line(f"{latest['event']} at log position {latest['position']}, by {latest['recorder']}: {latest['reason']}")
    for change in latest["changes"]:
        print_line(difference(change["field"], change["before"], change["after"]))


def standing(word: str) -> str:
    """An entry's standing as the end of a sentence."""
    return "stands" if word == "stands" else f"is {word}"


def difference(field: str, before: object, after: object) -> str:
    """A field's two values, a line each; long ones are cut, for `--json` has them whole."""
    return f"  {field}\n    was  {_value(before)}\n    is   {_value(after)}"


def _value(value: object) -> str:
    import msgspec

    if value is None:
        return "(left out)"
    return shortened(value if isinstance(value, str) else msgspec.json.encode(value).decode(), LONGEST)


def correct(
    entry: Entry,
    *,
    reason: Reason,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=JSON", help="A new value, as note='\"...\"' or quotes=[]; null removes. Repeatable."
        ),
    ] = None,
    fields: Annotated[
        Path | None, typer.Option(metavar="FILE|-", help="The same as one JSON object, from a file or standard input.")
    ] = None,
    source: SourceJson = None,
    source_title: SourceTitle = None,
    source_publisher: SourcePublisher = None,
    source_url: SourceUrl = None,
    source_date: SourceDate = None,
    source_rank: SourceRank = None,
    on_version: OnVersion = None,
    recorder: Recorder = "correct",
    json: Json = False,
) -> None:
    """Give fields of an entry new values, null removing one. What it said before stays to be asked for."""
    from domain.events import EntryCorrected

    values = _corrections_from(fields) if fields is not None else {}
    for assignment in field or ():
        name, equals, written = assignment.partition("=")
        if not equals:
            raise typer.BadParameter(f"{assignment!r} is not NAME=JSON", param_hint="--field")
        if name in values:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--field")
        values[name] = json_value("--field", written)
    if not values:
        raise typer.BadParameter("give at least one --field, or --fields", param_hint="--field")
    given = source_of(source, source_title, source_publisher, source_url, source_date, source_rank)
    whole = {"fields": values, "reason": reason} | given
    revise_and_show(EntryCorrected, entry, whole, on_version=on_version, recorder=recorder, json=json)


def _corrections_from(path: Path) -> dict[str, Any]:
    from application.strict_json import fields_in

    try:
        body = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise failed(f"{path}: {error.strerror}", USAGE) from error
    with plain_errors():
        return fields_in(body)


def dispute(
    entry: Entry,
    *,
    by: Annotated[str, typer.Option(metavar="TEXT", help="Who disputes it.")],
    what: Annotated[str, typer.Option(metavar="TEXT", help="What is disputed, and how.")],
    source: SourceJson = None,
    source_title: SourceTitle = None,
    source_publisher: SourcePublisher = None,
    source_url: SourceUrl = None,
    source_date: SourceDate = None,
    source_rank: SourceRank = None,
    on_version: OnVersion = None,
    recorder: Recorder = "dispute",
    json: Json = False,
) -> None:
    """Put on record that somebody disputes what an entry says. It counts as before."""
    from domain.events import EntryDisputed

    given = source_of(source, source_title, source_publisher, source_url, source_date, source_rank)
    whole = {"by": by, "what": what} | given
    revise_and_show(EntryDisputed, entry, whole, on_version=on_version, recorder=recorder, json=json)


def retract(
    entry: Entry, *, reason: Reason, on_version: OnVersion = None, recorder: Recorder = "retract", json: Json = False
) -> None:
    """Take an entry back: it stays to be read, and counts for nothing."""
    from domain.events import EntryRetracted

    revise_and_show(EntryRetracted, entry, {"reason": reason}, on_version=on_version, recorder=recorder, json=json)


def reinstate(
    entry: Entry, *, reason: Reason, on_version: OnVersion = None, recorder: Recorder = "reinstate", json: Json = False
) -> None:
    """Let a retracted entry count again."""
    from domain.events import EntryReinstated

    revise_and_show(EntryReinstated, entry, {"reason": reason}, on_version=on_version, recorder=recorder, json=json)
