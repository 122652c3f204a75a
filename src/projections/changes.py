"""What changed in our account between two log positions: the days about which we now say something else, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, select

from domain.answers import AccountChange, Cause, EntryChange
from domain.causes import CausalEvidence, causes
from domain.history import AccountDifference, account_differences, value_history
from domain.jurisdictions import Place
from domain.national import Clocks
from eventlog.log import EventLog, Recorded
from eventlog.sql import CompiledQuery
from projections.entries import at_position, event_details, event_name
from projections.entries import field_differences as fields_differing
from projections.projector import ACT_TOPICS
from projections.schema import live_tables
from projections.snapshot import Snapshot
from projections.status import own_acts

_places = live_tables().places
_PLACES = CompiledQuery(
    select(_places.c.id)
    .where(
        _places.c.id >= bindparam("first"), _places.c.position <= bindparam("head"), _places.c.until > bindparam("head")
    )
    .order_by(_places.c.id)
)
ChangeKey = tuple[str, int]
"""A place, and the number of its difference: where a page ended."""


@dataclass(frozen=True, slots=True)
class LogRange:
    """Two positions of the log, and the events recorded after the first, up to the second."""

    earlier: int
    later: int
    events: dict[int, Recorded]
    begun: frozenset[str]
    """The streams that begin there: what was first recorded in between."""

    @classmethod
    def positions(cls, snapshot: Snapshot, log: EventLog, earlier: int, later: int) -> LogRange:
        """Reads what was recorded in between."""
        events = {event.position: event for event in log.read(snapshot.connection, after=earlier, until=later)}
        return cls(earlier, later, events, frozenset(event.stream for event in events.values() if event.version == 1))

    def because(self, position: int) -> Cause:
        """One cause as it is shown."""
        event = self.events[position]
        kind, _, id_ = event.stream.partition(":")
        return {
            "position": position,
            "event": event_name(event),
            "entry": id_ if kind == "entry" else None,
            "reason": event_details(event)["reason"],
        }


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Of which place and on which track."""

    jurisdiction: str | None = None
    track: str | None = None


def changes_page(
    snapshot: Snapshot, log: EventLog, between: LogRange, wanted: ChangeFilter, limit: int, after: ChangeKey | None
) -> tuple[dict[str, Any], ChangeKey | None]:
    """What changed in the account, at most `limit` changes of status from beyond `after`, and the key to go on from.

    The first page has the entries that say something else, too.
    """
    found = list(islice(account_changes(snapshot, log, between, wanted, after), limit + 1))
    shown = [change for _, change in found[:limit]]
    entries = entries_changed(snapshot, log, between, wanted.jurisdiction) if after is None else []
    causes = [cause["position"] for change in (*entries, *shown) for cause in change["because"]]
    answer = {"entries": entries, "changes": shown, "position": max(causes, default=between.earlier)}
    return answer, found[limit - 1][0] if len(found) > limit else None


def entries_changed(
    snapshot: Snapshot, log: EventLog, between: LogRange, jurisdiction: str | None
) -> list[EntryChange]:
    """The entries on record before that say something else after, field by field, in order of their revision."""
    places = [snapshot.memory.directory.place(jurisdiction or "", one) for one in (between.earlier, between.later)]
    mine = {one for place in places if place is not None for one in place.touched_by}
    revised: dict[str, list[int]] = defaultdict(list)
    for event in between.events.values():
        if event.stream.startswith("entry:") and event.version > 1:
            revised[event.stream].append(event.position)
    found: list[EntryChange] = []
    for name, positions in revised.items():
        stream = log.stream(snapshot.connection, name)
        before, after = at_position(stream, between.earlier), at_position(stream, between.later)
        if before is None or after is None:
            continue
        named = {*before.fields["jurisdictions"], *after.fields["jurisdictions"]}
        differing = fields_differing(before, after)
        if differing and (jurisdiction is None or named & mine):
            found.append(
                {
                    "entry": after.fields["id"],
                    "fields": {one["field"]: {"before": one["before"], "after": one["after"]} for one in differing},
                    "because": [between.because(position) for position in positions],
                }
            )
    return found


def account_changes(
    snapshot: Snapshot, log: EventLog, between: LogRange, wanted: ChangeFilter, after: ChangeKey | None = None
) -> Iterator[tuple[ChangeKey, AccountChange]]:
    """Every difference between the two accounts, by place, track, key and day, from beyond the key `after`."""
    affected = _affected(snapshot, log, between)
    rows = _PLACES.run(snapshot.connection, first=after[0] if after else "", head=between.later).fetchall()
    for (id_,) in rows:
        if wanted.jurisdiction in (None, id_) and (affected is None or id_ in affected):
            for number, change in enumerate(_changes_of_place(snapshot, between, id_, wanted.track)):
                if after is None or (id_, number) > after:
                    yield (id_, number), change


def _affected(snapshot: Snapshot, log: EventLog, between: LogRange) -> set[str] | None:
    """The places that what was recorded in between names, and their relatives; None where it may be anyone.

    An act of the law reaches places that it does not name.
    """
    directory, memory = snapshot.memory.directory, snapshot.memory
    named: set[str] = set()
    for event in between.events.values():
        kind, _, id_ = event.stream.partition(":")
        if kind != "entry":
            named |= directory.ever_related(id_)
        elif id_ in memory.law.entries:
            return None
        else:
            versions = [event] if event.topic in ACT_TOPICS else log.stream(snapshot.connection, event.stream)
            for version in versions:
                if version.position <= event.position:
                    named.update(memory.fact(snapshot.connection, version.position).jurisdictions)
    return named.union(*(directory.ever_related(id_) for id_ in named))


def _changes_of_place(snapshot: Snapshot, between: LogRange, id_: str, track: str | None) -> Iterator[AccountChange]:
    law = snapshot.memory.law
    through_the_log = history_through_log(snapshot, between, id_)
    (_, was), (_, place) = through_the_log[0], through_the_log[-1]
    if place is None:
        return
    relatives = {one for _, its in through_the_log if its is not None for one in its.relatives}
    everyone = replace(place, agencies=tuple(sorted(relatives - {id_})), speaks_for=None)
    own = list(own_acts(replace_position(snapshot, between.later), everyone))
    evidence = CausalEvidence.of(through_the_log, own, law)
    if not evidence.changed(between.earlier, between.later):
        return
    now = Clocks(snapshot.clocks(place.time_zone).as_of, None, between.later)
    earlier = {} if was is None else value_history(was, own, law, replace(now, position=between.earlier))
    for stretch in account_differences(earlier, value_history(place, own, law, now)):
        if track in (None, stretch.track):
            yield _shown(between, id_, stretch, causes(evidence, between.earlier, between.later, stretch))


def history_through_log(snapshot: Snapshot, between: LogRange, id_: str) -> list[tuple[int, Place | None]]:
    """The place, with whom it has for agencies, as it was before and from each position in between on."""
    directory = snapshot.memory.directory
    steps = [(0, directory.place(id_, between.earlier))]
    for position, event in between.events.items():
        if event.stream.startswith("jurisdiction:") and (place := directory.place(id_, position)) != steps[-1][1]:
            steps.append((position, place))
    return steps


def _shown(between: LogRange, id_: str, stretch: AccountDifference, positions: list[int]) -> AccountChange:
    return {
        "jurisdiction": id_,
        "track": stretch.track,
        "key": stretch.key,
        "days": {"from": stretch.first, "to": stretch.last},
        "before": stretch.before,
        "after": stretch.after,
        "first_recorded": all(between.events[position].stream in between.begun for position in positions),
        "because": [between.because(position) for position in positions],
    }


def replace_position(snapshot: Snapshot, position: int) -> Snapshot:
    """The same snapshot, asked of another log position."""
    return replace(snapshot, asked=replace(snapshot.asked, position=position))
