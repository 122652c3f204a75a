"""Webhooks as in Standard Webhooks: signed POSTs, of which only a 2xx answer is a success.

Against server-side request forgery, a host name is resolved once, every address is checked to be public, and the
connection goes to a checked address. Of the answer only the status is kept.

Each secret that signs is shown once, when it is created, and in no answer, log or event after that.
"""

from __future__ import annotations

import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from secrets import token_bytes
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from standardwebhooks import Webhook

from application.reminders.attempts import DeliveryResult, TotalTimeout, delivered, failed
from application.reminders.tables import secrets_table
from application.settings import Network
from domain.reminders import instant
from eventlog.sql import BulkInsert, CompiledQuery

_LONGEST_URL = 2_000
_WEB_PORTS = (80, 443)
_FIRST_UNPRIVILEGED_PORT = 1024
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_MAPPED = ip_network("::ffff:0:0/96")
# All global unicast addresses of IPv6. Outside lie those that embed an IPv4 address (IPv4-mapped and -compatible,
# NAT64), and link-local, unique local and multicast addresses.
_GLOBAL_UNICAST = ip_network("2000::/3")
# Among the public addresses, but leading elsewhere: protocol assignments and relays, Teredo (in 2001::/23), 6to4,
# documentation.
_NOT_PUBLIC = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)


class Unreachable(Exception):
    """The URL is malformed, does not resolve, or is not public. The text names no address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart, with its checked addresses: the only ones to connect to."""

    secure: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def destination(url: str, allowed: Collection[Network]) -> Destination:
    """Resolve a URL's host and check every address of it. Raises Unreachable, saying why.

    `allowed`: networks that the operator allows though they are not public; http and any port are allowed there too.
    """
    if len(url) > _LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Unreachable(f"is no address of at most {_LONGEST_URL} plain characters")
    try:
        parts = urlsplit(url)
        explicit_port = parts.port
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
    port = explicit_port if explicit_port is not None else (443 if secure else 80)
    addresses = resolve(host, port)
    not_allowed = [address for address in addresses if not is_allowed(address, allowed)]
    if not_allowed:
        if not all(map(is_public, not_allowed)):
            raise Unreachable("leads to an address that is not public")
        if not secure:
            raise Unreachable("is not https")
        if port not in _WEB_PORTS and port < _FIRST_UNPRIVILEGED_PORT:
            raise Unreachable(f"names port {port}, which belongs to another service than the web")
    query = f"?{parts.query}" if parts.query else ""
    return Destination(secure, host, port, (parts.path or "/") + query, tuple(map(str, addresses)))


def resolve(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    """All addresses of a host, in the order in which to try them."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError, OverflowError) as error:
        raise Unreachable("names a host that cannot be found") from error
    addresses = list(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))
    if not addresses:
        raise Unreachable("names a host that cannot be found")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to a host on the public Internet, and leads nowhere else."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def is_allowed(address: IPv4Address | IPv6Address, allowed: Collection[Network]) -> bool:
    """Whether an address, also one that is IPv4-mapped, is in a network that the operator allows."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) and address in _MAPPED else None
    return any((mapped or address) in network for network in allowed)


CONNECT_S = 5.0
WEBHOOK_READ_S = 10.0
WEBHOOK_TOTAL_S = 15.0
_MOST_BODY_BYTES = 64 * 1024
_MOST_ADDRESSES = 3
_LONGEST_WAIT_S = 24 * 3600
_SUCCESS = range(200, 300)


def webhook_headers(id_: str, body: str, secrets: Sequence[Secret], now: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks, with a signature by each secret; the id is the same at every attempt."""
    at = now.astimezone(UTC)  # the library ignores the time zone
    signatures = (Webhook(secret.shown_once).sign(id_, at, body) for secret in secrets)
    return {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}


def send_webhook(
    destination: Destination, body: str, headers: dict[str, str], now: datetime, tls: ssl.SSLContext
) -> DeliveryResult:
    """Try once: a POST to a checked address, within `WEBHOOK_TOTAL_S`."""
    connection = _PinnedConnection(destination, tls)
    with closing(connection), TotalTimeout(connection, WEBHOOK_TOTAL_S) as timeout:
        try:
            fixed = {"Content-Type": "application/json", "User-Agent": "dispute-timeline", "Connection": "close"}
            connection.request("POST", destination.path, body.encode(), fixed | headers)
            response = connection.getresponse()
            with suppress(ConnectionError, ssl.SSLError, HTTPException):
                # Closing with an unread body would reset the connection under the receiver; the body is dropped.
                response.read(_MOST_BODY_BYTES)
            if timeout.expired:
                # Whatever its status said: an answer that does not end is none, and costs its sender nothing.
                return failed("timed out")
        except (OSError, HTTPException, ValueError) as error:
            return failed("timed out" if timeout.expired else _error_text(error))
    if response.status in _SUCCESS:
        return delivered(f"HTTP {response.status}")
    if response.status == HTTPStatus.GONE:
        ends = "the receiver said that it is gone"
        return DeliveryResult(ok=False, detail=f"HTTP {response.status}", ends=ends, is_gone=True)
    return failed(f"HTTP {response.status}", retry_after_s=_retry_after_s(response.getheader("Retry-After"), now))


class _PinnedConnection(HTTPConnection):
    """A connection to the checked addresses of a host, whatever its name resolves to by now."""

    def __init__(self, destination: Destination, tls: ssl.SSLContext) -> None:
        host = f"[{destination.host}]" if ":" in destination.host else destination.host
        super().__init__(host, destination.port, timeout=WEBHOOK_READ_S)
        self.default_port = 443 if destination.secure else 80  # left out of the Host header
        self._destination = destination
        self._tls = tls

    def connect(self) -> None:
        self.sock = self._connect_to_any()
        self.sock.settimeout(WEBHOOK_READ_S)
        if self._destination.secure:
            # The certificate must be valid for the host name, not for the address.
            self.sock = secured = self._tls.wrap_socket(
                self.sock, server_hostname=self._destination.host, do_handshake_on_connect=False
            )
            secured.do_handshake()

    def _connect_to_any(self) -> socket.socket:
        errors: list[OSError] = []
        for address in self._destination.addresses[:_MOST_ADDRESSES]:
            try:
                return socket.create_connection((address, self._destination.port), timeout=CONNECT_S)
            except OSError as error:
                errors.append(error)
        raise errors[0]


def _error_text(error: Exception) -> str:
    """What went wrong, without anything that the receiver sent."""
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


def _retry_after_s(written: str | None, now: datetime) -> int | None:
    """A Retry-After, which is in seconds or a date, as seconds up to a day; None where it cannot be read."""
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


# The statements on secrets run on the driver, not through SQLAlchemy, whose errors would quote the values.
OVERLAP = timedelta(days=1)
"""How long a replaced secret still signs, beside the new one."""
_OF_SUBSCRIPTION = secrets_table.c.subscription == bindparam("subscription_id")
_INSERT_SECRET = BulkInsert(secrets_table)
_RETIRE = CompiledQuery(
    update(secrets_table)
    .where(_OF_SUBSCRIPTION, secrets_table.c.expires_at.is_(None))
    .values(expires_at=bindparam("until"))
)
_FORGET = CompiledQuery(delete(secrets_table).where(_OF_SUBSCRIPTION, secrets_table.c.expires_at <= bindparam("now")))
_FORGET_ALL = CompiledQuery(delete(secrets_table).where(_OF_SUBSCRIPTION))
_IN_USE = CompiledQuery(
    select(secrets_table.c.secret)
    .where(_OF_SUBSCRIPTION, or_(secrets_table.c.expires_at.is_(None), secrets_table.c.expires_at > bindparam("now")))
    .order_by(secrets_table.c.created_at.desc())
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that `repr` and tracebacks do not show."""

    shown_once: str = field(repr=False)


def make_secret(connection: Connection, subscription: str, now: datetime) -> Secret:
    """Create a secret for a subscription; the one before signs for a day more."""
    _FORGET.run(connection, subscription_id=subscription, now=instant(now))
    _RETIRE.run(connection, subscription_id=subscription, until=instant(now + OVERLAP))
    secret = Secret(f"whsec_{b64encode(token_bytes(32)).decode()}")
    _INSERT_SECRET.rows(connection, [(subscription, secret.shown_once, instant(now), None)])
    return secret


def secrets_in_use(connection: Connection, subscription: str, now: datetime) -> list[Secret]:
    """The newest first."""
    return [Secret(row[0]) for row in _IN_USE.run(connection, subscription_id=subscription, now=instant(now))]


def forget_secrets(connection: Connection, subscription: str) -> None:
    _FORGET_ALL.run(connection, subscription_id=subscription)
