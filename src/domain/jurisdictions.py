"""States, counties, cities and agencies: what is kept of a place, and who counts as its family."""

from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from domain.values import OneLine, Slug, State, Text, Value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as America/Chicago") from error
    return name


JurisdictionKind = Literal["state", "county", "city", "agency"]

TimeZone = Annotated[str, AfterValidator(_zone), Field(examples=["America/Chicago"])]


class Jurisdiction(Value):
    """A place or agency of the record, keyed by its slug and never matched by name."""

    id: Slug
    name: OneLine
    kind: JurisdictionKind
    state: State
    time_zone: TimeZone
    geoid: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,10}$")] | None = None
    ocd: Annotated[str, StringConstraints(pattern=r"^ocd-division/country:us(?:/[a-z_]+:[^/\s]+)*$")] | None = None
    speaks_for: Slug | None = None
    aliases: tuple[OneLine, ...] = ()
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What the folds need of a jurisdiction: its own id, the agencies that speak for it, the state it speaks for."""

    id: str
    state: str
    time_zone: str
    speaks_for: str | None = None
    agencies: tuple[str, ...] = ()

    @property
    def touched_by(self) -> frozenset[str]:
        """The ids by which an act touches the place: a jurisdiction takes the acts of its agencies as its own."""
        return frozenset((self.id, *self.agencies))

    def family(self, addressee: str) -> frozenset[str]:
        """Who may answer for an addressee of this place (itself or one of its agencies): domain rules, section 4."""
        if addressee == self.id:
            return self.touched_by | ({self.speaks_for} if self.speaks_for else frozenset())
        return frozenset((addressee, self.id))

    @property
    def relatives(self) -> tuple[str, ...]:
        """Everyone whose acts can bear on an answer about the place."""
        return (self.id, *self.agencies, *([self.speaks_for] if self.speaks_for else []))


# 28 U.S.C. 41: which states, districts and territories make up each judicial circuit.
CIRCUITS: dict[int | str, frozenset[str]] = {
    1: frozenset(("ME", "MA", "NH", "RI", "PR")),
    2: frozenset(("CT", "NY", "VT")),
    3: frozenset(("DE", "NJ", "PA", "VI")),
    4: frozenset(("MD", "NC", "SC", "VA", "WV")),
    5: frozenset(("LA", "MS", "TX")),
    6: frozenset(("KY", "MI", "OH", "TN")),
    7: frozenset(("IL", "IN", "WI")),
    8: frozenset(("AR", "IA", "MN", "MO", "NE", "ND", "SD")),
    9: frozenset(("AK", "AZ", "CA", "GU", "HI", "ID", "MT", "NV", "OR", "WA", "MP")),
    10: frozenset(("CO", "KS", "NM", "OK", "UT", "WY")),
    11: frozenset(("AL", "FL", "GA")),
    "dc": frozenset(("DC",)),
}
