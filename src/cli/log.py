"""The log as a whole: exported, imported, proved, verified, rebuilt from, and replayed under other rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.session import REFUSED, USAGE, Json, failed, open_record, plain_errors, settings_or_exit
from cli.terminal import one_line, print_answer, print_bytes, print_json, print_line, print_table, progress


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; what is there is replaced.")],
    *,
    json: Json = False,
) -> None:
    """Write the log as NDJSON: its schema, a line an event, and the signed checkpoint."""
    # Beside it until it is whole: a file of that name is an export, and never half of one.
    partial = file.with_name(f"{file.name}.part")
    with open_record() as service:
        from application.log_files import export as export_log

        try:
            with partial.open("wb") as writing, progress("Exporting") as bar:
                events = export_log(service, writing, bar)
                writing.flush()
                os.fsync(writing.fileno())
            partial.replace(file)
        except OSError as error:
            raise failed(f"{error.filename or file}: {error.strerror}") from error
        finally:
            partial.unlink(missing_ok=True)
    print_answer({"file": str(file), "events": events}, f"{file} has the log's {events:,} events.", json=json)


def import_log(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `export` wrote.")],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Only a log signed by this verifier key, as you noted it.")
    ] = None,
    json: Json = False,
) -> None:
    """Import an exported log into an empty database, read models included: whole, or not at all."""
    with open_record() as service:
        from application.log_files import import_log as import_it
        from eventlog.proofs import proving

        try:
            with file.open("rb") as reading, progress("Importing") as bar:
                events = import_it(service, reading, bar, key=key)
        except OSError as error:
            raise failed(f"{file}: {error.strerror}") from error
        with proving(service.log) as proofs:
            root, own = proofs.checkpoint().split("\n")[2], proofs.key
    imported = f"Imported {events:,} events. The root hash is that of the file: {root}"
    signed = f"This copy signs with its own key: {own}"
    print_answer({"events": events, "root": root, "key": own}, imported, signed, json=json)


def prove(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The id of an entry.")],
    *,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, and not here.")] = None,
    json: Json = False,
) -> None:
    """Write all events of an entry, and the proof that the signed log has them. Check it with verify-proof."""
    with open_record() as service:
        import msgspec

        from eventlog.proofs import proving

        with proving(service.log) as proofs:
            proof = proofs.entry(entry)
    written = msgspec.json.encode(proof)
    if out is None:
        print_bytes(written)
        return
    try:
        out.write_bytes(written + b"\n")
    except OSError as error:
        raise failed(f"{out}: {error.strerror}") from error
    positions = [event["position"] for event in proof["events"]]
    at = f"position{'s'[: len(positions) > 1]} {', '.join(map(str, positions))}"
    line = f"{out} proves that the log has entry {entry} at {at}."
    print_answer({"file": str(out), "entry": entry, "positions": positions}, line, json=json)


def verify(
    *,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A checkpoint kept elsewhere: finds a log rewritten and signed anew."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute every hash, replay the log beside what is stored, and name what differs; exit code 1 where any does."""
    kept = None if against is None else _read_checkpoint(against)
    settings, faults = settings_or_exit(), []
    with plain_errors():
        # Not by `open_record`: that the database cannot be opened is a fault like the others.
        from application.verifying.verify import faults_of

        with progress("Verifying") as bar:
            for fault in faults_of(settings.database_url, bar, against=kept):
                faults.append(fault)
                if not json:
                    print_line(one_line(fault))
    if json:
        print_json({"faults": faults})
    elif not faults:
        print_line("No fault was found.")
        if kept is not None:
            print_line(f"The log begins with the {int(kept.splitlines()[1]):,} events that the checkpoint is of.")
    if faults:
        raise typer.Exit(REFUSED)


def guard(*, json: Json = False) -> None:
    """Put the triggers back that keep the log append-only, where they are gone. Run `verify` first."""
    with open_record(as_it_is=True) as service:
        from eventlog.engine import writing
        from eventlog.guards import guard_anew

        with writing(service.engine) as connection:
            guard_anew(connection)
    print_answer({"guarded": True}, "The database refuses again to change or delete what is recorded.", json=json)


def replace_key(
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the log.")],
    recorder: Annotated[str, typer.Option(metavar="NAME", help="Who, for the log.")] = "replace-key",
    json: Json = False,
) -> None:
    """Make the log another signing key, and record that in the log. What was signed before stays signed."""
    with open_record() as service:
        from application.signing_key import replace_signing_key

        event = replace_signing_key(service, reason=reason, recorder=recorder)
    now = f"The log signs from now on with {event.after}"
    print_answer({"before": event.before, "after": event.after}, now, f"It signed with {event.before}", json=json)


def _read_checkpoint(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise failed(f"{file}: {error}", USAGE) from error


def verify_proof(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Proofs, checkpoints, events of the log and proofs of consistency."),
    ],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The log's verifier key, name+hash+base64, as you noted it.")
    ] = None,
    json: Json = False,
) -> None:
    """Check offline what files prove together, and say it; exit code 1 where anything is not proved."""
    from eventlog.verify_proof import NotProved, proved

    try:
        sentences, why = proved(files, key), None
    except NotProved as error:
        sentences, why = [], str(error)
    conclusion = "Proved." if why is None else f"NOT PROVED: {why}"
    print_answer({"proved": why is None, "said": sentences, "why_not": why}, *sentences, conclusion, json=json)
    if why is not None:
        raise typer.Exit(REFUSED)


def rebuild(*, json: Json = False) -> None:
    """Replay the log into new read models, which then take over. Reads go on meanwhile."""
    with open_record(as_it_is=True) as service:
        from application.rebuild import rebuild as rebuild_all

        with progress("Replaying") as bar:
            events = rebuild_all(service, bar)
        with service.snapshot():
            for event in service.cache.unreadable:
                typer.echo(
                    f"dispute-timeline: log position {event.position} ({event.stream}) cannot be read and is left out:"
                    f" {one_line(event.why)}",
                    err=True,
                )
    print_answer({"events": events}, f"Rebuilt from {events:,} events.", json=json)


def replay(
    *,
    rules: Annotated[
        str, typer.Option(metavar="NAME|MODULE|FILE.py", help="A rule set that ships, or where its RULES are.")
    ],
    json: Json = False,
) -> None:
    """Fold the whole record under other rules, in scratch, and list every status that would differ. Writes nothing."""
    with open_record() as service:
        from application.replay import replay_with_rules, rules_named

        rule_set = rules_named(rules)
        with progress("Folding") as bar:
            places, differences = replay_with_rules(service, rule_set, bar)
    differing = len({difference["jurisdiction"] for difference in differences})
    if json:
        print_json({"rules": rule_set.name, "places": places, "differing": differing, "changes": differences})
        return
    if differences:
        print_table(["Place", "Of", "Days", "Says, and would say"], map(_replay_row, differences), spaced=True)
    print_line(
        f"Under the rules {rule_set.name!r}, {differing:,} of {places:,} places would stand elsewhere, "
        f"in {len(differences):,} stretches of days."
    )


def _replay_row(difference: dict[str, Any]) -> tuple[str, str, str, str]:
    days = difference["days"]
    until = f"to {days['to']}" if days["to"] else "to this day"
    return (
        difference["jurisdiction"],
        f"{difference['track']}\n{difference['key']}",
        f"{days['from']}\n{until}",
        f"{_replay_item(difference['present'])}\n{_replay_item(difference['proposed'])}",
    )


def _replay_item(item: dict[str, Any] | None) -> str:
    if item is None:
        return "nothing"
    return f"{item['value']} ({item['entry']})" if item["entry"] else str(item["value"])


def accept_clock(
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is right, as that the service was off.")],
    json: Json = False,
) -> None:
    """Record that the clock is right although it is far ahead of the last stamp: so long, nothing is recorded."""
    with open_record() as service:
        from application.clock import accept

        event = accept(service, reason, recorder="keeper")
    line = f"The clock is accepted: {event.now}, after the last stamp, {event.last}."
    print_answer(event.model_dump(), line, json=json)
