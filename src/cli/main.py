"""The command line: `dispute-timeline` and its commands, each in the file named for it.

A command imports what it works with when it runs, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Annotated

import typer

from cli import deadline, keys
from cli.deadlines import deadlines
from cli.load import load
from cli.rebuild import rebuild
from cli.remind import remind
from cli.reminders import reminders
from cli.serve import serve
from cli.status import status
from cli.timeline import timeline
from cli.verify import verify

# Plain help and plain errors: nothing that is read from the record may be taken for markup.
app = typer.Typer(
    name="dispute-timeline",
    help="What happened in the dispute, and where each place stands, on any day. DATABASE_URL chooses the database.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
for command in (serve, load, timeline, status, deadlines, remind, reminders, rebuild, verify):
    app.command()(command)
app.add_typer(keys.app)
app.add_typer(deadline.app)


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
    """Runs the command line: the console script."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(io.UnsupportedOperation):
            if isinstance(stream, io.TextIOWrapper):
                # The record has §, dashes and names that a terminal's encoding may lack: better a ? than no answer.
                stream.reconfigure(errors="replace")
    app(prog_name="dispute-timeline")
