"""One attempt to send a message: its result, and a limit on how long it takes.

The text of a result is shown to the subscription's owner, so it holds no address and nothing that a receiver answered.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from smtplib import SMTP
from threading import Timer
from typing import Self


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How an attempt ended. `ends`: why trying again is of no use; None where it may be."""

    ok: bool
    detail: str
    retry_after_s: int | None = None
    ends: str | None = None
    is_gone: bool = False
    """The receiver wants no more messages: the subscription is to end."""


def delivered(detail: str) -> DeliveryResult:
    return DeliveryResult(ok=True, detail=detail)


def failed(detail: str, retry_after_s: int | None = None) -> DeliveryResult:
    """The attempt failed; another may not."""
    return DeliveryResult(ok=False, detail=detail, retry_after_s=retry_after_s)


def given_up(reason: str) -> DeliveryResult:
    """The message cannot be delivered, however often it is tried."""
    return DeliveryResult(ok=False, detail=reason, ends=reason)


class TotalTimeout:
    """Shuts a connection's socket after so many seconds, so that a thread blocked on it continues with an error.

    A socket's own timeout is for each read: a server that sends a byte now and then would never run into it.
    """

    def __init__(self, connection: HTTPConnection | SMTP, seconds: float) -> None:
        self.expired = False
        self._connection = connection
        self._timer = Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                # Not the method of an SSLSocket, which drops the SSL object that another thread is reading with.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
