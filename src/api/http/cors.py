"""Other origins: any page may read, none may write. No cookie means anything here, so nothing is risked by it."""

from __future__ import annotations

READABLE = (
    "Content-Location, ETag, Idempotency-Replayed, Last-Modified, Link, Location, Log-Position, Memento-Datetime, "
    "RateLimit, RateLimit-Policy, Retry-After"
)
# On every answer, also to those who send no Origin: a cache may keep it for a page that does.
READING = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", READABLE.encode()))
PREFLIGHT = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers",
     b"Accept, Accept-Datetime, Cache-Control, If-Modified-Since, If-None-Match, Last-Event-ID"),
    (b"access-control-max-age", b"86400"),
)  # fmt: skip
