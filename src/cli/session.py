"""Opening the service for a command, and saying what went wrong in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.terminal import one_line, progress
from domain.errors import Invalid, Problem

if TYPE_CHECKING:
    from msgspec.json import Decoder

    from application.service import Service
    from application.settings import Settings
    from projections.snapshot import Snapshot

KeyT = TypeVar("KeyT")
REFUSED = 1
USAGE = 2


def failed(message: str, code: int = REFUSED) -> typer.Exit:
    """Prints what is wrong on stderr, in one line, and returns the exit to raise."""
    typer.echo(f"dispute-timeline: {one_line(message)}", err=True)
    return typer.Exit(code)


@contextmanager
def open_record(settings: Settings | None = None, *, as_it_is: bool = False) -> Iterator[Service]:
    """The service on the database that DATABASE_URL names, closed when the command is done.

    Read models that another version of the code built are made anew first, unless they are wanted as they are.
    An error of the record ends the command with a line: exit code 2 where the question was malformed, else 1.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from application.rebuild import is_current, rebuild
    from application.service import Service
    from eventlog.mapper import Unreadable
    from eventlog.trouble import DatabaseTrouble
    from projections.projector import CannotReplay

    with plain_errors(), ExitStack() as stack:
        settings = settings or settings_or_exit()
        database_url, most_leap = settings.database_url, timedelta(days=settings.clock_leap_days)
        try:
            service = stack.enter_context(closing(Service(database_url, most_leap=most_leap)))
            if not (as_it_is or is_current(service)):
                with progress("Making the read models anew") as bar:
                    rebuild(service, bar)
        except DatabaseTrouble as error:
            raise failed(f"the database that DATABASE_URL names cannot be used: {error.cause}") from error
        except (SQLAlchemyError, ValueError, OSError) as error:
            # Of SQLAlchemy's the driver's own words, without the statement and the link that it adds.
            what = getattr(error, "orig", error)
            raise failed(f"the database that DATABASE_URL names cannot be used: {what}") from error
        try:
            yield service
        except DatabaseTrouble as error:
            raise failed(f"the database failed: {error.cause}") from error
        except (CannotReplay, Unreadable) as error:
            raise failed(str(error)) from error


@contextmanager
def open_snapshot(
    as_of: str | None = None, public_by: str | None = None, recorded_by: str | None = None
) -> Iterator[tuple[Service, Snapshot]]:
    """The service as `open_record` opens it, and one look at its record on the clocks asked."""
    with open_record() as service:
        from application.clocks import parse_clocks

        clocks = parse_clocks(service, as_of=as_of, public_by=public_by, recorded_by=recorded_by)
        with service.snapshot(clocks) as snapshot:
            yield service, snapshot


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns the errors that are raised on purpose into one line and an exit code; any other is a bug."""
    from domain.errors import RecordError

    try:
        yield
    except Invalid as error:
        raise failed(error.detail, USAGE) from error
    except RecordError as error:
        raise failed(error.detail) from error


def settings_or_exit() -> Settings:
    """The settings; ends the command with a line where one of them cannot be used."""
    from application.settings import Settings

    try:
        return Settings.from_environment()
    except ValueError as error:
        raise failed(str(error), USAGE) from error


def _state_code(value: str | None) -> str | None:
    if value is not None and not re.fullmatch("[A-Z]{2}", value):
        raise typer.BadParameter(f"{value!r} is not two capital letters, as LA")
    return value


AsOf = Annotated[str | None, typer.Option(metavar="DAY", help="What was true on this day. Left out: today.")]
PublicBy = Annotated[str | None, typer.Option(metavar="DAY", help="What the public could know by this day.")]
RecordedBy = Annotated[
    str | None,
    typer.Option(metavar="INSTANT|POSITION", help="What this service said then, or at this position of its log."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs, as the API answers.")]
State = Annotated[
    str | None, typer.Option(metavar="XX", callback=_state_code, help="Two letters: the places of one state.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(metavar="TEXT", help="Go on after the page that named it.")]


def one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> str | None:
    if value is not None and value not in allowed:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(allowed)}", param_hint=f"--{name}")
    return value


def key_of(cursor: str | None, shape: Decoder[KeyT]) -> KeyT | None:
    """The key that `--cursor` stands for; Invalid for the cursor of another list."""
    from projections.paging import NotACursor, decode_cursor

    try:
        return decode_cursor(cursor, shape)
    except NotACursor as error:
        message = "is no cursor of this list: take the one that the page before gave"
        raise Invalid(problems=[Problem("cursor", cursor, message)]) from error
