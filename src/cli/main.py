"""The command line: `dispute-timeline` and its commands, of which `keys` is here.

A command imports what it works with when it runs, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Annotated

import typer

from cli.deadlines import deadline_app, deadlines, remind, reminders
from cli.load import load
from cli.log import (
    accept_clock,
    export,
    guard,
    import_log,
    prove,
    rebuild,
    replace_key,
    replay,
    verify,
    verify_proof,
)
from cli.reading import changes, history, status, timeline
from cli.revise import correct, dispute, reinstate, retract
from cli.serve import serve
from cli.session import Json, open_record
from cli.subscriptions import subscriptions_app
from cli.terminal import print_answer, print_json, print_line, print_table

keys_app = typer.Typer(name="keys", help="Add, list and revoke the keys that may write.", no_args_is_help=True)
_LONGEST_NAME = 200


def _valid_key_name(name: str) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name has 1 to {_LONGEST_NAME} printable characters")
    return name


_KeyName = Annotated[
    str, typer.Argument(metavar="NAME", callback=_valid_key_name, help="Whose key: the recorder of its entries.")
]


@keys_app.command()
def add(name: _KeyName, *, json: Json = False) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    with open_record() as service:
        from application.keys import add_key

        key = add_key(service, name)
    if json:
        print_json({"name": name, "key": key})
    else:
        print_line(key)
        typer.echo("Keep it now: it is shown this once. Send it as: Authorization: Bearer KEY", err=True)


@keys_app.command(name="list")
def list_(*, json: Json = False) -> None:
    """List every key there ever was, without its secret."""
    with open_record() as service:
        from application.keys import list_keys

        keys = list_keys(service)
    if json:
        print_json({"keys": keys})
    else:
        print_table(["Name", "Added", "Revoked"], (list(key.values()) for key in keys))


@keys_app.command()
def revoke(name: _KeyName, *, json: Json = False) -> None:
    """End a key. What it recorded stays."""
    with open_record() as service:
        from application.keys import revoke_key

        ended = revoke_key(service, name)
    answer: dict[str, object] = {"name": name, "revoked": True}
    if not ended:
        print_answer(answer, f"The key of {name} is revoked.", json=json)
        return
    number = "1 subscription" if len(ended) == 1 else f"{len(ended)} subscriptions"
    with_it = f"The key of {name} is revoked, and {number} ended with it."
    print_answer(answer | {"ended": ended}, with_it, json=json)


# No rich markup in help and errors: text of the record must not be taken for markup.
app = typer.Typer(
    name="dispute-timeline",
    help="What happened in the dispute, and where each place stands, on any day. DATABASE_URL chooses the database.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
_READING = (timeline, status, deadlines, history, changes, reminders)
_WRITING = (load, correct, dispute, retract, reinstate)
_KEEPING = (
    *(rebuild, replay, verify, guard, prove, verify_proof, replace_key, export, import_log, accept_clock, remind),
)
for command in (serve, *_READING, *_WRITING, *_KEEPING):
    app.command()(command)
app.add_typer(keys_app)
app.add_typer(deadline_app)
app.add_typer(subscriptions_app)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dispute-timeline {version('dispute-timeline')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version_asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(io.UnsupportedOperation):
            if isinstance(stream, io.TextIOWrapper):
                # Print a ? for characters of the record (§, dashes, names) that the terminal's encoding lacks.
                stream.reconfigure(errors="replace")
    app(prog_name="dispute-timeline")
