"""Where a webhook may go: an address is resolved once, and everything it resolves to must be public.

Whoever subscribes chooses the address, so that without this they could make the service knock at the doors behind its
own firewall. What is checked is what is connected to: the name is not asked for again in between.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

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
