"""Settings, from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import isfinite
from urllib.parse import urlsplit

DEFAULT_DATABASE = "sqlite:///data/timeline.db"
DEFAULT_PORT = 8000
API = "/api/v1"
DEFAULT_RATE_LIMIT = 30_000
"""Requests a minute: no reader of pages or feeds comes near it, and nobody takes all of a server's time."""
DEFAULT_TICK_S = 5.0
DEFAULT_BATCH_BYTES = 32 * 1024 * 1024
DEFAULT_BATCH_ROWS = 100_000
_LONGEST_TICK_S = 3600
_LONGEST_NUMBER = 12
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the record is kept, and how reminders leave the house."""

    database_url: str = field(default=DEFAULT_DATABASE, repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    public_url: str = ""
    """Where the outside finds this service: how links in answers begin. Empty: as each request was addressed."""
    mail_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    """How links in messages begin, where there is no request to go by."""
    rate_limit: int = 0
    """Requests a minute for each key or address; 0: any number, as where nobody set it from the environment."""
    webhook_networks: tuple[Network, ...] = ()
    """Networks to which webhooks may go although they are not public."""
    reminders: bool = True
    """Whether `serve` plans and sends reminders, too."""
    tick_s: float = DEFAULT_TICK_S
    batch_bytes: int = DEFAULT_BATCH_BYTES
    """How large the body of a batch may be."""
    batch_rows: int = DEFAULT_BATCH_ROWS
    """How many rows may be in one."""

    @property
    def source(self) -> str:
        """The `source` of CloudEvents: the same in every process, and so never what one of them listens on."""
        return self.public_url + API

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What is set, and the defaults of the rest. Raises ValueError, naming the setting that cannot be used."""
        public_url = _public_url(environment.get("PUBLIC_URL", ""))
        return cls(
            database_url=environment.get("DATABASE_URL") or DEFAULT_DATABASE,
            smtp_url=environment.get("SMTP_URL") or None,
            mail_from=environment.get("MAIL_FROM") or None,
            public_url=public_url,
            mail_url=public_url or f"http://127.0.0.1:{environment.get('PORT') or DEFAULT_PORT}",
            rate_limit=_limit("RATE_LIMIT", environment.get("RATE_LIMIT") or str(DEFAULT_RATE_LIMIT)),
            webhook_networks=_networks(environment.get("WEBHOOK_ALLOW_NETWORKS", "")),
            reminders=_switch("REMINDERS", environment.get("REMINDERS") or "on"),
            tick_s=_seconds("TICK_S", environment.get("TICK_S") or str(DEFAULT_TICK_S)),
            batch_bytes=_whole("BATCH_BYTES", environment.get("BATCH_BYTES") or str(DEFAULT_BATCH_BYTES)),
            batch_rows=_whole("BATCH_ROWS", environment.get("BATCH_ROWS") or str(DEFAULT_BATCH_ROWS)),
        )


def _public_url(written: str) -> str:
    parts = urlsplit(written)
    if written and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError(f"PUBLIC_URL: {written!r} is no address such as https://timeline.example.org")
    return written.rstrip("/")


def _networks(written: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(one) for one in written.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f"WEBHOOK_ALLOW_NETWORKS: {error}") from error


def _switch(name: str, written: str) -> bool:
    if written not in ("on", "off"):
        raise ValueError(f"{name}: {written!r} is neither on nor off")
    return written == "on"


def _limit(name: str, written: str) -> int:
    if written == "off":
        return 0
    if not (written.isascii() and written.isdigit()) or not 0 < int(written) < 10**9:
        raise ValueError(f"{name}: {written!r} is neither a number of requests a minute nor off")
    return int(written)


def _seconds(name: str, written: str) -> float:
    try:
        seconds = float(written)
    except ValueError:
        seconds = 0.0
    if not isfinite(seconds) or not 0 < seconds <= _LONGEST_TICK_S:
        raise ValueError(f"{name}: {written!r} is no number of seconds, more than 0 and at most {_LONGEST_TICK_S}")
    return seconds


def _whole(name: str, written: str) -> int:
    if not (written.isascii() and written.isdecimal() and 0 < len(written) <= _LONGEST_NUMBER and int(written)):
        raise ValueError(f"{name}: {written!r} is no number from 1 to {'9' * _LONGEST_NUMBER}")
    return int(written)
