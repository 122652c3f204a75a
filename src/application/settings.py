"""Settings, from the environment alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

DEFAULT_PORT = 8000
API = "/api/v1"
DEFAULT_RATE_LIMIT = 30_000
"""Requests a minute: no reader of pages or feeds comes near it, and nobody takes all of a server's time."""
_LONGEST_TICK_S = 3600
_LONGEST_LEAP_DAYS = 36_500
_LARGEST_SIZE = 10**12
Network = IPv4Network | IPv6Network


def _http_url(written: str) -> str:
    parts = urlsplit(written)
    if written and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError(f"{written!r} is no address such as https://timeline.example.org")
    return written.rstrip("/")


def _networks(written: object) -> object:
    return [ip_network(text) for text in written.replace(",", " ").split()] if isinstance(written, str) else written


def _on_or_off(written: object) -> object:
    if isinstance(written, str) and written not in ("on", "off"):
        raise ValueError(f"{written!r} is neither on nor off")
    return written


class Settings(BaseSettings):
    """Where the record is kept, and how reminders leave the house.

    Made without arguments it has the defaults, whatever the environment: `from_environment` reads that.
    """

    model_config = SettingsConfigDict(frozen=True, populate_by_name=True)

    database_url: str = Field("sqlite:///data/timeline.db", repr=False)
    smtp_url: str | None = Field(None, repr=False)
    mail_from: str | None = None
    public_url: Annotated[str, AfterValidator(_http_url)] = ""
    """Where the outside finds this service: how links in answers begin. Empty: as each request was addressed."""
    mail_url: str = f"http://127.0.0.1:{DEFAULT_PORT}"
    """How links in messages begin, where there is no request to go by. Follows from PUBLIC_URL, else from PORT."""
    rate_limit: Annotated[
        Annotated[int, Field(gt=0, lt=10**9)] | Literal[0],
        BeforeValidator(lambda written: 0 if written == "off" else written),
    ] = 0
    """Requests a minute for each key or address; 0: any number, as where nobody set it from the environment."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; of anybody else's nothing is."""
    webhook_networks: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = Field(
        (), validation_alias="webhook_allow_networks"
    )
    """Networks to which webhooks may go although they are not public."""
    reminders: Annotated[bool, BeforeValidator(_on_or_off)] = True
    """Whether `serve` plans and sends reminders, too."""
    tick_s: float = Field(5.0, gt=0, le=_LONGEST_TICK_S, allow_inf_nan=False)
    clock_leap_days: float = Field(180, gt=0, le=_LONGEST_LEAP_DAYS, allow_inf_nan=False)
    """How many days ahead of the last stamp the clock is believed without asking the keeper."""
    batch_bytes: int = Field(32 * 1024 * 1024, gt=0, lt=_LARGEST_SIZE)
    """How large the body of a batch may be."""
    batch_rows: int = Field(100_000, gt=0, lt=_LARGEST_SIZE)
    """How many rows may be in one."""

    @property
    def source(self) -> str:
        """The `source` of CloudEvents: the same in every process, and so never what one of them listens on."""
        return self.public_url + API

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the library's own signature
        init_settings: PydanticBaseSettingsSource,
        *_: Any,  # noqa: ANN401  # the library's other sources
        **__: Any,  # noqa: ANN401  # the rest of them
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The arguments alone, so that a test is the same in every shell."""
        return (init_settings,)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What is set, and the defaults of the rest. Raises ValueError, naming the setting that cannot be used."""
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): value for name, value in environment.items() if value}
        given: dict[str, Any] = {"rate_limit": DEFAULT_RATE_LIMIT, **source()}
        # To other programs MAIL_URL is what SMTP_URL is here.
        given["mail_url"] = given.get("public_url", "").rstrip("/") or (
            f"http://127.0.0.1:{environment.get('PORT') or DEFAULT_PORT}"
        )
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            message = first.get("ctx", {}).get("error") or f"{first['input']!r}: {first['msg']}"
            raise ValueError(f"{str(first['loc'][0]).upper()}: {message}") from error
