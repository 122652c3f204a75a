"""What new acts are judged against: the part of the record that they name, looked up under the append's lock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy import Connection, select

from application.idempotency import mark
from application.service import Service
from domain.acts import AnyAct
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.validation import Problem, ValidationContext, links, mentions, names_defined_by, places_named
from eventlog.log import Append, Recorded
from eventlog.sql import CompiledQuery, InList, list_param
from projections.cache import Directory, ReadCache
from projections.entries import current_bodies
from projections.projector import changes_of
from projections.rows import rows_of
from projections.schema import live_tables
from projections.snapshot import WASHINGTON

_names = live_tables().names
_KNOWN = CompiledQuery(select(_names.c.kind, _names.c.id).where(InList(_names.c.id, "ids")).distinct())


@dataclass(frozen=True, slots=True)
class ValidatedAct:
    """An act and the fact that it amounts to."""

    act: AnyAct
    fact: Fact


def validation_context(
    connection: Connection,
    cache: ReadCache,
    directory: Directory,
    judged: Sequence[ValidatedAct],
    *,
    now: datetime,
    position: int,
) -> ValidationContext:
    """The register that acts recorded together are judged against, themselves included.

    `directory` has the places on record at `position` and those recorded with the acts.
    """
    register = ValidationContext()
    register.today = _today(register.places, now)
    for one in judged:
        register.facts[one.act.id] = one.fact
        register.names.update(names_defined_by(one.act, one.fact))
    entries = {entry for one in judged for _, entry in links(one.act)} - register.facts.keys()
    register.facts |= facts_on_record(connection, cache, entries)
    relied_on = {(kind, id_) for one in judged for _, kind, id_ in mentions(one.act)} - register.names
    if relied_on:
        ids = list_param(connection, {id_ for _, id_ in relied_on})
        register.names.update((kind, id_) for kind, id_ in _KNOWN.run(connection, ids=ids))
    places = {place for one in judged for _, place in places_named(one.act)}
    places |= {place for fact in register.facts.values() if fact.respond_by for place in fact.jurisdictions}
    for id_ in places:
        place = directory.place(id_, position)
        if place is not None:
            register.places[id_] = place
    return register


def facts_on_record(connection: Connection, cache: ReadCache, entries: Collection[str]) -> dict[str, Fact]:
    """The facts that entries amount to as they now stand; those not on record are left out."""
    if not entries:
        return {}
    return {entry: cache.fact_at(position, body) for entry, position, body in current_bodies(connection, entries)}


def _today(places: Mapping[str, Place], now: datetime) -> Callable[[Sequence[str]], str]:
    @cache
    def day_in(zone: str) -> str:
        return now.astimezone(ZoneInfo(zone)).date().isoformat()

    def today(jurisdictions: Sequence[str]) -> str:
        """The latest day that it now is in any of the places named: nothing is refused that may have happened."""
        zones = {places[one].time_zone for one in jurisdictions if one in places} or {WASHINGTON}
        return max(map(day_in, zones))

    return today


_NO_FIELDS = ("[key]", "constrained-int", "literal['dc']")


def write_read_models(service: Service, append: Append, recorded: Sequence[Recorded]) -> None:
    """Brings the read models up to what was appended, in the same transaction."""

    def stream(name: str) -> list[Recorded]:
        return service.log.stream(append.connection, name)

    live_tables().write(append.connection, rows_of(changes_of(recorded, stream), service.cache.due))
    if recorded:
        mark(append.connection, recorded[-1].position)


def problems_of(error: ValidationError, kind: object, where: str = "") -> list[Problem]:
    """What pydantic found, with paths as the record's files write them: `respond_by.date`, `quotes.0.text`."""
    return [_problem_of(fault, kind, where) for fault in error.errors(include_url=False, include_context=False)]


def _problem_of(fault: ErrorDetails, kind: object, where: str) -> Problem:
    if fault["type"] in ("union_tag_not_found", "union_tag_invalid"):
        message = "Field required" if kind is None else fault["msg"]
        return Problem("kind", kind, message, where)
    # Neither the union's tag (the kind), nor a key as such, nor the members of a field's own union are in a path.
    loc = fault["loc"][1:] if fault["loc"][:1] == (kind,) else fault["loc"]
    path = ".".join(str(part) for part in loc if part not in _NO_FIELDS) or "(the whole)"
    # Of what is missing pydantic shows all that surrounds it.
    value = None if fault["type"] == "missing" else fault["input"]
    return Problem(path, value, fault["msg"].removeprefix("Value error, "), where)


def problem_summary(problems: Sequence[Problem]) -> str:
    """The first of several problems in a line, and how many more there are."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.where}: " if first.where else ""
    return f"{where}{first.field}: {first.message}{more}"
