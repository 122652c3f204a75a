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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from application.reminding.announcing import announce
from application.reminding.standing import Deadline, Outlook, deadlines_of, outlook_of, why_not
from application.reminding.subscriptions import Subscription, active
from application.reminding.tables import planner, reminders
from application.reminding.touching import Touched, touched
from application.service import Service
from domain.jurisdictions import Place
from domain.reminders import ReminderCancelled, instant, planned_for, reminder_id
from eventlog.engine import reading
from eventlog.log import Append
from eventlog.statements import Insert, Statement
from projections.mapping import MAPPER
from projections.tables import live

# Further behind than this, it is quicker to look at every deadline still to come than at every event.
_FEW_EVENTS = 1_000
_A_DAY_OF_ANY_ZONE = timedelta(days=2)

_due_days = live().due_days
_PLANNED_TO = Statement(select(planner.c.planned_to).where(planner.c.id == 1).with_for_update())
_TO_COME = Statement(select(_due_days.c.demand).where(_due_days.c.due >= bindparam("day")).distinct())
_WITH_PLANS = Statement(select(reminders.c.addressee).where(reminders.c.state == "planned").distinct())
_OF_PLACE = select(reminders).where(reminders.c.addressee == bindparam("place"))
_INSERT = Insert(reminders)
_COLUMNS = [column.name for column in reminders.columns]


@dataclass(frozen=True, slots=True)
class Earned:
    """A reminder that deadlines of one place, all due on one day, earn of one subscription."""

    id: str
    subscription: Subscription
    offset: int
    planned_for: str
    deadlines: tuple[Deadline, ...]

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
        if connection.execute(select(planner.c.planned_to)).scalar() == head:
            return
    _plan(service, everywhere=False)


def plan_everything(service: Service) -> None:
    """Plans for every deadline still to come: after a subscription was made, changed or ended."""
    _plan(service, everywhere=True)


def _plan(service: Service, *, everywhere: bool) -> None:
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        planned_to = _PLANNED_TO.run(append.connection).fetchone()[0]
        outlook = outlook_of(service, append.connection, append.head)
        since: dict[str, str] = {}
        for one in _news(service, append, outlook, planned_to):
            for place in _everywhere(outlook, one.at) if one.places is None else one.places:
                since.setdefault(place, one.at)
            if one.places is None:
                break  # whoever is touched later, and has a deadline, is among them
        else:
            if everywhere:
                now = instant(outlook.now)
                since |= {place: now for place in _everywhere(outlook, now) if place not in since}
        plan(append, outlook, since)
        announce(service, append, outlook, planned_to)
        append.connection.execute(update(planner).values(planned_to=append.position))


def _news(service: Service, append: Append, outlook: Outlook, planned_to: int) -> Iterator[Touched]:
    """Whom the events since a position touch, in log order; where they are many, everyone."""
    if append.head - planned_to > _FEW_EVENTS:
        (first,) = service.log.read(append.connection, after=planned_to, limit=1)
        yield Touched(first.recorded_at, None)
    else:
        events = list(service.log.read(append.connection, after=planned_to))
        yield from touched(service.log, append.connection, outlook.place, events)


def _everywhere(outlook: Outlook, since: str) -> set[str]:
    """The places with reminders planned, and those with a deadline that may still have earned one at an instant."""
    plans = (offset for one in active(outlook.connection, "reminder") for offset in one.plan)
    latest = timedelta(days=max(plans, default=0)) + _A_DAY_OF_ANY_ZONE
    try:
        day = (date.fromisoformat(since[:10]) - latest).isoformat()
    except OverflowError:
        day = ""
    demands = [row[0] for row in _TO_COME.run(outlook.connection, day=day)]
    places = {place for demand in demands for place in outlook.addressees(demand)}
    return places | {row[0] for row in _WITH_PLANS.run(outlook.connection)}


def plan(append: Append, outlook: Outlook, since: Mapping[str, str]) -> None:
    """Brings the reminders of places in line with what their deadlines now earn, from an instant each on."""
    wanting = active(append.connection, "reminder")
    new: list[dict[str, Any]] = []
    for name in sorted(since):
        place = outlook.place(name)
        if place is None:
            continue
        rows = {row.id: row for row in append.connection.execute(_OF_PLACE, {"place": name})}
        asked = [one for one in wanting if one.covers(place)]
        if not asked and not rows:
            continue
        deadlines = deadlines_of(outlook, name)
        earned = {one.id: one for one in _earned(asked, place, deadlines)}
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


def _earned(asked: Iterable[Subscription], place: Place, deadlines: Iterable[Deadline]) -> Iterator[Earned]:
    by_day: dict[str, list[Deadline]] = defaultdict(list)
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
                yield Earned(reminder_id(subscription.id, place.id, due, offset), subscription, offset, at, tuple(its))


def _in_time(outlook: Outlook, earned: Earned, since: str, set_at: dict[str, str]) -> bool:
    """Whether its hour comes after all that earns it was recorded. `set_at`: when each demand's day was, once known."""
    if earned.planned_for <= max(since, earned.subscription.created_at):
        return False
    for one in earned.deadlines:
        if one.demand not in set_at:
            set_at[one.demand] = outlook.set_at(one)
    return earned.planned_for > min(set_at[one.demand] for one in earned.deadlines)


def _amend(append: Append, earned: Earned, row: Any) -> None:  # noqa: ANN401 - a row of `reminders`
    """Brings a reminder that is planned up to what is now known."""
    if row.planned_for != earned.planned_for or row.deadlines != earned.named:
        query = update(reminders).where(reminders.c.id == earned.id)
        append.connection.execute(query.values(planned_for=earned.planned_for, deadlines=earned.named))


def _bring_back(append: Append, earned: Earned) -> None:
    query = update(reminders).where(reminders.c.id == earned.id)
    values = {"state": "planned", "why": None, "planned_for": earned.planned_for, "deadlines": earned.named}
    append.connection.execute(query.values(**values))


def _why_overtaken(outlook: Outlook, row: Any, asked: set[str], deadlines: Iterable[Deadline]) -> str:  # noqa: ANN401 - a row of `reminders`
    if row.subscription not in asked:
        return "the subscription no longer asks for it"
    now = {deadline.demand: deadline for deadline in deadlines}
    named: list[Mapping[str, str]] = msgspec.json.decode(row.deadlines)
    return why_not_any(outlook, now, row.addressee, named) or "the subscription's plan changed"


def why_not_any(
    outlook: Outlook, deadlines: Mapping[str, Deadline], addressee: str, named: Iterable[Mapping[str, str]]
) -> str:
    """Why the deadlines that a reminder names earn it no more: each reason once; empty where there is none."""
    reasons = (why_not(outlook, deadlines.get(one["demand"]), addressee, one) for one in named)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason is not None))


def cancel(append: Append, id_: str, version: int, reason: str) -> None:
    """Cancels a reminder that was not sent, with an event that says why."""
    event = ReminderCancelled(reminder=id_, reason=reason)
    append.append([MAPPER.new(f"reminder:{id_}", version + 1, event)])
    query = update(reminders).where(reminders.c.id == id_)
    append.connection.execute(query.values(state="cancelled", why=reason, version=version + 1, escalate_at=None))
