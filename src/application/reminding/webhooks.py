"""Webhooks, as Standard Webhooks has them: signed, to a checked address and no other, and only 2xx is success.

What a receiver answers is read no further than its first kilobytes, and nothing of it is kept but the status.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from standardwebhooks import Webhook

from application.reminding.addresses import Destination
from application.reminding.attempts import Attempt, delivered, failed, gone
from application.reminding.patience import Patience
from application.reminding.signing_secrets import Secret

CONNECT_S = 5.0
READ_S = 10.0
TOTAL_S = 15.0
_LARGEST_ANSWER = 64 * 1024
_MOST_ADDRESSES = 3
_LONGEST_WAIT_S = 24 * 3600
_GOOD = range(200, 300)


def headers(id_: str, body: str, secrets: Sequence[Secret], now: datetime) -> dict[str, str]:
    """The three headers, with a signature by each secret in use; the id is the same at every attempt."""
    at = now.astimezone(UTC)  # the library takes any other zone's hours for UTC's
    signatures = (Webhook(one.shown_once).sign(id_, at, body) for one in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def send(to: Destination, body: str, signed: dict[str, str], now: datetime, tls: ssl.SSLContext) -> Attempt:
    """One attempt: a POST over a connection to a checked address, for as long as `TOTAL_S` at most."""
    connection = _Pinned(to, tls)
    with closing(connection), Patience(connection, TOTAL_S) as patience:
        try:
            sent = {"Content-Type": "application/json", "User-Agent": "dispute-timeline", "Connection": "close"}
            connection.request("POST", to.path, body.encode(), sent | signed)
            answer = connection.getresponse()
            with suppress(OSError, HTTPException):
                # Read, so that the receiver does not see its answer refused; dropped, since nothing in it matters.
                answer.read(_LARGEST_ANSWER)
        except (OSError, HTTPException, ValueError) as error:
            return failed("timed out" if patience.ended else _said(error))
    if answer.status in _GOOD:
        return delivered(f"HTTP {answer.status}")
    if answer.status == HTTPStatus.GONE:
        return gone(f"HTTP {answer.status}")
    return failed(f"HTTP {answer.status}", retry_after_s=_wait_s(answer.getheader("Retry-After"), now))


class _Pinned(HTTPConnection):
    """A connection to the checked addresses of a name, and to what that name now resolves to never."""

    def __init__(self, to: Destination, tls: ssl.SSLContext) -> None:
        host = f"[{to.host}]" if ":" in to.host else to.host
        super().__init__(host, to.port, timeout=READ_S)
        self.default_port = 443 if to.secure else 80  # left out of the Host header
        self._to = to
        self._tls = tls

    def connect(self) -> None:
        self.sock = self._reach()
        self.sock.settimeout(READ_S)
        if self._to.secure:
            # The certificate must be the name's, whatever the address.
            self.sock = secured = self._tls.wrap_socket(
                self.sock, server_hostname=self._to.host, do_handshake_on_connect=False
            )
            secured.do_handshake()

    def _reach(self) -> socket.socket:
        errors: list[OSError] = []
        for address in self._to.addresses[:_MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, self._to.port), timeout=CONNECT_S)
            except OSError as error:
                errors.append(error)
        raise errors[0]


def _said(error: Exception) -> str:
    """What went wrong, in words that hold nothing of the receiver's."""
    match error:
        case TimeoutError():
            return "timed out"
        case ConnectionRefusedError():
            return "connection refused"
        case ssl.SSLCertVerificationError():
            return "the certificate is not valid for the name"
        case ssl.SSLError():
            return "TLS failed"
        case OSError():
            return "the connection failed"
        case _:
            return "the answer was not HTTP"


def _wait_s(written: str | None, now: datetime) -> int | None:
    """What a Retry-After asks for, as seconds or as a date, bounded; None where it cannot be read."""
    if written is None:
        return None
    if written.strip().isdecimal():
        return min(int(written.strip()[:9]), _LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0, int((until - now).total_seconds()) + 1), _LONGEST_WAIT_S)
