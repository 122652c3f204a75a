"""Which methods an address has: for OPTIONS, and for whoever uses another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Match

_ORDER = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def allowed(routes: Iterable[BaseRoute], scope: Any) -> str:  # noqa: ANN401 - ASGI's own type is a mapping of anything
    """The methods of an address as `Allow` lists them; nothing for an address that there is not."""
    found: set[str] = set()
    for route in routes:
        match, _ = route.matches({**scope, "type": "http"})
        if match is not Match.NONE:
            found |= set(getattr(route, "methods", None) or {"GET"})
    if not found:
        return ""
    found |= {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())
    return ", ".join(one for one in _ORDER if one in found)
