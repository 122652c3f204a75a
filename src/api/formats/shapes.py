"""The shapes of what only the formats have, for the documentation."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from api.shapes import Position, Shape


class Citation(Shape):
    """An entry's citation. The address is pinned to what we said: its answer never changes."""

    plain: str
    legal: str
    bibtex: str
    permalink: str
    position: Position


class Linked(Shape):
    """An entry in the words of schema.org."""

    context: Literal["https://schema.org"] = Field(alias="@context")
    type: str = Field(alias="@type")
    id: str = Field(alias="@id")


class ForTimelineJS(Shape):
    """A timeline as TimelineJS 3 reads it."""

    title: dict[str, Any]
    events: list[dict[str, Any]]
