"""Planning: which reminders the deadlines on record earn, kept up with the log.

The planner follows the log from where it last was, in transactions of its own, and plans anew for the places that
what it finds there touches. What was planned and is overtaken is cancelled, with an event that says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from application.reminding.standing import Deadline, Outlook, deadlines_of, outlook_of, why_not
from application.reminding.subscriptions import Subscription, active
from application.reminding.tables import planner, reminders
from application.service import Service
from domain.reminders import ReminderCancelled, instant, planned_for, reminder_id
from eventlog.log import Append, Recorded
from eventlog.statements import Statement
from projections.change import EntryChange, changes, states
from projections.mapping import MAPPER
from projections.tables import live

# The day after a deadline still earns a reminder, and the last place's day ends half a day after UTC's.
_LOOKS_BACK = timedelta(days=3)
# Further behind than this, it is quicker to look at every deadline still to come than at every event.
_FEW_EVENTS = 1_000

_due_days = live().due_days
_PLANNED_TO = Statement(select(planner.c.planned_to).where(planner.c.id == 1).with_for_update())
_TO_COME = Statement(select(_due_days.c.demand).where(_due_days.c.due >= bindparam("day")).distinct())
_WITH_PLANS = Statement(select(reminders.c.addressee).where(reminders.c.state == "planned").distinct())
_OF_PLACE = select(reminders).where(reminders.c.addressee == bindparam("place"))


@dataclass(frozen=True, slots=True)
class Earned:
    """A reminder that deadlines of one place, all due on one day, earn of one subscription."""

    id: str
    subscription: Subscription
    offset: int
    planned_for: str
    deadlines: tuple[Deadline, ...]


def catch_up(service: Service) -> None:
    """Plans for everything recorded since the last time; does nothing, and locks nothing, where nothing was."""
    with service.reading() as connection:
        head = service.log.head(connection).position
        if connection.execute(select(planner.c.planned_to)).scalar() == head:
            return
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        planned_to = _PLANNED_TO.run(append.connection).fetchone()[0]
        outlook = outlook_of(service, append.connection, append.head)
        if append.head - planned_to > _FEW_EVENTS:
            places = _everywhere(outlook)
        else:
            events = list(service.log.read(append.connection, after=planned_to))
            places = set(_touched(service, outlook, events))
        plan(append, outlook, places)
        append.connection.execute(update(planner).values(planned_to=append.position))


def plan_everything(service: Service) -> None:
    """Plans for every deadline still to come: after a subscription was made, changed or ended."""
    with service.log.appending(recorder="reminders", now=service.now()) as append:
        _PLANNED_TO.run(append.connection)
        outlook = outlook_of(service, append.connection, append.head)
        plan(append, outlook, _everywhere(outlook))
        append.connection.execute(update(planner).values(planned_to=append.position))


def _everywhere(outlook: Outlook) -> set[str]:
    """The places with a deadline still to come, and those with reminders planned."""
    day = (outlook.now - _LOOKS_BACK).date().isoformat()
    demands = [row[0] for row in _TO_COME.run(outlook.connection, day=day)]
    places = {place for demand in demands for place in outlook.addressees(demand)}
    return places | {row[0] for row in _WITH_PLANS.run(outlook.connection)}


def _touched(service: Service, outlook: Outlook, events: Sequence[Recorded]) -> Iterator[str]:
    """The places whose deadlines an event may have moved: those it names or named, and their relatives."""

    def stream(name: str) -> list[Recorded]:
        return service.log.stream(outlook.connection, name)

    of_the_record = [event for event in events if event.stream.partition(":")[0] in ("entry", "jurisdiction")]
    for change in changes(of_the_record, stream):
        if not isinstance(change, EntryChange):
            yield change.fields["id"]
            continue
        if change.header.ends_reviews:
            yield from (row[0] for row in _WITH_PLANS.run(outlook.connection))
        named = set(change.header.jurisdictions)
        if change.before is not None:
            earlier = (event for event in stream(f"entry:{change.header.id}") if event.position < change.position)
            named.update(place for state in states(earlier) for place in state.fields["jurisdictions"])
        for name in named:
            place = outlook.place(name)
            yield from place.relatives if place is not None else ()


def plan(append: Append, outlook: Outlook, places: Iterable[str]) -> None:
    """Brings the reminders planned for places in line with what their deadlines now earn."""
    wanting = active(append.connection, "reminder")
    for name in sorted(places):
        place = outlook.place(name)
        if place is None:
            continue
        rows = {row.id: row for row in append.connection.execute(_OF_PLACE, {"place": name})}
        asked = [one for one in wanting if one.covers(place)]
        if not asked and not rows:
            continue
        deadlines = deadlines_of(outlook, name)
        earned = {one.id: one for one in _earned(asked, place.time_zone, deadlines)}
        for id_, row in rows.items():
            if row.state == "planned" and id_ not in earned:
                reason = _why_overtaken(row, {one.id for one in asked}, deadlines)
                cancel(append, id_, row.version, reason)
        for one in earned.values():
            _keep(append, outlook, name, one, rows.get(one.id))


def _earned(asked: Iterable[Subscription], time_zone: str, deadlines: Iterable[Deadline]) -> Iterator[Earned]:
    by_day: dict[str, list[Deadline]] = defaultdict(list)
    for deadline in deadlines:
        if deadline.stands:
            by_day[deadline.due].append(deadline)
    for subscription in asked:
        for due, its in by_day.items():
            for offset in subscription.plan:
                at = instant(planned_for(due, offset, subscription.hour, time_zone))
                id_ = reminder_id(subscription.id, its[0].addressee, due, offset)
                yield Earned(id_, subscription, offset, at, tuple(its))


def _keep(append: Append, outlook: Outlook, place: str, earned: Earned, row: Any | None) -> None:  # noqa: ANN401 - a row of `reminders`, or none yet
    """Plans a reminder anew, or brings one that is planned up to what is now known."""
    named = msgspec.json.encode([deadline.about() for deadline in earned.deadlines]).decode()
    values: dict[str, Any] = {"planned_for": earned.planned_for, "deadlines": named}
    if row is not None:
        changed = row.planned_for != earned.planned_for or row.deadlines != named
        back = row.state == "cancelled" and earned.planned_for > instant(outlook.now)
        if (row.state == "planned" and changed) or back:
            query = update(reminders).where(reminders.c.id == earned.id)
            append.connection.execute(query.values(state="planned", why=None, **values))
        return
    # Its hour must not have passed when the deadline, or the subscription, came to be.
    since = max(earned.subscription.created_at, min(outlook.recorded_at(one) for one in earned.deadlines))
    if earned.planned_for > since:
        append.connection.execute(
            insert(reminders).values(
                id=earned.id,
                subscription=earned.subscription.id,
                addressee=place,
                due=earned.deadlines[0].due,
                offset=earned.offset,
                state="planned",
                version=0,
                late=False,
                **values,
            )
        )


def _why_overtaken(row: Any, asked: set[str], deadlines: Sequence[Deadline]) -> str:  # noqa: ANN401 - a row of `reminders`
    if row.subscription not in asked:
        return "the subscription no longer asks for it"
    now = {deadline.demand: deadline for deadline in deadlines}
    named: list[Mapping[str, str]] = msgspec.json.decode(row.deadlines)
    reasons = [why_not(now.get(one["demand"]), one["due"]) for one in named]
    return "; ".join(dict.fromkeys(reasons)) or "the subscription's plan changed"


def cancel(append: Append, id_: str, version: int, reason: str) -> None:
    """Cancels a reminder that was not sent, with an event that says why."""
    event = ReminderCancelled(reminder=id_, reason=reason)
    append.append([MAPPER.new(f"reminder:{id_}", version + 1, event)])
    query = update(reminders).where(reminders.c.id == id_)
    append.connection.execute(query.values(state="cancelled", why=reason, version=version + 1, escalate_at=None))
