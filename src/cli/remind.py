"""`remind`: what has come due is recorded and sent, without serving anything."""

from __future__ import annotations

import logging
import signal
import sys
from typing import Annotated

import typer

from cli.opening import opened, settled
from cli.tables import print_line


def remind(
    *, once: Annotated[bool, typer.Option("--once", help="Do what is due now, send it, and end.")] = False
) -> None:
    """Record and send the reminders that come due, until stopped. Any number may run at once, and beside `serve`."""
    settings = settled()
    log_reminders()
    stop_when_terminated()
    with opened(settings) as service:
        from threading import Event

        from application.reminding.ticker import Ticker, ticking

        if once:
            ticker = Ticker(service, settings)
            fired = ticker.once()
            ticker.sender.close()
            print_line(f"{fired} reminder{'' if fired == 1 else 's'} came due.")
            return
        with ticking(service, settings):
            typer.echo(f"Reminders are looked for every {settings.tick_s:g} s. Stop with Ctrl-C.")
            try:
                Event().wait()
            except KeyboardInterrupt:
                typer.echo("Stopped.")


def log_reminders() -> None:
    """Has what the log channel is told, and what goes wrong, written to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("reminders").setLevel(logging.INFO)


def stop_when_terminated() -> None:
    """Ends the command as Ctrl-C does, so that what is being sent is still noted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
