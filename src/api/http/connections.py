"""The server's connections: uvicorn's, with an end to everything that a client can keep one waiting for.

uvicorn itself bounds how long an idle connection stays open, and nothing else: neither the size of a request's head,
nor the time in which it comes, nor that in which an answer is taken. And it closes at once after an answer, which
cuts off a client that is still sending before it can read why (RFC 9112, 9.6).
"""

from asyncio import BaseTransport, TimerHandle
from typing import Any, ClassVar

from fastapi import FastAPI
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.http.limits import LARGEST_HEAD, LONGEST_ADDRESS
from application.settings import Settings

HEAD_S = 10.0
"""Seconds in which the head of a request has to come."""
LINGER_S = 5.0
"""Seconds for which the rest of a body is read, for nobody's use, once its request is answered."""
LINGER_BYTES = 64 * 1024 * 1024
TAKEN_S = 60.0
"""Every so many seconds a client has to have taken `TAKEN_BYTES` of what waits for it, or else all of it."""
TAKEN_BYTES = 65_536
MOST_CONNECTIONS = 800
"""Open at once: most systems give a process 1,024 files."""
BACKLOG = 2_048
"""Connections that the system may hold until they are taken up."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 23\r\nconnection: close\r\n\r\nThe head is too large.\n"
)
_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 29\r\nconnection: close\r\n\r\nThe request came too slowly.\n"
)


class BoundedConnection(HttpToolsProtocol):
    """One connection. Where there are too many, the one that has waited longest for a request makes room."""

    waiting: ClassVar[dict["BoundedConnection", None]] = {}
    """The connections that have nothing to do until the head of a request has come, the longest idle one first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **options)
        self._in_head = True
        self._head_bytes = 0
        self._lingering: int | None = None
        """How many bytes came after the answer; None where the body of an unfinished request is still wanted."""
        self._until_head: TimerHandle | None = None
        self._until_closed: TimerHandle | None = None
        self._until_taken: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn's type is narrower than asyncio's
        self.waiting[self] = None
        self._until_head = self.loop.call_later(HEAD_S, self._give_up, _TOO_SLOW)
        if len(self.connections) > MOST_CONNECTIONS:
            next(iter(self.waiting)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        for timer in (self._until_closed, self._until_taken):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._lingering is not None:
            self._lingering += len(data)
            if self._lingering > LINGER_BYTES:
                self.transport.abort()
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head:
            if self._head_bytes > LARGEST_HEAD + LONGEST_ADDRESS:
                self._give_up(_TOO_LARGE)
            elif self._until_head is None:
                self._until_head = self.loop.call_later(HEAD_S, self._give_up, _TOO_SLOW)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = _ClosedGently(self)  # type: ignore[assignment]  # all of it that a cycle uses

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0
        if self._until_closed is not None and self._lingering is None:
            self._until_closed.cancel()
            self._until_closed = None
        self._wait_if_idle()

    def on_response_complete(self) -> None:
        if self._lingering is not None:
            self.server_state.total_requests += 1
            self.flow.resume_reading()
            return
        super().on_response_complete()
        self._wait_if_idle()
        if self.cycle.more_body and not self.transport.is_closing() and self._until_closed is None:
            self._until_closed = self.loop.call_later(LINGER_S, self.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_what_is_taken()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._until_taken is not None:
            self._until_taken.cancel()
            self._until_taken = None

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    def close(self) -> None:
        """Closes once what was written is taken, and by force where nobody takes it."""
        self.transport.close()
        self._watch_what_is_taken()

    def close_gently(self) -> None:
        """Closes after an answer; where its request is still being sent, only once the answer can have been read."""
        if not self.cycle.more_body or self.transport.is_closing():
            self.close()
        elif self._lingering is None:
            self._lingering = 0
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._until_closed = self.loop.call_later(LINGER_S, self.close)

    def _head_is_here(self) -> None:
        self._in_head = False
        self.waiting.pop(self, None)
        if self._until_head is not None:
            self._until_head.cancel()
            self._until_head = None

    def _wait_if_idle(self) -> None:
        if self._in_head and self.cycle.response_complete:
            self.waiting[self] = None

    def _give_up(self, answer: bytes) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            # The next request is being sent while this one is answered: it has until then.
            self._until_head = self.loop.call_later(HEAD_S, self._give_up, answer)
        elif not self.transport.is_closing():
            if self._head_bytes:
                self.transport.write(answer)
            self.close()

    def _watch_what_is_taken(self) -> None:
        if self._until_taken is None and (waits := self.transport.get_write_buffer_size()):
            self._until_taken = self.loop.call_later(TAKEN_S, self._check_what_was_taken, waits)

    def _check_what_was_taken(self, before: int) -> None:
        self._until_taken = None
        if before - self.transport.get_write_buffer_size() < min(before, TAKEN_BYTES):
            self.transport.abort()
        else:
            self._watch_what_is_taken()


class _ClosedGently:
    """A connection as one exchange sees it: what it closes is closed gently."""

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        self._connection.close_gently()


def server_config(app: FastAPI, settings: Settings) -> Config:
    """How an app is served: with connections that end, and proxies believed only where they are named."""
    return Config(
        app,
        http=BoundedConnection,
        ws="none",
        # No access log: writing it costs more than many an answer.
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
        limit_concurrency=MOST_CONNECTIONS + 100,
        backlog=BACKLOG,
    )
