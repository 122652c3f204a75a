"""Webhooks, as Standard Webhooks has them: signed, to a checked address and no other, and only 2xx is success.

What a receiver answers is read no further than its first kilobytes, and nothing of it is kept but the status.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from application.reminders.attempts import DeliveryResult, TotalTimeout, delivered, failed, gone
from application.reminders.secrets import Secret
from application.settings import Network

_LONGEST = 2_000
_WEB_PORTS = (80, 443)
_FIRST_UNPRIVILEGED_PORT = 1024
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_MAPPED = ip_network("::ffff:0:0/96")
# All global unicast of IPv6 lies in here: what embeds or translates another address outside of it (IPv4-mapped and
# -compatible, NAT64), link-local, local and multicast addresses do not.
_GLOBAL_UNICAST = ip_network("2000::/3")
# What lies among public addresses and leads somewhere else: protocol assignments and relays, Teredo (in 2001::/23),
# 6to4, documentation.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


class Unreachable(Exception):
    """The address is of no use: it is malformed, does not resolve, or is not public. The text names no address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart, with the addresses that were found and checked: the only ones to connect to."""

    secure: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def destination(url: str, allowed: Collection[Network]) -> Destination:
    """Resolves a URL's host and checks every address of it. Raises Unreachable, saying why."""
    if len(url) > _LONGEST or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Unreachable(f"is no address of at most {_LONGEST} plain characters")
    try:
        parts = urlsplit(url)
        given = parts.port
    except ValueError as error:
        raise Unreachable("is no address of the web") from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(host):
        raise Unreachable("is no https address with a host")
    if "@" in parts.netloc:
        raise Unreachable("holds a user's name or password: what proves who sent a webhook is its signature")
    if "#" in url:
        raise Unreachable("holds a fragment, which is never sent")
    secure = parts.scheme == "https"
    port = given if given is not None else (443 if secure else 80)
    found = resolve(host, port)
    inside = [is_allowed(one, allowed) for one in found]
    if not all(inside):
        _refuse_private(found, inside)
        if not secure:
            raise Unreachable("is not https")
        if port not in _WEB_PORTS and port < _FIRST_UNPRIVILEGED_PORT:
            raise Unreachable(f"names port {port}, which belongs to another service than the web")
    query = f"?{parts.query}" if parts.query else ""
    return Destination(secure, host, port, (parts.path or "/") + query, tuple(map(str, found)))


def resolve(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    """All addresses of a host, in the order in which to try them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError, OverflowError) as error:
        raise Unreachable("names a host that cannot be found") from error
    addresses = [ip_address(its[4][0]) for its in found]
    if not addresses:
        raise Unreachable("names a host that cannot be found")
    return list(dict.fromkeys(addresses))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is somebody's on the public Internet, and leads nowhere else."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def is_allowed(address: IPv4Address | IPv6Address, allowed: Collection[Network]) -> bool:
    """Whether an operator allowed the network of an address, however it is written."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) and address in _MAPPED else None
    return any((mapped or address) in network for network in allowed)


def _refuse_private(found: Collection[IPv4Address | IPv6Address], inside: Collection[bool]) -> None:
    for address, is_inside in zip(found, inside, strict=True):
        if not is_inside and not is_public(address):
            raise Unreachable("leads to an address that is not public")


CONNECT_S = 5.0
WEBHOOK_READ_S = 10.0
WEBHOOK_TOTAL_S = 15.0
_LARGEST_ANSWER = 64 * 1024
_MOST_ADDRESSES = 3
_LONGEST_WAIT_S = 24 * 3600
_GOOD = range(200, 300)


def webhook_headers(id_: str, body: str, secrets: Sequence[Secret], now: datetime) -> dict[str, str]:
    """The three headers, with a signature by each secret in use; the id is the same at every attempt."""
    at = now.astimezone(UTC)  # the library takes any other zone's hours for UTC's
    signatures = (Webhook(one.shown_once).sign(id_, at, body) for one in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def send_webhook(
    to: Destination, body: str, signed: dict[str, str], now: datetime, tls: ssl.SSLContext
) -> DeliveryResult:
    """One attempt: a POST over a connection to a checked address, for as long as `TOTAL_S` at most."""
    connection = _Pinned(to, tls)
    with closing(connection), TotalTimeout(connection, WEBHOOK_TOTAL_S) as patience:
        try:
            sent = {"Content-Type": "application/json", "User-Agent": "dispute-timeline", "Connection": "close"}
            connection.request("POST", to.path, body.encode(), sent | signed)
            answer = connection.getresponse()
            with suppress(OSError, HTTPException):
                # Read, so that the receiver does not see its answer refused; dropped, since nothing in it matters.
                answer.read(_LARGEST_ANSWER)
        except (OSError, HTTPException, ValueError) as error:
            return failed("timed out" if patience.ended else _answer_text(error))
    if answer.status in _GOOD:
        return delivered(f"HTTP {answer.status}")
    if answer.status == HTTPStatus.GONE:
        return gone(f"HTTP {answer.status}")
    return failed(f"HTTP {answer.status}", retry_after_s=_wait_s(answer.getheader("Retry-After"), now))


class _Pinned(HTTPConnection):
    """A connection to the checked addresses of a name, and to what that name now resolves to never."""

    def __init__(self, to: Destination, tls: ssl.SSLContext) -> None:
        host = f"[{to.host}]" if ":" in to.host else to.host
        super().__init__(host, to.port, timeout=WEBHOOK_READ_S)
        self.default_port = 443 if to.secure else 80  # left out of the Host header
        self._to = to
        self._tls = tls

    def connect(self) -> None:
        self.sock = self._reach()
        self.sock.settimeout(WEBHOOK_READ_S)
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


def _answer_text(error: Exception) -> str:
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
