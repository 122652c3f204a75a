"""Display names of places, reviews, lists, policies and cases, looked up in one snapshot when first needed."""

import msgspec

from api.pages.labels import STATES, grant_name
from domain.errors import NotFound
from domain.folding import words_of
from projections.entries import title_of_thing
from projections.places import place_by_id, places_page
from projections.snapshot import Snapshot


class NamedPlace(msgspec.Struct):
    """The fields of a place that pages show."""

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
    def full_name(self) -> str:
        """The name with the state, unless the place is the state."""
        state = STATES.get(self.state, self.state)
        return self.name if self.name == state else f"{self.name}, {state}"

    @property
    def words(self) -> list[str]:
        """The words that it is found by: of its names, with the state's, and of its ids."""
        return words_of(" ".join((self.full_name, self.state, *self.aliases, self.id, self.geoid or "")))


_decode_place = msgspec.json.Decoder(NamedPlace).decode


class Names:
    """The names on record in one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._places: dict[str, NamedPlace | None] = {}
        self._titles: dict[tuple[str, str], str | None] = {}

    def find_place(self, id_: str) -> NamedPlace | None:
        if id_ not in self._places:
            try:
                self._places[id_] = _decode_place(place_by_id(self._snapshot, "id", id_)[0])
            except NotFound:
                self._places[id_] = None
        return self._places[id_]

    def place(self, id_: str) -> NamedPlace:
        """A place; NotFound where it is not on record."""
        place = self.find_place(id_)
        if place is None:
            raise NotFound(f"no jurisdiction {id_!r} is on record")
        return place

    def all_places(self) -> list[NamedPlace]:
        return [_decode_place(body) for _, body, _ in places_page(self._snapshot, after="")]

    def place_name(self, id_: str) -> str:
        """A place's name with its state; the id where the place is not on record."""
        place = self.find_place(id_)
        return id_ if place is None else place.full_name

    def item_name(self, track: str, key: str) -> str:
        match track:
            case "stage" | "response" | "review":
                return self._title("review", key) or f"The review that {key} opened"
            case "listing":
                return self._title("list", key) or key
            case "policies":
                return self._title("policy", key) or key
            case "court":
                case_id, _, subject = key.partition(" ")
                return f"{self.subject_name(subject)} — {self.case_name(case_id)}"
            case _:
                return grant_name(key)

    def case_name(self, id_: str) -> str:
        return self._title("case", id_) or id_

    def subject_name(self, id_: str) -> str:
        return self._title("subject", id_) or id_

    def _title(self, kind: str, id_: str) -> str | None:
        if (kind, id_) not in self._titles:
            self._titles[kind, id_] = title_of_thing(self._snapshot, kind, id_)
        return self._titles[kind, id_]
