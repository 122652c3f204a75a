"""The three clocks of a question, and the one look at the record that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Request
from pydantic import Field

from api.errors import Malformed
from api.http.closest import memento_asked
from api.http.exchange import exchange_of
from api.moments import recorded_at
from api.questions import Question
from application.asking import asked
from application.service import Service
from domain.errors import Invalid
from projections.snapshot import Asked, Snapshot

DayAsked = Annotated[str | None, Field(max_length=64, json_schema_extra={"format": "date"})]
Clock = Annotated[
    str | None,
    Field(
        max_length=64,
        json_schema_extra={"pattern": r"^([0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))$"},
    ),
]


class Clocks(Question):
    """What every read can be asked on."""

    as_of: DayAsked = Field(
        None,
        description="What was true on this day. Left out, the earliest of today, `public_by` and the day of "
        "`recorded_by`; today is the day in the jurisdiction's time zone.",
        examples=["2017-10-12"],
    )
    public_by: DayAsked = Field(None, description="What the public could know on this day.", examples=["2017-10-12"])
    recorded_by: Clock = Field(
        None,
        description="What this service said then: an RFC 3339 instant or a log position, itself included.",
        examples=["2026-11-24T17:00:00Z", "1373"],
    )


def service_of(request: Request) -> Service:
    """The service that the app was made with."""
    service: Service = request.app.state.service
    return service


@contextmanager
def snapshot_for(request: Request, clocks: Clocks) -> Iterator[Snapshot]:
    """The record as the question's clocks have it."""
    its = asked_by(request, clocks)
    with service_of(request).snapshot(its) as snapshot:
        note(request, clocks, its, snapshot)
        yield snapshot


def asked_by(request: Request, clocks: Clocks) -> Asked:
    """The clocks that a request asks on: those of its question, and `Accept-Datetime` for the recorded one."""
    service = service_of(request)
    recorded_by = clocks.recorded_by
    if recorded_by is None:
        recorded_by = memento_asked(exchange_of(request), service)
    try:
        return asked(service, as_of=clocks.as_of, public_by=clocks.public_by, recorded_by=recorded_by)
    except Invalid as error:
        raise Malformed(error.detail, problems=error.problems) from error


def note(request: Request, clocks: Clocks, its: Asked, snapshot: Snapshot) -> None:
    """Says which memento the answer is, and whether it can ever be another one."""
    exchange = exchange_of(request)
    exchange.clocked = True
    if its.position is None:
        return
    stamp = recorded_at(snapshot, snapshot.position)
    if stamp is not None:
        exchange.memento = snapshot.position, stamp
    # Where `as_of` is left out it is the day of the position, once that day has come here: it may be a clock's that
    # runs ahead. An instant pins nothing: what is being recorded now may get the same stamp.
    by_position = clocks.recorded_by is not None and clocks.recorded_by.isdigit()
    its_day_has_come = its.recorded_day is not None and its.recorded_day <= snapshot.now
    exchange.pinned = by_position and (its.as_of is not None or its_day_has_come)
