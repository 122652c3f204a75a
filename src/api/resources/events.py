"""The log as CloudEvents: from a position on, or as it grows, in a stream that is resumed where it was cut."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

import msgspec
from anyio import CancelScope, create_task_group, move_on_after
from fastapi import APIRouter, Request, Response
from pydantic import Field, JsonValue
from starlette.types import Message, Receive, Scope, Send

from api.http.errors import TooManyStreams, malformed
from api.http.exchange import CONTEXT_KEY
from api.http.limits import who_asks
from api.http.parameters import QueryModel
from api.http.routes import get
from api.openapi.schemas import Shape
from application.cloudevents import to_cloudevent
from application.followers import LogFollower
from application.service import Service
from eventlog.engine import reading
from eventlog.log import Recorded

SEND_TIMEOUT_S = 60.0
"""Seconds for which a reader may take nothing of what was sent: then it is taken for dead, and its place is free."""
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep events until it has a buffer full
    "X-Content-Type-Options": "nosniff",
}
_HEARTBEAT = b":\n\n"


class EventStreamResponse(Response):
    """Sends the events beyond a position, and then each as it comes."""

    media_type = "text/event-stream"

    def __init__(self, live: LogFollower, after: int, source: str, who: str) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._live = live
        self._after = after
        self._source = source
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[CONTEXT_KEY].leave()  # streams are counted by themselves
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope[CONTEXT_KEY].method == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": True})  # there would be more
            await send({"type": "http.response.body", "body": b""})
            return
        async with create_task_group() as tasks:
            tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
            await self._pour(send)
            tasks.cancel_scope.cancel()

    async def _pour(self, send: Send) -> None:
        # Something at once, so that whatever is in between knows that the answer has begun.
        taken = await _send_within(send, _HEARTBEAT)
        async with aclosing(self._live.follow(self._after, self._who)) as batches:
            while taken:
                batch = await anext(batches, None)
                if batch is None:
                    await send({"type": "http.response.body", "body": b""})
                    return
                taken = await _send_within(send, self._written(batch) if batch else _HEARTBEAT)

    def _written(self, batch: Sequence[Recorded]) -> bytes:
        return b"".join(
            b"id: %d\nevent: %b\ndata: %b\n\n" % (position, name.encode(), body)
            for position, name, body in (to_cloudevent(event, self._source) for event in batch)
        )


async def _send_within(send: Send, data: bytes) -> bool:
    """Waits until there is room for more, so that nothing piles up; False where the reader takes nothing."""
    message: Message = {"type": "http.response.body", "body": data, "more_body": True}
    with move_on_after(SEND_TIMEOUT_S):
        await send(message)
        return True
    return False


async def _until_gone(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


_EVENT = (
    'id: 1373\nevent: WarningIssued\ndata: {"specversion":"1.0","id":"1373","source":"/api/v1",'
    '"type":"dispute-timeline.warning-issued.v1","time":"2026-11-24T17:00:00.000000Z",'
    '"subject":"entries/2017-04-21-doj-letters-nine","datacontenttype":"application/json","recorder":"load",'
    '"version":1,"data":{"id":"2017-04-21-doj-letters-nine"}}\n\n'
)


class CloudEvent(Shape):
    """An event of the log as CloudEvents 1.0 has it."""

    specversion: Literal["1.0"]
    id: str = Field(description="The log position, in digits.", examples=["1373"])
    source: str = Field(description="`PUBLIC_URL`/api/v1, or /api/v1 where that is not set.")
    type: str = Field(
        description="`dispute-timeline.`, the topic in the log, and the version of what `data` holds.",
        examples=["dispute-timeline.warning-issued.v1"],
    )
    time: str = Field(description="When it was recorded.")
    subject: str = Field(description="What it befell, as an address below `source`.", examples=["entries/a-letter"])
    datacontenttype: Literal["application/json"]
    recorder: str = Field(description="Who recorded it.")
    version: int = Field(description="Which version of the subject it made.")
    data: dict[str, JsonValue] = Field(description="The fields of the event, as the log holds them.")


class Events(Shape):
    """A part of the log."""

    events: list[CloudEvent]
    next: int | None = Field(description="The `after` of the next part; null where the log ends here.")


router = APIRouter(prefix="/api/v1", tags=["events"])
LAST_EVENT_ID = "Last-Event-ID"
_LAST_EVENT_ID_PARAMETER = {
    "name": LAST_EVENT_ID,
    "in": "header",
    "required": False,
    "description": "The id of the last event that came whole. Taken before `after`.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$", "examples": ["1373"]},
}
_STREAM = {
    "description": "One block an event, in order; lines that begin with a colon say that it is still there.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EVENT}},
}
# More digits than any log has positions, fewer than a database can hold.
_BEYOND_ANY = 10**18
_LONGEST = len(str(_BEYOND_ANY))


class After(QueryModel):
    after: int = Field(0, ge=0, lt=_BEYOND_ANY, description="A log position; what comes after it. 0: all of the log.")


class EventsQuery(After):
    limit: int = Field(50, ge=1, le=1000, description="How many at most.")


@get(router, "/events", query=EventsQuery, answer=Events)
def events(request: Request, service: Service, query: EventsQuery) -> Response:
    """The log's events in order, each once; `next`, where there are more, is the `after` to go on with."""
    with reading(service.engine) as connection:
        head = service.log.head(connection).position
        _check("after", query.after, head)
        page = list(service.log.read(connection, after=query.after, until=head, limit=query.limit))
    last = page[-1].position if page else head
    source: str = request.app.state.settings.source
    body = {
        "events": [msgspec.Raw(to_cloudevent(event, source).body) for event in page],
        "next": last if last < head else None,
    }
    headers = {"Log-Position": str(head), "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(body), headers=headers, media_type="application/json")


@get(
    router,
    "/events/stream",
    query=After,
    answer="text/event-stream",
    success=_STREAM,
    header=_LAST_EVENT_ID_PARAMETER,
    also=(400, 503),
)
def stream(request: Request, service: Service, query: After) -> Response:
    """Every event of the log beyond a position, and each new one as it is recorded: server-sent events.

    An event's `id` is its log position. Whoever is cut off goes on after the last one that came whole, by
    `Last-Event-ID`, which browsers send by themselves; it is taken before `after`. With neither, the whole log comes
    first: for what is new alone, begin after the `Log-Position` of the answer that is shown already.
    """
    named, after = "after", query.after
    if (written := request.headers.get(LAST_EVENT_ID)) is not None:
        named, after = LAST_EVENT_ID, _position(written)
    live: LogFollower = request.app.state.live
    _check(named, after, service.log.head_position())
    who = who_asks(request.scope)
    if live.full(who):
        raise TooManyStreams
    return EventStreamResponse(live, after, request.app.state.settings.source, who)


def _position(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < _LONGEST):
        raise malformed(LAST_EVENT_ID, written, "is no log position: send the id of the last event that came whole")
    return int(written)


def _check(named: str, after: int, head: int) -> None:
    """Whoever has read further than the log goes has read another one: to go on would lose what comes here."""
    if after > head:
        raise malformed(named, after, f"the log ends at position {head}")
