"""Changes: the days about which the account differs between two log positions, and the events that made it differ."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Any, Self

import msgspec
from sqlalchemy import bindparam, select

from domain.answers import AccountChange, Cause, EntryChange
from domain.causes import CausalEvidence, causes
from domain.history import AccountDifference, account_differences, value_history
from domain.jurisdictions import Place
from domain.national import Clocks
from eventlog.log import EventLog, Recorded
from eventlog.sql import CompiledQuery
from projections.entries import event_details, event_name, field_differences, state_at
from projections.paging import KeyText
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
CHANGE_KEY = msgspec.json.Decoder(tuple[KeyText, Annotated[int, msgspec.Meta(ge=-1, le=1_000_000_000)]])
"""Its shape in a cursor."""


@dataclass(frozen=True, slots=True)
class LogRange:
    """Two positions of the log, and the events recorded after the first, up to the second."""

    earlier: int
    later: int
    events: dict[int, Recorded]
    new_streams: frozenset[str]
    """The streams that begin there: what was first recorded in between."""

    @classmethod
    def read(cls, snapshot: Snapshot, log: EventLog, earlier: int, later: int) -> Self:
        events_between = snapshot.cache.readable(log.read(snapshot.connection, after=earlier, until=later))
        events = {event.position: event for event in events_between}
        return cls(earlier, later, events, frozenset(event.stream for event in events.values() if event.version == 1))

    def cause(self, position: int) -> Cause:
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
    """Changes of one place, or on one track."""

    jurisdiction: str | None = None
    track: str | None = None


def changes_page(
    snapshot: Snapshot, log: EventLog, between: LogRange, filters: ChangeFilter, limit: int, after: ChangeKey | None
) -> tuple[dict[str, Any], ChangeKey | None]:
    """What changed in the account: at most `limit` changes of status beyond the key `after`, and the key to go on from.

    The first page also has the entries that say something else.
    """
    rows = list(islice(account_changes(snapshot, log, between, filters, after), limit + 1))
    changes = [change for _, change in rows[:limit]]
    entries = entries_changed(snapshot, log, between, filters.jurisdiction) if after is None else []
    causes = [cause["position"] for change in (*entries, *changes) for cause in change["because"]]
    answer = {"entries": entries, "changes": changes, "position": max(causes, default=between.earlier)}
    return answer, rows[limit - 1][0] if len(rows) > limit else None


def entries_changed(
    snapshot: Snapshot, log: EventLog, between: LogRange, jurisdiction: str | None
) -> list[EntryChange]:
    """The entries on record before that say something else after, field by field, in order of their revision."""
    directory = snapshot.cache.directory
    places = [directory.place(jurisdiction or "", position) for position in (between.earlier, between.later)]
    touching = {id_ for place in places if place is not None for id_ in place.touched_by}
    revised: dict[str, list[int]] = defaultdict(list)
    for event in between.events.values():
        if event.stream.startswith("entry:") and event.version > 1:
            revised[event.stream].append(event.position)
    changed: list[EntryChange] = []
    for name, positions in revised.items():
        stream = snapshot.cache.readable(log.stream(snapshot.connection, name))
        before, after = state_at(stream, between.earlier), state_at(stream, between.later)
        if before is None or after is None:
            continue
        named = {*before.fields["jurisdictions"], *after.fields["jurisdictions"]}
        fields = {difference.pop("field"): difference for difference in field_differences(before, after)}
        if fields and (jurisdiction is None or named & touching):
            because = [between.cause(position) for position in positions]
            changed.append({"entry": after.fields["id"], "fields": fields, "because": because})
    return changed


def account_changes(
    snapshot: Snapshot, log: EventLog, between: LogRange, filters: ChangeFilter, after: ChangeKey | None = None
) -> Iterator[tuple[ChangeKey, AccountChange]]:
    """Every difference between the two accounts, by place, track, key and day, from beyond the key `after`."""
    affected = _affected(snapshot, log, between)
    rows = _PLACES.run(snapshot.connection, first=after[0] if after else "", head=between.later).fetchall()
    for (id_,) in rows:
        if filters.jurisdiction in (None, id_) and (affected is None or id_ in affected):
            for number, change in enumerate(_changes_of_place(snapshot, between, id_, filters.track)):
                if after is None or (id_, number) > after:
                    yield (id_, number), change


def _affected(snapshot: Snapshot, log: EventLog, between: LogRange) -> set[str] | None:
    """The places that the events in between name, and their relatives; None where it may be any place.

    That is so as soon as one of them is a national act, which reaches places that it does not name.
    """
    directory, cache = snapshot.cache.directory, snapshot.cache
    named: set[str] = set()
    for event in between.events.values():
        kind, _, id_ = event.stream.partition(":")
        if kind != "entry":
            named |= directory.ever_related(id_)
        elif id_ in cache.law.entries:
            return None
        else:
            versions = [event] if event.topic in ACT_TOPICS else log.stream(snapshot.connection, event.stream)
            for version in cache.readable(versions):
                if version.position <= event.position:
                    named.update(cache.fact(snapshot.connection, version.position).jurisdictions)
    return named.union(*(directory.ever_related(id_) for id_ in named))


def _changes_of_place(snapshot: Snapshot, between: LogRange, id_: str, track: str | None) -> Iterator[AccountChange]:
    law = snapshot.cache.law
    through_the_log = history_through_log(snapshot, between, id_)
    (_, was), (_, place) = through_the_log[0], through_the_log[-1]
    if place is None:
        return
    relatives = {id_ for _, place_then in through_the_log if place_then is not None for id_ in place_then.relatives}
    family = replace(place, agencies=tuple(sorted(relatives - {id_})), speaks_for=None)
    own = list(own_acts(snapshot.at(between.later), family))
    evidence = CausalEvidence.of(through_the_log, own, law)
    if not evidence.changed(between.earlier, between.later):
        return
    now = Clocks(snapshot.clocks(place.time_zone).as_of, None, between.later)
    earlier = {} if was is None else value_history(was, own, law, replace(now, position=between.earlier))
    for difference in account_differences(earlier, value_history(place, own, law, now)):
        if track in (None, difference.track):
            yield _change(between, id_, difference, causes(evidence, between.earlier, between.later, difference))


def history_through_log(snapshot: Snapshot, between: LogRange, id_: str) -> list[tuple[int, Place | None]]:
    """The place with its agencies, as it was before, and from each position in between at which that changed."""
    directory = snapshot.cache.directory
    steps = [(0, directory.place(id_, between.earlier))]
    for position, event in between.events.items():
        if event.stream.startswith("jurisdiction:") and (place := directory.place(id_, position)) != steps[-1][1]:
            steps.append((position, place))
    return steps


def _change(between: LogRange, id_: str, difference: AccountDifference, positions: list[int]) -> AccountChange:
    return {
        "jurisdiction": id_,
        "track": difference.track,
        "key": difference.key,
        "days": {"from": difference.first, "to": difference.last},
        "before": difference.before,
        "after": difference.after,
        "first_recorded": all(between.events[position].stream in between.new_streams for position in positions),
        "because": [between.cause(position) for position in positions],
    }
