"""Loading what commands are decided on: the part of the record that they name, looked up under the append's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import bindparam, select

from application.near_names import NearNames
from application.service import Service
from domain.acts import AnyAct
from domain.decisions import (
    ChangeCommand,
    CorrectEntry,
    State,
    UpdateJurisdiction,
    act_of,
    corrected_act,
    updated_jurisdiction,
)
from domain.errors import Refused
from domain.facts import Fact
from domain.jurisdictions import Jurisdiction, Place
from domain.national import STILL
from domain.validation import ValidationContext, links, mentions, places_named
from eventlog.log import Append, Recorded
from eventlog.sql import CompiledQuery, InList, list_param
from projections.cache import Directory
from projections.projector import entry_state, place_fields
from projections.rows import decode_body
from projections.schema import live_tables
from projections.snapshot import WASHINGTON

_versions, _names, _links = live_tables().versions, live_tables().names, live_tables().links
_CURRENT = CompiledQuery(
    select(_versions.c.entry, _versions.c.position, _versions.c.body).where(
        InList(_versions.c.entry, "entries"), _versions.c.until == STILL
    )
)
_KNOWN = CompiledQuery(select(_names.c.kind, _names.c.id).where(InList(_names.c.id, "ids")).distinct())
_places = live_tables().places
_IDENTIFIED = {
    column.key: CompiledQuery(select(_places.c.id, column).where(InList(column, "values"), _places.c.until == STILL))
    for column in (_places.c.geoid, _places.c.ocd)
}
"""The places that have identifiers from elsewhere, by the identifiers' column."""
_LINKING = CompiledQuery(select(_links.c.entry).where(_links.c.target == bindparam("target")).distinct())


def load_context(
    service: Service,
    append: Append,
    directory: Directory,
    acts: Sequence[tuple[AnyAct, Fact]],
    places: Iterable[str] = (),
    new_places: Sequence[Jurisdiction] = (),
) -> ValidationContext:
    """What acts recorded together are validated against, themselves included; one query of each kind for all of them.

    `directory` has the places on record and those recorded with the acts. `places` are looked up beside those that
    the acts name; `new_places` are those recorded with them, or updated.
    """
    context = ValidationContext(near=NearNames(append.connection, directory))
    context.today = _today(context.places, service.now())
    for act, fact in acts:
        context.include(act, fact)
    linked = {entry for act, _ in acts for _, entry in links(act)} - context.facts.keys()
    if linked:
        rows = _CURRENT.run(append.connection, entries=list_param(append.connection, linked)).fetchall()
        context.facts |= {entry: service.cache.fact_at(position, body) for entry, position, body in rows}
    mentioned = {(kind, id_) for act, _ in acts for _, kind, id_ in mentions(act)} - context.names
    if mentioned:
        ids = list_param(append.connection, {id_ for _, id_ in mentioned})
        context.names.update((kind, id_) for kind, id_ in _KNOWN.run(append.connection, ids=ids))
    ids_of_places = {*places, *(place for act, _ in acts for _, place in places_named(act))}
    ids_of_places |= {place for fact in context.facts.values() if fact.respond_by for place in fact.jurisdictions}
    for id_ in ids_of_places:
        place = directory.place(id_, append.position + 1)
        if place is not None:
            context.places[id_] = place
    context.identified = _identified(append, new_places)
    return context


def _identified(append: Append, places: Sequence[Jurisdiction]) -> dict[tuple[str, str], str]:
    """Which other place has one of the identifiers of these: on record, or the first of them that gives it."""
    holders: dict[tuple[str, str], str] = {}
    for field, query in _IDENTIFIED.items():
        values = {value for place in places for name, value in place.identifiers() if name == field}
        if values:
            rows = query.run(append.connection, values=list_param(append.connection, values))
            own = {place.id for place in places}
            holders.update(((field, value), id_) for id_, value in rows if id_ not in own)
    for place in places:
        for identifier in place.identifiers():
            holders.setdefault(identifier, place.id)
    return holders


def _today(places: Mapping[str, Place], now: datetime) -> Callable[[Sequence[str]], str]:
    @cache
    def day_in(zone: str) -> str:
        return now.astimezone(ZoneInfo(zone)).date().isoformat()

    def today(jurisdictions: Sequence[str]) -> str:
        """The latest day of any of the zones, so that nothing is refused that may have happened."""
        zones = {places[id_].time_zone for id_ in jurisdictions if id_ in places} or {WASHINGTON}
        return max(map(day_in, zones))

    return today


def load_state(
    service: Service, append: Append, directory: Directory, command: ChangeCommand, history: Sequence[Recorded]
) -> State:
    """What a change of an entry or a place is decided on, from the `history` of its stream."""
    if not history:
        return State()
    for event in history[len(service.cache.readable(history)) :]:
        raise Refused(
            f"log position {event.position}, an event of {event.stream!r}, cannot be read, so nothing more is recorded "
            "of it: `dispute-timeline verify` says why"
        )
    if isinstance(command, UpdateJurisdiction):
        place = place_fields(history)
        speaks_for = command.event.fields.get("speaks_for", place.get("speaks_for"))
        named = [speaks_for] if isinstance(speaks_for, str) else []
        updated: list[Jurisdiction] = []
        with suppress(ValidationError):  # as above: `decide` says why it is no place
            updated = [updated_jurisdiction(place, command.event)]
        return State(load_context(service, append, directory, [], named, updated), place=place)
    entry = entry_state(history)
    acts: list[AnyAct] = []
    if isinstance(command, CorrectEntry):
        # Where the corrected fields are no act there is nothing to look up: `decide` will refuse them, and says why.
        with suppress(Refused):
            act, connection, corrected = corrected_act(entry, command.event), append.connection, command.event.entry
            linking = [id_ for (id_,) in _LINKING.run(connection, target=corrected).fetchall() if id_ != corrected]
            streams = (service.cache.readable(service.log.stream(connection, f"entry:{id_}")) for id_ in linking)
            acts = [act, *(act_of(entry_state(stream).fields, on_record=True) for stream in streams)]
    if not acts:
        return State(entry=entry)
    with_facts = [(act, service.cache.fact_of(act.fields())) for act in acts]
    context = load_context(service, append, directory, with_facts)
    context.follows |= _followed_from(append, acts[0])
    return State(context, entry=entry, uncorrected=service.cache.fact_of(entry.fields), dependents=acts[1:])


def _followed_from(append: Append, act: AnyAct) -> dict[str, tuple[str, ...]]:
    """What the entries that a corrected act follows follow, and so on: a correction may close a ring."""
    follows: dict[str, tuple[str, ...]] = {}
    wanted = {*act.follows} - {act.id}
    while wanted:
        rows = _CURRENT.run(append.connection, entries=list_param(append.connection, wanted)).fetchall()
        follows |= {entry: tuple(decode_body(body).get("follows", ())) for entry, _, body in rows}
        wanted = {id_ for entry, _, _ in rows for id_ in follows[entry]} - follows.keys() - {act.id}
    return follows
