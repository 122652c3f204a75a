"""How much one reader may ask: a token bucket for each key or address, in memory, told in `RateLimit` fields.

The fields are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers), in structured fields. A key that was
never seen to write is none: whoever makes keys up gets no bucket for each, but shares that of their address.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import monotonic

WINDOW_S = 60
_KEPT = 50_000


class Limits:
    """Buckets of `quota` requests that fill up again within `WINDOW_S` seconds; a quota of 0 sets no limit."""

    def __init__(self, quota: int, clock: Callable[[], float] = monotonic) -> None:
        self.quota = quota
        self._clock = clock
        self._rate = quota / WINDOW_S
        self._buckets: dict[object, tuple[float, float]] = {}
        self._keys: set[int] = set()
        self._policy = (b"ratelimit-policy", b'"default";q=%d;w=%d' % (quota, WINDOW_S))

    def knows(self, authorization: bytes) -> None:
        """Remembers that a key is one: it gets a bucket of its own."""
        if len(self._keys) < _KEPT:
            self._keys.add(hash(authorization))

    def take(self, address: object, authorization: bytes | None) -> tuple[list[tuple[bytes, bytes]], int]:
        """Takes a token: the fields that say what is left, and for how many seconds there is none (0: there was)."""
        if not self.quota:
            return [], 0
        who = hash(authorization) if authorization is not None and hash(authorization) in self._keys else address
        now = self._clock()
        tokens, at = self._buckets.pop(who, (float(self.quota), now))
        tokens = min(self.quota, tokens + (now - at) * self._rate)
        wait = 0 if tokens >= 1 else ceil((1 - tokens) / self._rate)
        left = tokens if wait else tokens - 1
        if len(self._buckets) >= _KEPT:
            del self._buckets[next(iter(self._buckets))]  # the one that asked longest ago, so the fullest
        self._buckets[who] = left, now
        until_full = ceil((self.quota - left) / self._rate)
        return [self._policy, (b"ratelimit", b'"default";r=%d;t=%d' % (left, until_full))], wait
