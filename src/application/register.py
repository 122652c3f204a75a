"""What new acts are judged against: the part of the record that they name, looked up under the append's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from domain.facts import Fact
from domain.jurisdictions import Place
from domain.kinds import AnyAct
from domain.law import STILL
from domain.refusals import Register, introduces, links, mentions, places_named
from eventlog.any_of import AnyOf, listed
from eventlog.statements import Statement
from projections.directory import Directory
from projections.memory import Memory
from projections.snapshot import WASHINGTON
from projections.tables import live

_versions, _names = live().versions, live().names
_CURRENT = Statement(
    select(_versions.c.entry, _versions.c.position, _versions.c.body).where(
        AnyOf(_versions.c.entry, "entries"), _versions.c.until == STILL
    )
)
_KNOWN = Statement(select(_names.c.kind, _names.c.id).where(AnyOf(_names.c.id, "ids")).distinct())


@dataclass(frozen=True, slots=True)
class Judged:
    """An act and the fact that it amounts to."""

    act: AnyAct
    fact: Fact


def register_for(
    connection: Connection,
    memory: Memory,
    directory: Directory,
    judged: Sequence[Judged],
    *,
    now: datetime,
    position: int,
) -> Register:
    """The register that acts recorded together are judged against, themselves included.

    `directory` has the places on record at `position` and those recorded with the acts.
    """
    register = Register()
    register.today = _today(register.places, now)
    for one in judged:
        register.facts[one.act.id] = one.fact
        register.names.update(introduces(one.act, one.fact))
    entries = {entry for one in judged for _, entry in links(one.act)} - register.facts.keys()
    register.facts |= facts_on_record(connection, memory, entries)
    relied_on = {(kind, id_) for one in judged for _, kind, id_ in mentions(one.act)} - register.names
    if relied_on:
        ids = listed(connection, {id_ for _, id_ in relied_on})
        register.names.update((kind, id_) for kind, id_ in _KNOWN.run(connection, ids=ids))
    places = {place for one in judged for _, place in places_named(one.act)}
    places |= {place for fact in register.facts.values() if fact.respond_by for place in fact.jurisdictions}
    for id_ in places:
        place = directory.place(id_, position)
        if place is not None:
            register.places[id_] = place
    return register


def facts_on_record(connection: Connection, memory: Memory, entries: Iterable[str]) -> dict[str, Fact]:
    """The facts that entries amount to as they now stand; those not on record are left out."""
    wanted = list(entries)
    if not wanted:
        return {}
    rows = _CURRENT.run(connection, entries=listed(connection, wanted)).fetchall()
    return {entry: memory.fact_at(position, body) for entry, position, body in rows}


def _today(places: Mapping[str, Place], now: datetime) -> Callable[[Sequence[str]], str]:
    @cache
    def day_in(zone: str) -> str:
        return now.astimezone(ZoneInfo(zone)).date().isoformat()

    def today(jurisdictions: Sequence[str]) -> str:
        """The latest day that it now is in any of the places named: nothing is refused that may have happened."""
        zones = {places[one].time_zone for one in jurisdictions if one in places} or {WASHINGTON}
        return max(map(day_in, zones))

    return today
