"""How one attempt to send a message ended, in words for its sender: no address, and nothing that a receiver said."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """`ends`: why nothing can come of trying again; None where something may."""

    ok: bool
    detail: str
    retry_after_s: int | None = None
    ends: str | None = None
    is_gone: bool = False
    """Whether the receiver said that it wants no more of anything."""


def delivered(detail: str) -> DeliveryResult:
    """A receiver took it."""
    return DeliveryResult(ok=True, detail=detail)


def failed(detail: str, retry_after_s: int | None = None) -> DeliveryResult:
    """It is to be tried again."""
    return DeliveryResult(ok=False, detail=detail, retry_after_s=retry_after_s)


def given_up(reason: str) -> DeliveryResult:
    """It cannot be delivered, however often it is tried."""
    return DeliveryResult(ok=False, detail=reason, ends=reason)


def gone(detail: str) -> DeliveryResult:
    """The receiver is there no more, and said so."""
    return DeliveryResult(ok=False, detail=detail, ends="the receiver said that it is gone", is_gone=True)


class ConnectedSocket(Protocol):
    """What has a socket, once it is connected: a connection of `http.client` or of `smtplib`."""

    sock: socket.socket | None


class TotalTimeout:
    """Shuts a connection's socket after so many seconds, so that whoever waits on it goes on with an error.

    Time-outs of a socket are for each read; a server that sends a byte now and then would be waited for for ever.
    """

    def __init__(self, connection: ConnectedSocket, seconds: float) -> None:
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
