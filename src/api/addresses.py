"""What stands in addresses: places by slug or GEOID, entries by id, states by postal code."""

from __future__ import annotations

from typing import Annotated

import msgspec
from pydantic import Field

from projections.jurisdictions import place_by
from projections.snapshot import Snapshot

_GEOID = "geoid:"
PlaceId = Annotated[
    str,
    Field(
        pattern=r"^(?:geoid:[0-9]{2,10}|[a-z0-9]+(?:-[a-z0-9]+)*)$",
        max_length=160,
        description="The slug of a jurisdiction, or `geoid:` and its Census GEOID.",
        examples=["new-orleans-la", "geoid:2255000"],
    ),
]
EntryId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=160,
        description="The id of an entry.",
        examples=["2017-04-21-doj-letters-nine"],
    ),
]
StateCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["LA"])]


class _Place(msgspec.Struct):
    id: str


_place = msgspec.json.Decoder(_Place).decode


def slug_of(snapshot: Snapshot, id_: str) -> str:
    """The slug of a place; NotFound where no place has that GEOID."""
    return _place(shown_at(snapshot, id_)).id if id_.startswith(_GEOID) else id_


def shown_at(snapshot: Snapshot, id_: str) -> str:
    """A place's JSON; NotFound where it is not on record."""
    if id_.startswith(_GEOID):
        return place_by(snapshot, "geoid", id_.removeprefix(_GEOID))[0]
    return place_by(snapshot, "id", id_)[0]
