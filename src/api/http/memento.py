"""RFC 7089 on the recorded clock: what did this service say then? Every read is its own TimeGate.

`Accept-Datetime` becomes `recorded_by`; the answer names the log position that it came to, and so a memento that
never changes. HTTP's dates are seconds, so an instant is taken as the end of its second: the date that a TimeMap gives
for a version leads back to that version.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote

from api.http.exchange import RequestContext
from application.service import Service

_RECORDED_BY = re.compile(rb"(?:^|&)recorded_by=[^&]*")
_CURSOR = re.compile(rb"(?:^|&)cursor=[^&]*")
_ONE_THING = re.compile(rb"/api/v1/(?:entries|jurisdictions)/[^/.]+")
_END_OF_SECOND = timedelta(microseconds=999_999)


def parse_http_date(accept_datetime: bytes) -> str | None:
    """The instant in `Accept-Datetime`, as `recorded_by` takes it; None where it is no date of HTTP's."""
    try:
        instant = parsedate_to_datetime(accept_datetime.decode("latin-1"))
    except (ValueError, TypeError, IndexError):
        return None
    if instant.tzinfo is None or not 1 < instant.year < 9999:  # noqa: PLR2004 - the calendar's ends
        return None
    return f"{(instant.astimezone(UTC) + _END_OF_SECOND).replace(tzinfo=None).isoformat()}Z"


@lru_cache(maxsize=4_096)
def http_date(recorded_at: str) -> str:
    """A stamp of the log as HTTP writes dates."""
    return format_datetime(datetime.fromisoformat(recorded_at).astimezone(UTC), usegmt=True)


def memento_links(exchange: RequestContext, public_url: bytes) -> bytes:
    """The `Link` header: the next page, and where the same is had as of another instant."""
    found = []
    base = exchange.root(public_url) + exchange.path
    if exchange.following is not None:
        query = _joined_links(_CURSOR.sub(b"", exchange.query), b"cursor=" + quote(exchange.following).encode())
        found.append(b'<%b?%b>; rel="next"' % (base, _safe(query)))
    if exchange.clocked:
        query = exchange.query
        original = _with(base, _RECORDED_BY.sub(b"", query).removeprefix(b"&")) if query else base
        found.append(b'<%b>; rel="original timegate"' % original)
        if _ONE_THING.fullmatch(exchange.path):
            found.append(b'<%b/timemap>; rel="timemap"; type="application/link-format"' % base)
        if exchange.memento is not None:
            recorded_at = http_date(exchange.memento[1]).encode()
            found.append(b'<%b>; rel="memento"; datetime="%b"' % (_memento(exchange, base), recorded_at))
    return b", ".join(found)


def memento_headers(exchange: RequestContext, public_url: bytes) -> list[tuple[bytes, bytes]]:
    """What says that an answer is a memento, and where it stays."""
    if exchange.memento is None:
        return []
    found = [(b"memento-datetime", http_date(exchange.memento[1]).encode())]
    if exchange.negotiated:
        found.append((b"content-location", _memento(exchange, exchange.root(public_url) + exchange.path)))
    return found


def _memento(exchange: RequestContext, base: bytes) -> bytes:
    position = exchange.memento[0] if exchange.memento else 0
    return _with(
        base, _joined_links(_RECORDED_BY.sub(b"", exchange.query).removeprefix(b"&"), b"recorded_by=%d" % position)
    )


def _joined_links(query: bytes, more: bytes) -> bytes:
    query = query.removeprefix(b"&")
    return b"%b&%b" % (query, more) if query else more


def _with(base: bytes, query: bytes) -> bytes:
    return b"%b?%b" % (base, _safe(query)) if query else base


def _safe(query: bytes) -> bytes:
    """A query within the angle brackets of a link; what is no character of an address is escaped."""
    return quote(query, safe="%&=+!$'()*,-./:;?@_~").encode()


_ONE_RESOURCE = re.compile(rb"/api/v1/(entries|jurisdictions)/([a-z0-9-]+)(?:\.jsonld|/.*)?")
_STREAMS = {b"entries": "entry", b"jurisdictions": "jurisdiction"}


def memento_position(exchange: RequestContext, service: Service) -> str | None:
    """What `recorded_by` comes to; None where the exchange chose no memento by `Accept-Datetime`."""
    if not exchange.negotiated or exchange.accept_datetime is None:
        return None
    instant = parse_http_date(exchange.accept_datetime)
    found = _ONE_RESOURCE.fullmatch(exchange.path)
    if found is None or instant is None:
        return instant
    first = next(iter(service.log.stream_versions(f"{_STREAMS[found[1]]}:{found[2].decode()}")), None)
    return str(first[0]) if first is not None and instant < first[1] else instant
