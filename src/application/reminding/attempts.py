"""How one attempt to send a message ended, in words for its sender: no address, and nothing that a receiver said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """`ends`: why nothing can come of trying again; None where something may."""

    ok: bool
    detail: str
    retry_after_s: int | None = None
    ends: str | None = None
    is_gone: bool = False
    """Whether the receiver said that it wants no more of anything."""


def delivered(detail: str) -> Attempt:
    """A receiver took it."""
    return Attempt(ok=True, detail=detail)


def failed(detail: str, retry_after_s: int | None = None) -> Attempt:
    """It is to be tried again."""
    return Attempt(ok=False, detail=detail, retry_after_s=retry_after_s)


def given_up(reason: str) -> Attempt:
    """It cannot be delivered, however often it is tried."""
    return Attempt(ok=False, detail=reason, ends=reason)


def gone(detail: str) -> Attempt:
    """The receiver is there no more, and said so."""
    return Attempt(ok=False, detail=detail, ends="the receiver said that it is gone", is_gone=True)
