"""What goes into the log and what comes out of it: an event's business state, and its envelope around it.

Tuples, not dataclasses: a rebuild reads millions of them, and a row becomes one without a call into Python.
"""

from typing import NamedTuple


class NewEvent(NamedTuple):
    """An event to append: `version` is its place in its stream, from 1; `state` is its business fields."""

    stream: str
    version: int
    topic: str
    state: bytes


class Recorded(NamedTuple):
    """An event as the log holds it; `position` is its place among all events, from 1 without a gap."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: str
    recorder: str


class Head(NamedTuple):
    """The last position and its stamp; (0, "") of an empty log."""

    position: int
    recorded_at: str
