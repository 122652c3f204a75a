"""The three clocks of a question, and the one look at the record that answers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Request
from pydantic import Field

from api.errors import Malformed
from api.questions import Question
from application.asking import asked
from application.service import Service
from domain.errors import Invalid
from projections.snapshot import Snapshot

Clock = Annotated[str | None, Field(max_length=64)]


class Clocks(Question):
    """What every read can be asked on."""

    as_of: Clock = Field(
        None,
        description="What was true on this day. Left out, the earliest of today, `public_by` and the day of "
        "`recorded_by`; today is the day in the jurisdiction's time zone.",
        examples=["2017-10-12"],
    )
    public_by: Clock = Field(None, description="What the public could know on this day.", examples=["2017-10-12"])
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
    service = service_of(request)
    try:
        its = asked(service, as_of=clocks.as_of, public_by=clocks.public_by, recorded_by=clocks.recorded_by)
    except Invalid as error:
        raise Malformed(error.detail, problems=error.problems) from error
    with service.snapshot(its) as snapshot:
        yield snapshot
