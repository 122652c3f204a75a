"""Planning: which reminders the deadlines on record earn, kept up with the log.

The planner follows the log from where it last was, in transactions of its own, and plans anew for the places that
what it finds there touches. What was planned and is overtaken is cancelled, with an event that says why.

A reminder is planned only if its hour comes after what earns it was recorded. So each place comes with the moment at
which something touched it, and nothing is planned for an hour before that: loading history plans nothing, and an
answer that is retracted after a month brings back what is to come, not what would have come meanwhile. Since that
moment is when it was recorded, and not when the planner got to it, a planner that was down misses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from application.reminders.notices import queue_notices
from application.reminders.outlook import DeadlineContext, DeadlineState, deadline_context, deadline_states, why_not
from application.reminders.subscription import Subscription, active_subscriptions
from application.reminders.tables import planner_table, reminders_table
from application.service import Service
from domain.jurisdictions import Place
from domain.reminders import ReminderCancelled, instant, planned_for, reminder_id
from eventlog.engine import reading
from eventlog.log import Append, EventLog, Recorded
from eventlog.sql import BulkInsert, CompiledQuery
from projections.projector import MAPPER, EntryChange, changes_of, entry_states, place_fields
from projections.schema import live_tables

_OF_THE_RECORD = ("entry", "jurisdiction")


@dataclass(frozen=True, slots=True)
class AffectedPlaces:
    """The places that an event touches, and when it was recorded; None for everyone."""

    at: str
    places: frozenset[str] | None


def affected_places(
    log: EventLog, connection: Connection, place: Callable[[str], Place | None], events: Iterable[Recorded]
) -> Iterator[AffectedPlaces]:
    """Whom each event touches: whoever it names, or named before it was corrected, and their relatives."""

    def stream(name: str) -> list[Recorded]:
        return log.stream(connection, name)

    of_the_record = (event for event in events if event.stream.partition(":")[0] in _OF_THE_RECORD)
    for change in changes_of(of_the_record, stream):
        if isinstance(change, EntryChange):
            versions = [
                dict(state.fields) for state in entry_states(_events_until(stream(f"entry:{change.header.id}"), change))
            ]
            if any(version.get("ends_reviews") for version in versions):
                yield AffectedPlaces(change.recorded_at, None)
                continue
            names = {name for version in versions for name in version["jurisdictions"]}
        else:
            history = _events_until(stream(f"jurisdiction:{change.fields['id']}"), change)
            spoken_for = (place_fields(history[:count]).get("speaks_for") for count in range(1, len(history) + 1))
            names = {change.fields["id"], *spoken_for} - {None}
        found = (place(name) for name in names)
        yield AffectedPlaces(
            change.recorded_at, frozenset(one for its in found if its is not None for one in its.relatives)
        )


def _events_until(history: Sequence[Recorded], change: Any) -> list[Recorded]:  # noqa: ANN401 - a change of either kind
    return [event for event in history if event.position <= change.position]


# Further behind than this, it is quicker to look at every deadline still to come than at every event.
_FEW_EVENTS = 1_000
_A_DAY_OF_ANY_ZONE = timedelta(days=2)

_due_days = live_tables().due_days
_PLANNED_TO = CompiledQuery(select(planner_table.c.planned_to).where(planner_table.c.id == 1).with_for_update())
_TO_COME = CompiledQuery(select(_due_days.c.demand).where(_due_days.c.due >= bindparam("day")).distinct())
_WITH_PLANS = CompiledQuery(select(reminders_table.c.addressee).where(reminders_table.c.state == "planned").distinct())
_OF_PLACE = select(reminders_table).where(reminders_table.c.addressee == bindparam("place"))
_INSERT = BulkInsert(reminders_table)
_COLUMNS = [column.name for column in reminders_table.columns]


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """A reminder that deadlines of one place, all due on one day, earn of one subscription."""

    id: str
    subscription: Subscription
    offset: int
    planned_for: str
    deadlines: tuple[DeadlineState, ...]

    @property
    def named(self) -> str:
        """The deadlines as the table keeps them."""
        return msgspec.json.encode([deadline.about() for deadline in self.deadlines]).decode()

    def row(self, addressee: str) -> dict[str, Any]:
        """What the table keeps of one that is newly planned."""
        return {
            "id": self.id,
            "subscription": self.subscription.id,
            "addressee": addressee,
            "due": self.deadlines[0].due,
            "offset": self.offset,
            "planned_for": self.planned_for,
            "state": "planned",
            "deadlines": self.named,
            "version": 0,
            "late": False,
        }


def catch_up(service: Service) -> None:
    """Plans for everything recorded since the last time; does nothing, and locks nothing, where nothing was."""
    with reading(service.engine) as connection:
        head = service.log.head(connection).position
        if connection.execute(select(planner_table.c.planned_to)).scalar() == head:
            return
    _plan(service, everywhere=False)


def plan_everything(service: Service) -> None:
    """Plans for every deadline still to come: after a subscription was made, changed or ended."""
    _plan(service, everywhere=True)


def _plan(service: Service, *, everywhere: bool) -> None:
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        planned_to = _PLANNED_TO.run(append.connection).fetchone()[0]
        outlook = deadline_context(service, append.connection, append.head)
        since: dict[str, str] = {}
        for one in _affected_by_log(service, append, outlook, planned_to):
            for place in _everywhere(outlook, one.at) if one.places is None else one.places:
                since.setdefault(place, one.at)
            if one.places is None:
                break  # whoever is touched later, and has a deadline, is among them
        else:
            if everywhere:
                now = instant(outlook.now)
                since |= {place: now for place in _everywhere(outlook, now) if place not in since}
        plan(append, outlook, since)
        queue_notices(service, append, outlook, planned_to)
        append.connection.execute(update(planner_table).values(planned_to=append.position))


def _affected_by_log(
    service: Service, append: Append, outlook: DeadlineContext, planned_to: int
) -> Iterator[AffectedPlaces]:
    """Whom the events since a position touch, in log order; where they are many, everyone."""
    if append.head - planned_to > _FEW_EVENTS:
        (first,) = service.log.read(append.connection, after=planned_to, limit=1)
        yield AffectedPlaces(first.recorded_at, None)
    else:
        events = list(service.log.read(append.connection, after=planned_to))
        yield from affected_places(service.log, append.connection, outlook.place, events)


def _everywhere(outlook: DeadlineContext, since: str) -> set[str]:
    """The places with reminders planned, and those with a deadline that may still have earned one at an instant."""
    plans = (offset for one in active_subscriptions(outlook.connection, "reminder") for offset in one.plan)
    latest = timedelta(days=max(plans, default=0)) + _A_DAY_OF_ANY_ZONE
    try:
        day = (date.fromisoformat(since[:10]) - latest).isoformat()
    except OverflowError:
        day = ""
    demands = [row[0] for row in _TO_COME.run(outlook.connection, day=day)]
    places = {place for demand in demands for place in outlook.addressees(demand)}
    return places | {row[0] for row in _WITH_PLANS.run(outlook.connection)}


def plan(append: Append, outlook: DeadlineContext, since: Mapping[str, str]) -> None:
    """Brings the reminders of places in line with what their deadlines now earn, from an instant each on."""
    wanting = active_subscriptions(append.connection, "reminder")
    new: list[dict[str, Any]] = []
    for name in sorted(since):
        place = outlook.place(name)
        if place is None:
            continue
        rows = {row.id: row for row in append.connection.execute(_OF_PLACE, {"place": name})}
        asked = [one for one in wanting if one.covers(place)]
        if not asked and not rows:
            continue
        deadlines = deadline_states(outlook, name)
        earned = {one.id: one for one in _planned_reminders(asked, place, deadlines)}
        set_at: dict[str, str] = {}
        for id_, row in rows.items():
            if row.state == "planned" and id_ not in earned:
                reason = _why_overtaken(outlook, row, {one.id for one in asked}, deadlines)
                cancel(append, id_, row.version, reason)
        for one in earned.values():
            there = rows.get(one.id)
            if there is not None and there.state == "planned":
                _amend(append, one, there)
            elif (there is None or there.state == "cancelled") and _in_time(outlook, one, since[name], set_at):
                if there is None:
                    new.append(one.row(name))
                else:
                    _bring_back(append, one)
    _INSERT.rows(append.connection, [tuple(one.get(column) for column in _COLUMNS) for one in new])


def _planned_reminders(
    asked: Iterable[Subscription], place: Place, deadlines: Iterable[DeadlineState]
) -> Iterator[PlannedReminder]:
    by_day: dict[str, list[DeadlineState]] = defaultdict(list)
    for deadline in deadlines:
        if deadline.stands:
            by_day[deadline.due].append(deadline)
    for subscription in asked:
        for due, its in by_day.items():
            for offset in subscription.plan:
                try:
                    at = instant(planned_for(due, offset, subscription.hour, place.time_zone))
                except OverflowError:
                    continue  # beyond either end of the calendar there is nobody to remind
                yield PlannedReminder(
                    reminder_id(subscription.id, place.id, due, offset), subscription, offset, at, tuple(its)
                )


def _in_time(outlook: DeadlineContext, earned: PlannedReminder, since: str, set_at: dict[str, str]) -> bool:
    """Whether its hour comes after all that earns it was recorded. `set_at`: when each demand's day was, once known."""
    if earned.planned_for <= max(since, earned.subscription.created_at):
        return False
    for one in earned.deadlines:
        if one.demand not in set_at:
            set_at[one.demand] = outlook.set_at(one)
    return earned.planned_for > min(set_at[one.demand] for one in earned.deadlines)


def _amend(append: Append, earned: PlannedReminder, row: Any) -> None:  # noqa: ANN401 - a row of `reminders`
    """Brings a reminder that is planned up to what is now known."""
    if row.planned_for != earned.planned_for or row.deadlines != earned.named:
        query = update(reminders_table).where(reminders_table.c.id == earned.id)
        append.connection.execute(query.values(planned_for=earned.planned_for, deadlines=earned.named))


def _bring_back(append: Append, earned: PlannedReminder) -> None:
    query = update(reminders_table).where(reminders_table.c.id == earned.id)
    values = {"state": "planned", "why": None, "planned_for": earned.planned_for, "deadlines": earned.named}
    append.connection.execute(query.values(**values))


def _why_overtaken(outlook: DeadlineContext, row: Any, asked: set[str], deadlines: Iterable[DeadlineState]) -> str:  # noqa: ANN401 - a row of `reminders`
    if row.subscription not in asked:
        return "the subscription no longer asks for it"
    now = {deadline.demand: deadline for deadline in deadlines}
    named: list[Mapping[str, str]] = msgspec.json.decode(row.deadlines)
    return why_not_planned(outlook, now, row.addressee, named) or "the subscription's plan changed"


def why_not_planned(
    outlook: DeadlineContext, deadlines: Mapping[str, DeadlineState], addressee: str, named: Iterable[Mapping[str, str]]
) -> str:
    """Why the deadlines that a reminder names earn it no more: each reason once; empty where there is none."""
    reasons = (why_not(outlook, deadlines.get(one["demand"]), addressee, one) for one in named)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None))


def cancel(append: Append, id_: str, version: int, reason: str) -> None:
    """Cancels a reminder that was not sent, with an event that says why."""
    event = ReminderCancelled(reminder=id_, reason=reason)
    append.append([MAPPER.new(f"reminder:{id_}", version + 1, event)])
    query = update(reminders_table).where(reminders_table.c.id == id_)
    append.connection.execute(query.values(state="cancelled", why=reason, version=version + 1, escalate_at=None))
