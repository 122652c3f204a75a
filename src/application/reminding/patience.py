"""How long to wait for somebody else's server in all, however often it says a little."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Timer
from types import TracebackType
from typing import Protocol, Self


class Connected(Protocol):
    """What has a socket, once it is connected: a connection of `http.client` or of `smtplib`."""

    sock: socket.socket | None


class Patience:
    """Shuts a connection's socket after so many seconds, so that whoever waits on it goes on with an error.

    Time-outs of a socket are for each read; a server that sends a byte now and then would be waited for for ever.
    """

    def __init__(self, connection: Connected, seconds: float) -> None:
        self.ended = False
        self._connection = connection
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.ended = True
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                # Not an SSL socket's own method, which takes away what another thread is reading with.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
