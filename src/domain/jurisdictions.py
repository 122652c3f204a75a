"""States, counties, cities and agencies: what is kept of a place, and who counts as its family."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from domain.errors import Problem
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

    def identifiers(self) -> list[tuple[str, str]]:
        """The ids from elsewhere that no two places share: field and value, as they are compared."""
        given = (("geoid", self.geoid), ("ocd", self.ocd))
        return [(field, value) for field, value in given if value is not None]


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

# Census GEOIDs begin with the state's code (ANSI INCITS 38), which the USPS letters of the state stand for.
STATE_CODES = {
    "AL": "01", "AK": "02", "AZ": "04", "AR": "05", "CA": "06", "CO": "08", "CT": "09", "DE": "10", "DC": "11",
    "FL": "12", "GA": "13", "HI": "15", "ID": "16", "IL": "17", "IN": "18", "IA": "19", "KS": "20", "KY": "21",
    "LA": "22", "ME": "23", "MD": "24", "MA": "25", "MI": "26", "MN": "27", "MS": "28", "MO": "29", "MT": "30",
    "NE": "31", "NV": "32", "NH": "33", "NJ": "34", "NM": "35", "NY": "36", "NC": "37", "ND": "38", "OH": "39",
    "OK": "40", "OR": "41", "PA": "42", "RI": "44", "SC": "45", "SD": "46", "TN": "47", "TX": "48", "UT": "49",
    "VT": "50", "VA": "51", "WA": "53", "WV": "54", "WI": "55", "WY": "56", "AS": "60", "GU": "66", "MP": "69",
    "PR": "72", "VI": "78",
}  # fmt: skip
# How many digits the GEOIDs of each kind have (Census Bureau, "Understanding Geographic Identifiers"): a city's are a
# place's, or, of a town that is none, a county subdivision's.
_GEOID_DIGITS: dict[JurisdictionKind, tuple[int, ...]] = {
    "state": (2,),
    "county": (5,),
    "city": (7, 10),
    "agency": (2, 5, 7, 10),
}
_OCD_STATE = re.compile(r"ocd-division/country:us/(?:state|territory|district):([^/]+)(?:/.*)?")


def problems_of_identifiers(place: Jurisdiction) -> Iterator[Problem]:
    """For which a place's GEOID or OCD id is refused: its form, or a state that is not the place's."""
    code = STATE_CODES.get(place.state)
    if (geoid := place.geoid) is not None:
        digits = _GEOID_DIGITS[place.kind]
        if len(geoid) not in digits:
            wanted = " or ".join(map(str, digits))
            zero = ", the zero that it begins with among them" if len(geoid) + 1 in digits else ""
            yield Problem(
                "geoid", geoid, f"a {place.kind}'s GEOID has {wanted} digits{zero}, and this has {len(geoid)}"
            )
        elif code is not None and not geoid.startswith(code):
            yield Problem("geoid", geoid, f"a GEOID in {place.state} begins with {code}")
    if (ocd := place.ocd) is not None:
        state = _OCD_STATE.fullmatch(ocd)
        if unicodedata.normalize("NFC", ocd) != ocd or ocd.lower() != ocd:
            yield Problem("ocd", ocd, "an OCD id is written in lower case, each letter with its mark as one character")
        elif state is None or state[1] != place.state.lower():
            yield Problem("ocd", ocd, f"is not in {place.state}, as the place is")
        elif _is_whole_state(ocd) != (place.kind == "state") and place.kind != "agency":
            yield Problem("ocd", ocd, f"is not that of a {place.kind}")


def _is_whole_state(ocd: str) -> bool:
    return ocd.count("/") == "ocd-division/country:us/state:la".count("/")
