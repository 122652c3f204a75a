"""The command line: `dispute-timeline` and its commands.

A command imports what it works with when it runs, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Annotated

import typer

from cli import keys
from cli.deadlines import deadline_app, deadlines, remind, reminders
from cli.load import load
from cli.log import export, import_log, prove, rebuild, replay, verify, verify_proof
from cli.revise import correct, dispute, reinstate, retract
from cli.serve import serve
from cli.status import changes, history, status
from cli.timeline import timeline

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
_KEEPING = (rebuild, replay, verify, prove, verify_proof, export, import_log, remind)
for command in (serve, *_READING, *_WRITING, *_KEEPING):
    app.command()(command)
app.add_typer(keys.app)
app.add_typer(deadline_app)


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
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(io.UnsupportedOperation):
            if isinstance(stream, io.TextIOWrapper):
                # Print a ? for characters of the record (§, dashes, names) that the terminal's encoding lacks.
                stream.reconfigure(errors="replace")
    app(prog_name="dispute-timeline")
