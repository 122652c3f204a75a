"""The shapes of what the log proves, for the documentation."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from api.shapes import Instant, Shape

Hash = Annotated[
    str, Field(description="SHA-256, in base64.", examples=["XT9WNtjejRsl+VJJiMwJfDe4EQ1vi4LRLmXv6gph2X4="])
]


class LeafShown(Shape):
    """All that the log keeps of an event; its bytes are what is hashed."""

    position: int
    stream: str
    version: int
    topic: str
    recorded_at: Instant
    recorder: str
    state: dict[str, Any]


class InclusionShown(Shape):
    """That an event is one of the first `size`: an audit path as in RFC 6962."""

    position: int
    size: int
    leaf_hash: Hash
    root: Hash
    hashes: list[Hash]


class ConsistencyShown(Shape):
    """That the log of `to` events goes on from that of `from`: a consistency proof as in RFC 6962."""

    from_: int = Field(alias="from")
    to: int
    hashes: list[Hash]
