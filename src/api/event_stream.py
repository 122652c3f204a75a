"""A stream of server-sent events: written as its reader takes it, ended when the reader goes or the server stops."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

from anyio import CancelScope, create_task_group, move_on_after
from fastapi import Response
from starlette.types import Message, Receive, Scope, Send

from api.http.exchange import KEY
from application.envelopes import told
from application.live import Live
from eventlog.log import Recorded

MEDIA_TYPE = "text/event-stream"
PATIENCE_S = 60.0
"""Seconds for which a reader may take nothing of what was sent: then it is taken for dead, and its place is free."""
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep events until it has a buffer full
    "X-Content-Type-Options": "nosniff",
}
_HEARTBEAT = b":\n\n"


class EventStream(Response):
    """Sends the events beyond a position, and then each as it comes."""

    media_type = MEDIA_TYPE

    def __init__(self, live: Live, after: int, source: str) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._live = live
        self._after = after
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the reader is gone or the server stops."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope[KEY].method == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": True})  # there would be more
            await send({"type": "http.response.body", "body": b""})
            return
        async with create_task_group() as tasks:
            tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
            await self._pour(send)
            tasks.cancel_scope.cancel()

    async def _pour(self, send: Send) -> None:
        # Something at once, so that whatever is in between knows that the answer has begun.
        taken = await _sent(send, _HEARTBEAT)
        async with aclosing(self._live.follow(self._after)) as batches:
            while taken:
                batch = await anext(batches, None)
                if batch is None:
                    await send({"type": "http.response.body", "body": b""})
                    return
                taken = await _sent(send, self._written(batch) if batch else _HEARTBEAT)

    def _written(self, batch: Sequence[Recorded]) -> bytes:
        return b"".join(
            b"id: %d\nevent: %b\ndata: %b\n\n" % (position, name.encode(), body)
            for position, name, body in (told(event, self._source) for event in batch)
        )


async def _sent(send: Send, data: bytes) -> bool:
    """Waits until there is room for more, so that nothing piles up; False where the reader takes nothing."""
    message: Message = {"type": "http.response.body", "body": data, "more_body": True}
    with move_on_after(PATIENCE_S):
        await send(message)
        return True
    return False


async def _until_gone(receive: Receive, scope: CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
