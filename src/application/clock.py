"""The only place that reads the clock; all other code is given the time. And what is done about one that is wrong.

A clock that leaps ahead, if only once, makes every stamp after it wrong until the true time has come up with it, since
stamps only grow. So one that is further ahead of the last stamp than `MOST_LEAP`, or than the keeper has set, may stamp
nothing until the keeper says that it is right. One that steps back stamps on, a microsecond after the last; that is
said for as long as it lasts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from domain.errors import Refused
from domain.keeping import ClockAccepted

if TYPE_CHECKING:
    from application.service import Service

MOST_LEAP = timedelta(days=180)
"""A record on which nothing happens for half a year is rarer than a clock that is wrong by so much."""
MOST_STEP_BACK = timedelta(seconds=1)
"""Two machines that keep time together differ by less."""
_STREAM = "service:clock"


def now() -> datetime:
    return datetime.now(UTC)


def step_back(now: datetime, last: str) -> str | None:
    """What is to be said of a clock that is behind the last stamp; None where it is not."""
    if not last:
        return None
    behind = datetime.fromisoformat(last) - now
    if behind <= MOST_STEP_BACK:
        return None
    return (
        f"the clock is {behind.total_seconds():,.0f} s behind the last stamp ({last}): what is recorded is stamped so"
    )


def accept(service: Service, reason: str, *, recorder: str) -> ClockAccepted:
    """Records that the clock is right although it has leapt; Refused where it has not."""
    from projections.projector import MAPPER  # noqa: PLC0415 - the clock is read before anything is projected

    with service.log.appending(recorder=recorder, now=service.now(), any_clock=True) as append:
        last = append.stamped_before
        if service.log.clock_fault(service.now(), last) is None:
            raise Refused(f"the clock needs no accepting: the last stamp is {last or 'none yet'}")
        event = ClockAccepted(last=last, now=append.recorded_at, reason=reason)
        version = len(service.log.stream(append.connection, _STREAM)) + 1
        append.append([MAPPER.new(_STREAM, version, event)])
    return event
