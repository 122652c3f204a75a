"""The planner: keeps the planned reminders in line with the log.

It follows the log from the position where it last stopped. For each place that the new events affect, it compares the
reminders that the place's deadlines now call for with those in the table: it plans what is missing, updates what has
changed, and cancels what was overtaken, with an event that says why.

A reminder is planned only if its hour comes after what calls for it was recorded. So each affected place comes with
the instant of the event that affected it, and nothing is planned for an hour before that: loading history plans
nothing, and an answer retracted after a month brings back the reminders to come, not those of the month. The instant
is that of the recording, not of the planning, so a planner that was down misses nothing.

A plan rests on a log position and on a list of legal holidays, by which periods run on. Where the read models were made
anew by another list, every deadline still to come is planned again, from that instant on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, partial
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, select, update

from application.legal_holidays.lists import list_used, remember_list
from application.reminders.deadline_states import (
    END_OF_TIME,
    addressees_of,
    deadline_states,
    due_day_recorded_at,
    find_place,
    needs_answer,
    snapshot_in_append,
    why_not_due,
)
from application.reminders.lifecycle import RECORDER, cancel
from application.reminders.notices import enqueue_notices
from application.reminders.subscription import Subscription, active_subscriptions
from application.reminders.tables import planner_table, reminders_table
from application.service import Service
from domain.answers import Deadline
from domain.jurisdictions import Place
from domain.reminders import instant, planned_for, reminder_id
from eventlog.log import Append, Recorded
from eventlog.sql import BulkInsert, CompiledQuery
from projections.projector import ChangedEntry, UnreadableEvent, changes_of, entry_states, place_fields
from projections.schema import live_tables
from projections.snapshot import Snapshot

# Further behind than this, it is quicker to look at every deadline still to come than at every event.
_MOST_EVENTS = 1_000
# The hour of a reminder is local: in UTC it may fall on a neighbouring day, and so may the instant of an event.
_TIME_ZONE_MARGIN = timedelta(days=2)
_RECORD_STREAMS = ("entry", "jurisdiction")

_due_days = live_tables().due_days
_PLANNED_TO = CompiledQuery(select(planner_table.c.planned_to).where(planner_table.c.id == 1).with_for_update())
_DEMANDS_DUE_SINCE = CompiledQuery(select(_due_days.c.demand).where(_due_days.c.due >= bindparam("day")).distinct())
_PLACES_WITH_PLANS = CompiledQuery(
    select(reminders_table.c.addressee).where(reminders_table.c.state == "planned").distinct()
)
_REMINDERS_OF_PLACE = select(reminders_table).where(reminders_table.c.addressee == bindparam("place"))
_INSERT = BulkInsert(reminders_table)
_COLUMNS = [column.name for column in reminders_table.columns]


def catch_up(service: Service, *, everywhere: bool = False) -> None:
    """Plan for the places that events beyond the planner's position affect.

    `everywhere`: for every deadline still to come, after a subscription was made, changed or ended.
    """
    with service.log.appending(recorder=RECORDER, now=service.now()) as append:
        planned_to = _PLANNED_TO.run(append.connection).fetchone()[0]
        snapshot = snapshot_in_append(service, append, as_of=END_OF_TIME)
        subscriptions = active_subscriptions(append.connection)
        for_reminders = [subscription for subscription in subscriptions if "reminder" in subscription.kinds]
        planned_by = list_used(append.connection, "reminders")
        list_changed = has_other_holidays(service, list_used(append.connection, "read models"), planned_by)
        since = _places_to_plan(service, snapshot, for_reminders, planned_to, everywhere=everywhere or list_changed)
        list_change = None
        if list_changed:
            before = planned_by or "no list known"
            list_change = f"legal holidays are by {service.holidays.version} now, before by {before}"
            remember_list(append.connection, "reminders", service.holidays.version)
        new = [
            row
            for name in sorted(since)
            for row in _plan_place(append, snapshot, for_reminders, name, since[name], list_change)
        ]
        _INSERT.rows(append.connection, [tuple(row.get(column) for column in _COLUMNS) for row in new])
        enqueue_notices(service, append, snapshot, subscriptions, planned_to)
        append.connection.execute(update(planner_table).values(planned_to=append.position))


def has_other_holidays(service: Service, days_due_by: str | None, planned_by: str | None) -> bool:
    """Whether the days due are by another list of holidays than what is planned.

    Only a process that has the list of the days due plans by it: of two that run different libraries at once, the one
    that made the read models.
    """
    return days_due_by == service.holidays.version != planned_by


# Which places to plan for, and from when on


def _places_to_plan(
    service: Service, snapshot: Snapshot, for_reminders: Sequence[Subscription], planned_to: int, *, everywhere: bool
) -> dict[str, str]:
    """The places to plan for, each with the instant from which on: that of the first event that affected it."""
    since: dict[str, str] = {}
    causes = chain(
        _affected_by_log(service, snapshot, planned_to), [(instant(snapshot.now), None)] if everywhere else []
    )
    for recorded_at, named in causes:
        affected = places_with_deadlines(snapshot, for_reminders, recorded_at) if named is None else named
        for place in affected:
            since.setdefault(place, recorded_at)
        if named is None:
            break  # every place that later events affect is in it, if it has a deadline
    return since


def _affected_by_log(service: Service, snapshot: Snapshot, planned_to: int) -> Iterator[tuple[str, set[str] | None]]:
    """When each event beyond a position was recorded, and the places whose deadlines it may have changed.

    They are the places that its subject names or has named, and their relatives; None for every place, which an entry
    can affect that ends reviews, or did in an earlier version.
    """
    if snapshot.head - planned_to > _MOST_EVENTS:
        (first,) = service.log.read(snapshot.connection, after=planned_to, limit=1)
        yield first.recorded_at, None
        return
    stream = partial(service.log.stream, snapshot.connection)
    events = list(service.log.read(snapshot.connection, after=planned_to))
    record_events = service.cache.readable(
        event for event in events if event.stream.partition(":")[0] in _RECORD_STREAMS
    )
    for change in changes_of(record_events, stream):
        if isinstance(change, ChangedEntry):
            versions = _events_until(stream(f"entry:{change.header.id}"), change.position)
            fields = [state.fields for state in entry_states(versions)]
            if any(version.get("ends_reviews") for version in fields):
                yield change.recorded_at, None
                continue
            names = {name for version in fields for name in version["jurisdictions"]}
        elif isinstance(change, UnreadableEvent):
            continue
        else:
            versions = _events_until(stream(f"jurisdiction:{change.fields['id']}"), change.position)
            represented = (place_fields(versions[:count]).get("speaks_for") for count in range(1, len(versions) + 1))
            names = {change.fields["id"], *represented} - {None}
        places = [place for name in names if (place := find_place(snapshot, name)) is not None]
        yield change.recorded_at, {name for place in places for name in place.relatives}


def _events_until(stream: Sequence[Recorded], position: int) -> list[Recorded]:
    return [event for event in stream if event.position <= position]


def places_with_deadlines(snapshot: Snapshot, for_reminders: Sequence[Subscription], since: str) -> set[str]:
    """The places with planned reminders, and those with a deadline that may call for one after the instant `since`."""
    last_offset = max((offset for subscription in for_reminders for offset in subscription.plan), default=0)
    try:
        day = (date.fromisoformat(since[:10]) - timedelta(days=last_offset) - _TIME_ZONE_MARGIN).isoformat()
    except OverflowError:
        day = ""
    demands = [row[0] for row in _DEMANDS_DUE_SINCE.run(snapshot.connection, day=day)]
    places = {place for demand in demands for place in addressees_of(snapshot, demand)}
    return places | {row[0] for row in _PLACES_WITH_PLANS.run(snapshot.connection)}


# What one place needs


def _plan_place(
    append: Append,
    snapshot: Snapshot,
    for_reminders: Sequence[Subscription],
    name: str,
    since: str,
    list_change: str | None,
) -> list[dict[str, Any]]:
    """Bring the reminders of a place in line with its deadlines; returns the rows to insert.

    None is planned for an hour before `since`. `list_change`: how the list of legal holidays changed, if it did.
    """
    place = find_place(snapshot, name)
    if place is None:
        return []
    rows = {row.id: row for row in append.connection.execute(_REMINDERS_OF_PLACE, {"place": name})}
    covering = [subscription for subscription in for_reminders if subscription.covers(place)]
    if not covering and not rows:
        return []
    states = deadline_states(snapshot, name)
    wanted = {reminder["id"]: reminder for reminder in wanted_reminders(covering, place, states.values())}
    for id_, row in rows.items():
        if row.state == "planned" and id_ not in wanted:
            cancel(append, id_, _why_overtaken(snapshot, row, covering, states, list_change))
    created_at = {subscription.id: subscription.created_at for subscription in covering}

    @cache
    def recorded_at(demand: str) -> str:
        return due_day_recorded_at(snapshot, states[demand])

    def in_time(reminder: Mapping[str, Any]) -> bool:
        """Whether the hour comes after all that calls for it was recorded."""
        hour, named = reminder["planned_for"], msgspec.json.decode(reminder["deadlines"])
        after_cause: bool = hour > max(since, created_at[reminder["subscription"]])
        return after_cause and hour > min(recorded_at(about["demand"]) for about in named)

    new: list[dict[str, Any]] = []
    for id_, reminder in wanted.items():
        existing = rows.get(id_)
        if existing is None and in_time(reminder):
            new.append(reminder)
        elif existing is not None and existing.state == "planned":
            if (existing.planned_for, existing.deadlines) != (reminder["planned_for"], reminder["deadlines"]):
                _update(append, reminder)
        elif existing is not None and existing.state == "cancelled" and in_time(reminder):
            _update(append, reminder, state="planned", why=None)
    return new


def wanted_reminders(
    covering: Iterable[Subscription], place: Place, deadlines: Iterable[Deadline]
) -> Iterator[dict[str, Any]]:
    """The reminders that subscriptions ask for, as new rows: each of the deadlines of a place that fall on one day."""
    by_day: dict[str, list[dict[str, str | None]]] = defaultdict(list)
    for deadline in deadlines:
        if needs_answer(deadline):
            due = deadline["due"]
            # The fields of `About` in the domain.
            about = {"demand": deadline["demand"], "addressee": place.id, "due": due, "words": deadline["words"]}
            by_day[due].append(about)
    named = {due: msgspec.json.encode(due_together).decode() for due, due_together in by_day.items()}
    for subscription in covering:
        for due, deadlines_named in named.items():
            for offset in subscription.plan:
                try:
                    hour = instant(planned_for(due, offset, subscription.hour, place.time_zone))
                except OverflowError:
                    continue  # beyond the first or last day of the calendar
                yield {
                    "id": reminder_id(subscription.id, place.id, due, offset),
                    "subscription": subscription.id,
                    "addressee": place.id,
                    "due": due,
                    "offset": offset,
                    "planned_for": hour,
                    "state": "planned",
                    "deadlines": deadlines_named,
                    "version": 0,
                    "late": False,
                }


def _update(append: Append, reminder: Mapping[str, Any], **columns: object) -> None:
    values = {"planned_for": reminder["planned_for"], "deadlines": reminder["deadlines"], **columns}
    append.connection.execute(update(reminders_table).where(reminders_table.c.id == reminder["id"]).values(**values))


def _why_overtaken(
    snapshot: Snapshot,
    row: Row[Any],
    covering: Iterable[Subscription],
    states: Mapping[str, Deadline],
    list_change: str | None,
) -> str:
    if row.subscription not in {subscription.id for subscription in covering}:
        return "the subscription no longer asks for it"
    named: list[Mapping[str, str]] = msgspec.json.decode(row.deadlines)
    why = why_not_due(snapshot, states, row.addressee, named) or "the subscription's plan changed"
    of_periods = [states[about["demand"]] for about in named if about["demand"] in states]
    moved = any(deadline["computed"] is not None and deadline["due"] != row.due for deadline in of_periods)
    return f"{why}: {list_change}" if moved and list_change is not None else why
