"""The log as CloudEvents: from a position on, or as it grows, in a stream that is resumed where it was cut."""

from __future__ import annotations

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.clocks import service_of
from api.documents import documented
from api.errors import Malformed, TooManyStreams
from api.event_shapes import Events, stream_documented
from api.event_stream import EventStream
from api.questions import Question, read
from application.envelopes import told
from application.heads import head_of
from application.live import Live
from domain.refusals import Problem
from eventlog.engine import reading

router = APIRouter(prefix="/api/v1", tags=["events"])
LAST_EVENT_ID = "Last-Event-ID"
# More digits than any log has positions, fewer than a database can hold.
_BEYOND_ANY = 10**18
_LONGEST = len(str(_BEYOND_ANY))


class After(Question):
    """From where on."""

    after: int = Field(0, ge=0, lt=_BEYOND_ANY, description="A log position; what comes after it. 0: all of the log.")


class Part(After):
    """Which part of the log."""

    limit: int = Field(50, ge=1, le=1000, description="How many at most.")


@router.get("/events", **documented(Part, Events, 400))
def events(request: Request) -> Response:
    """The log's events in order, each once; `next`, where there are more, is the `after` to go on with."""
    part = read(Part, request)
    service = service_of(request)
    with reading(service.engine) as connection:
        head = service.log.head(connection).position
        _check("after", part.after, head)
        page = list(service.log.read(connection, after=part.after, until=head, limit=part.limit))
    last = page[-1].position if page else head
    source: str = request.app.state.settings.source
    body = {
        "events": [msgspec.Raw(told(event, source).body) for event in page],
        "next": last if last < head else None,
    }
    headers = {"Log-Position": str(head), "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(body), headers=headers, media_type="application/json")


@router.get("/events/stream", response_class=Response, **stream_documented(After))
async def stream(request: Request) -> Response:
    """Every event of the log beyond a position, and each new one as it is recorded: server-sent events.

    An event's `id` is its log position. Whoever is cut off goes on after the last one that came whole, by
    `Last-Event-ID`, which browsers send by themselves; it is taken before `after`. With neither, the whole log comes
    first: for what is new alone, begin after the `Log-Position` of the answer that is shown already.
    """
    question = read(After, request)
    named, after = "after", question.after
    if (written := request.headers.get(LAST_EVENT_ID)) is not None:
        named, after = LAST_EVENT_ID, _position(written)
    service, live = service_of(request), live_of(request)
    _check(named, after, await to_thread.run_sync(head_of, service))
    if live.full:
        raise TooManyStreams
    return EventStream(live, after, request.app.state.settings.source)


def live_of(request: Request) -> Live:
    """Who follows the log in this process."""
    live: Live = request.app.state.live
    return live


def _position(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < _LONGEST):
        raise _malformed(LAST_EVENT_ID, written, "is no log position: send the id of the last event that came whole")
    return int(written)


def _check(named: str, after: int, head: int) -> None:
    """Whoever has read further than the log goes has read another one: to go on would lose what comes here."""
    if after > head:
        raise _malformed(named, after, f"the log ends at position {head}")


def _malformed(named: str, value: object, message: str) -> Malformed:
    return Malformed(f"{named}: {message}", problems=[Problem(named, value, message)])
