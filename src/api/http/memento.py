"""RFC 7089 on the recorded clock: every read is its own TimeGate.

`Accept-Datetime` becomes `recorded_by`. The answer names the log position that was chosen, and so the address of a
memento that never changes. HTTP dates are whole seconds, so an instant is taken as the end of its second: the date
that a TimeMap gives for a version leads back to that version.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote

from api.http.exchange import RequestContext
from application.service import Service

_RECORDED_BY = re.compile(rb"(?:^|&)recorded_by=[^&]*")
_CURSOR = re.compile(rb"(?:^|&)cursor=[^&]*")
_END_OF_SECOND = timedelta(microseconds=999_999)


def parse_http_date(accept_datetime: bytes) -> str | None:
    """The instant in `Accept-Datetime`, as `recorded_by` takes it; None where it is not an HTTP date."""
    try:
        instant = parsedate_to_datetime(accept_datetime.decode("latin-1"))
    except (ValueError, TypeError, IndexError):
        return None
    if instant.tzinfo is None or not 1 < instant.year < 9999:  # noqa: PLR2004 - the calendar's ends
        return None
    return f"{(instant.astimezone(UTC) + _END_OF_SECOND).replace(tzinfo=None).isoformat()}Z"


@lru_cache(maxsize=4_096)
def http_date(recorded_at: str) -> str:
    return format_datetime(datetime.fromisoformat(recorded_at).astimezone(UTC), usegmt=True)


def memento_position(context: RequestContext, service: Service, stream: str | None) -> str | None:
    """The `recorded_by` that `Accept-Datetime` stands for; None where the request does not use it.

    `stream` is the log's name of the one thing that the address is about. Before its first version RFC 7089 wants the
    first memento rather than a 404.
    """
    if not context.negotiated or context.accept_datetime is None:
        return None
    instant = parse_http_date(context.accept_datetime)
    if stream is None or instant is None:
        return instant
    first = next(iter(service.log.stream_versions(stream)), None)
    return str(first[0]) if first is not None and instant < first[1] else instant


def memento_links(context: RequestContext) -> bytes:
    """The `Link` header: the next page, and the addresses of the same thing at other instants."""
    response = context.response
    if response is None:
        return b""
    links = []
    base = context.root + context.path
    if response.next_cursor is not None:
        query = _joined(_CURSOR.sub(b"", context.query), b"cursor=" + quote(response.next_cursor).encode())
        links.append(b'<%b?%b>; rel="next"' % (base, _safe(query)))
    if response.clocks is not None:
        query = context.query
        original = _with_query(base, _RECORDED_BY.sub(b"", query).removeprefix(b"&")) if query else base
        links.append(b'<%b>; rel="original timegate"' % original)
        if response.clocks.timemap:
            links.append(b'<%b/timemap>; rel="timemap"; type="application/link-format"' % base)
        if response.clocks.memento is not None:
            position, recorded_at = response.clocks.memento
            address = _memento_address(context, base, position)
            links.append(b'<%b>; rel="memento"; datetime="%b"' % (address, http_date(recorded_at).encode()))
    return b", ".join(links)


def memento_headers(context: RequestContext) -> list[tuple[bytes, bytes]]:
    """`Memento-Datetime` and, where the client gave a date, the permanent address of the memento."""
    response = context.response
    if response is None or response.clocks is None or response.clocks.memento is None:
        return []
    position, recorded_at = response.clocks.memento
    headers = [(b"memento-datetime", http_date(recorded_at).encode())]
    if context.negotiated:
        address = _memento_address(context, context.root + context.path, position)
        headers.append((b"content-location", address))
    return headers


def _memento_address(context: RequestContext, base: bytes, position: int) -> bytes:
    query = _RECORDED_BY.sub(b"", context.query).removeprefix(b"&")
    return _with_query(base, _joined(query, b"recorded_by=%d" % position))


def _joined(query: bytes, parameter: bytes) -> bytes:
    query = query.removeprefix(b"&")
    return b"%b&%b" % (query, parameter) if query else parameter


def _with_query(base: bytes, query: bytes) -> bytes:
    return b"%b?%b" % (base, _safe(query)) if query else base


def _safe(query: bytes) -> bytes:
    """A query that can stand within the angle brackets of a link."""
    return quote(query, safe="%&=+!$'()*,-./:;?@_~").encode()
