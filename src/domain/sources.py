"""What an entry rests on: sources, the words quoted from them, the claims that differ, and who acted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from domain.dates import Edtf

Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=160),
    Field(description="lower-case letters and digits, joined by hyphens"),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]

Rank = Literal["primary", "secondary"]
Party = Literal["federal", "jurisdiction", "court", "press", "other"]


class Value(BaseModel):
    """An immutable value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Value):
    """A document that an entry rests on; `id` (s1, s2, ...) is local to the entry."""

    id: Slug
    title: Line
    publisher: Line | None = None
    url: Line | None = None
    date: Edtf | None = None
    rank: Rank


class CorrectionSource(Value):
    """The document that a correction or a dispute rests on, kept apart from the entry's own."""

    id: Slug | None = None
    title: Line
    publisher: Line | None = None
    url: Line | None = None
    date: Edtf | None = None
    rank: Rank


class Quote(Value):
    """Words taken verbatim from a source of the entry."""

    text: Text
    speaker: Line | None = None
    source: Slug


class Claim(Value):
    """A source's version of a field where sources differ, kept beside the one that the entry uses."""

    field: Line
    value: JsonValue
    source: Slug
    note: Text | None = None


class Actor(Value):
    """Who acted: an office, a named person where the sources name one, and whose side it is."""

    name: Line | None = None
    office: Line | None = None
    party: Party
