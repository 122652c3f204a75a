"""What was said last, so that a 304 costs a look at the head of the log and reads nothing else.

An answer over the record follows from the question, the log up to its head, and the day. Every midnight on earth
falls on a quarter of an hour of UTC, so within one quarter no day turns anywhere. While head and quarter are what they
were, the answer is, too; an answer pinned to a position needs neither.
"""

from dataclasses import dataclass
from zlib import crc32

from projections.lru import LRUCache

VALIDATORS = 10_000
"""How many are remembered."""
_QUARTER_S = 900
ValidatorKey = tuple[bytes, bytes, bytes | None, bytes | None]
"""Path, query, `Accept` and `Host`: all that an answer to a reader varies by, but for its coding."""


@dataclass(frozen=True, slots=True)
class CachedValidator:
    """The headers of an answer that was given, and what it holds for."""

    tag: bytes
    headers: list[tuple[bytes, bytes]]
    head: int
    quarter: int
    pinned: bool
    endpoint: object


ValidatorCache = LRUCache[ValidatorKey, CachedValidator]


def quarter_of(timestamp: float) -> int:
    return int(timestamp // _QUARTER_S)


_GZIP = b"-gzip"


def etag_of_body(position: int | None, body: bytes) -> bytes:
    return b'"%x-%x-%08x"' % (position or 0, len(body), crc32(body))


def gzip_etag(tag: bytes) -> bytes:
    """The ETag of the same body in gzip: a strong tag names bytes, so it is another."""
    return tag[:-1] + _GZIP + b'"'


def etag_matches(if_none_match: bytes, tag: bytes) -> bool:
    """Whether `If-None-Match` has this tag (compared weakly, as RFC 9110 wants)."""
    if if_none_match == tag:
        return True
    plain = _plain(tag)
    return any(item.strip() == b"*" or _plain(item.strip()) == plain for item in if_none_match.split(b","))


def _plain(tag: bytes) -> bytes:
    tag = tag.removeprefix(b"W/")
    return tag[: -len(_GZIP) - 1] + b'"' if tag.endswith(_GZIP + b'"') else tag
