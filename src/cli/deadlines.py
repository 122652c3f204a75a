"""`deadlines`, `deadline compute`, `reminders` and `remind`: what is due when, and who is told of it."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.session import (
    USAGE,
    AsOf,
    Cursor,
    Json,
    Limit,
    PublicBy,
    RecordedBy,
    failed,
    key_of,
    one_of,
    open_record,
    open_snapshot,
    plain_errors,
    settings_or_exit,
)
from cli.terminal import print_json, print_line, print_page, shortened

OwnAndAgencies = Annotated[
    str | None, typer.Argument(metavar="JURISDICTION", help="A place's id: its own and its agencies'.")
]
DEADLINE_STATES = ("open", "answered", "lapsed", "moot", "withdrawn")


def deadlines(
    jurisdiction: OwnAndAgencies = None,
    *,
    state: Annotated[str | None, typer.Option(help="open, answered, lapsed, moot or withdrawn.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Due on that day or later.")] = None,
    to: Annotated[str | None, typer.Option(metavar="DAY", help="Due on that day or earlier.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    public_by: PublicBy = None,
    recorded_by: RecordedBy = None,
    json: Json = False,
) -> None:
    """Show deadlines in order of the day due: one place's, or everyone's."""
    one_of("state", state, DEADLINE_STATES)
    with open_snapshot(as_of, public_by, recorded_by) as (_, snapshot):
        from application.clocks import parse_days
        from projections.deadlines import DEADLINE_KEY, DeadlineFilter, find_deadlines
        from projections.places import slug_of

        parse_days({"from": from_, "to": to})
        place = None if jurisdiction is None else slug_of(snapshot, jurisdiction)
        filters = DeadlineFilter(state, from_, to)
        page = find_deadlines(snapshot, place, filters, key_of(cursor, DEADLINE_KEY)).page(limit)
    columns, nothing = ["Due", "State", "Addressee", "Demand"], "No deadline is on record for that."
    print_page("deadlines", page, columns, _deadline_row, nothing, json=json)


def _deadline_row(deadline: Mapping[str, Any]) -> tuple[str, str, str, str]:
    due, state, demand = deadline["due"], deadline["state"], deadline["demand"]
    if deadline["original_due"] not in (None, due):
        due += f"\nwas {deadline['original_due']}"
    if deadline["late"]:
        state += ", late"
    if deadline["for"] == "compliance":
        state += "\n(to comply)"
    if deadline["words"]:
        demand += f"\n“{shortened(deadline['words'], 120)}”"
    if deadline["answer"]:
        demand += f"\nanswer: {deadline['answer']}"
    return due, state, deadline["addressee"], demand


deadline_app = typer.Typer(name="deadline", help="Compute a deadline from a day and a period.", no_args_is_help=True)


@deadline_app.command()
def compute(
    *,
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="The day of the event, which is left out.")],
    days: Annotated[int, typer.Option(min=-3660, max=3660, help="How many days; below zero they are counted back.")],
    state: Annotated[
        str | None, typer.Option(metavar="XX", help="Two letters: a state whose own holidays count, too.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the steps.")] = False,
    json: Json = False,
) -> None:
    """Compute the last day of a period: Fed. R. Civ. P. 6(a), with the federal holidays and, if asked, a state's."""
    with plain_errors():
        from application.clocks import parse_day
        from application.legal_holidays.calendar import federal_holidays, state_holidays
        from domain.deadlines import period_steps
        from domain.periods import due_after

        of_state = None if state is None else state_holidays(state)
        if state is not None and of_state is None:
            raise failed(f"state: {state!r} is not the code of a state, district or territory, as LA", USAGE)
        try:
            period = due_after(parse_day("from", from_), days, federal_holidays, of_state)
        except OverflowError as error:
            raise failed(f"from: the period leaves the calendar: {days} days from {from_}", USAGE) from error
    if json:
        answer = {**period_steps(period), "due": period.due}
        print_json(answer if state is None else answer | {"state": state})
        return
    if explain:
        holidays = period_steps(period)["holidays"]
        print_line(f"Legal holidays: {holidays['federal']}")
        if holidays["state"] is not None:
            print_line(f"Of the state: {holidays['state']}")
        print_line(f"Not counted: {holidays['not_counted']}.")
        for number, step in enumerate(period.steps, 1):
            print_line(f"{number}. {step}")
    else:
        print_line(period.due)


REMINDER_STATES = ("planned", "due", "delivered", "failed", "acknowledged", "cancelled")


def reminders(
    jurisdiction: OwnAndAgencies = None,
    *,
    state: Annotated[
        str | None, typer.Option(help=f"{', '.join(REMINDER_STATES[:-1])} or {REMINDER_STATES[-1]}.")
    ] = None,
    subscription: Annotated[str | None, typer.Option(metavar="ID", help="Those that it asked for.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Show reminders in order of the instant planned for, whoever asked for them."""
    one_of("state", state, REMINDER_STATES)
    with open_snapshot() as (_, snapshot):
        from application.reminders.queries import REMINDER_KEY, ReminderFilter, find_reminders

        filters = ReminderFilter(None, jurisdiction, state, subscription)
        page = find_reminders(snapshot, filters, limit, key_of(cursor, REMINDER_KEY))
    columns, nothing = ["Planned for", "State", "Due", "About"], "No reminder is known for that."
    print_page("reminders", page, columns, _reminder_row, nothing, json=json, positioned=False)


def _reminder_row(reminder: dict[str, Any]) -> tuple[str, str, str, str]:
    state, deadlines = reminder["state"], reminder["deadlines"]
    if reminder["late"]:
        state += ", late"
    if reminder["why"]:
        state += f"\n{shortened(reminder['why'], 80)}"
    if reminder["deliveries"]:
        last = reminder["deliveries"][-1]
        state += f"\n{len(reminder['deliveries'])} x, last {last['outcome']}: {last['detail']}"
    about = "\n".join([deadlines[0]["addressee"], *(deadline["demand"] for deadline in deadlines)])
    return f"{reminder['planned_for'][:16]}Z", state, f"{deadlines[0]['due']}\n{reminder['offset']:+d} days", about


def remind(
    *, once: Annotated[bool, typer.Option("--once", help="Do what is due now, send it, and end.")] = False
) -> None:
    """Record and send the reminders that come due, until stopped. Any number may run at once, and beside `serve`."""
    settings = settings_or_exit()
    log_reminders()
    stop_when_terminated()
    with open_record(settings) as service:
        from threading import Event

        from application.reminders.scheduler import Scheduler, run_scheduler

        if once:
            scheduler = Scheduler(service, settings)
            fired = scheduler.once()
            scheduler.sender.close()
            print_line(f"{fired} reminder{'' if fired == 1 else 's'} came due.")
            return
        with run_scheduler(service, settings):
            typer.echo(f"Reminders are looked for every {settings.tick_s:g} s. Stop with Ctrl-C.")
            try:
                Event().wait()
            except KeyboardInterrupt:
                typer.echo("Stopped.")


def log_reminders() -> None:
    """Writes the log channel's lines, and warnings, to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("reminders").setLevel(logging.INFO)


def stop_when_terminated() -> None:
    """Ends the command as Ctrl-C does, so that deliveries in progress are still recorded."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
