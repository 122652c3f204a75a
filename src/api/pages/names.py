"""Names that the record gives to things, as pages show them."""

from __future__ import annotations

import msgspec

from api.pages.labels import STATES, grant
from domain.errors import NotFound
from projections.entries import title_of_thing
from projections.places import place_by_id, places_page
from projections.snapshot import Snapshot


class PlaceName(msgspec.Struct):
    """What a page shows of a place."""

    id: str
    name: str
    kind: str
    state: str
    aliases: tuple[str, ...] = ()
    geoid: str | None = None
    ocd: str | None = None
    speaks_for: str | None = None
    note: str | None = None

    @property
    def full(self) -> str:
        """The name with the state, where the name is not the state's own."""
        state = STATES.get(self.state, self.state)
        return self.name if self.name == state else f"{self.name}, {state}"


_place = msgspec.json.Decoder(PlaceName).decode


class PlaceNames:
    """What things are called, as one snapshot has it; each is looked up when it is first spoken of."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Of a snapshot, for as long as it lasts."""
        self._snapshot = snapshot
        self._places: dict[str, PlaceName | None] = {}
        self._titles: dict[tuple[str, str], str | None] = {}

    def place_of(self, id_: str) -> PlaceName | None:
        """A place; None where it is not on record."""
        if id_ not in self._places:
            try:
                self._places[id_] = _place(place_by_id(self._snapshot, "id", id_)[0])
            except NotFound:
                self._places[id_] = None
        return self._places[id_]

    def known_place(self, id_: str) -> PlaceName:
        """A place; NotFound where it is not on record."""
        place = self.place_of(id_)
        if place is None:
            raise NotFound(f"no jurisdiction {id_!r} is on record")
        return place

    def every(self) -> list[PlaceName]:
        """Every place on record, by id."""
        return [_place(body) for _, body, _ in places_page(self._snapshot, after="")]

    def place(self, id_: str) -> str:
        """A place's name with its state."""
        place = self.place_of(id_)
        return id_ if place is None else place.full

    def of(self, track: str, key: str) -> str:
        """What an item of a track is called."""
        match track:
            case "stage" | "response" | "review":
                return self._title("review", key) or f"The review that {key} opened"
            case "listing":
                return self._title("list", key) or key
            case "policies":
                return self._title("policy", key) or key
            case "court":
                case_, _, subject = key.partition(" ")
                return f"{self.subject(subject)} — {self.case(case_)}"
            case _:
                return grant(key)

    def case(self, id_: str) -> str:
        """A case's caption."""
        return self._title("case", id_) or id_

    def subject(self, id_: str) -> str:
        """A subject's title."""
        return self._title("subject", id_) or id_

    def _title(self, kind: str, id_: str) -> str | None:
        if (kind, id_) not in self._titles:
            self._titles[kind, id_] = title_of_thing(self._snapshot, kind, id_)
        return self._titles[kind, id_]
