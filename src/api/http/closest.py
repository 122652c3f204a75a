"""Which memento an `Accept-Datetime` comes to: the one of that instant, or the first where there was none yet."""

from __future__ import annotations

import re

from api.http.exchange import Exchange
from api.http.memento import asked_at
from application.service import Service
from application.versions import first_version

_ONE_THING = re.compile(rb"/api/v1/(entries|jurisdictions)/([a-z0-9-]+)(?:\.jsonld|/.*)?")
_STREAMS = {b"entries": "entry", b"jurisdictions": "jurisdiction"}


def memento_asked(exchange: Exchange, service: Service) -> str | None:
    """What `recorded_by` comes to; None where the exchange chose no memento by `Accept-Datetime`."""
    if not exchange.negotiated or exchange.accept_datetime is None:
        return None
    instant = asked_at(exchange.accept_datetime)
    found = _ONE_THING.fullmatch(exchange.path)
    if found is None or instant is None:
        return instant
    first = first_version(service, f"{_STREAMS[found[1]]}:{found[2].decode()}")
    return str(first[0]) if first is not None and instant < first[1] else instant
