"""An entry as pages show it: its heading, places, sources, and what it asks for."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.pages.dates import in_words, short_edtf, year_of
from api.pages.labels import KINDS, PARTIES
from domain.errors import NotFound
from projections.snapshot import Snapshot
from projections.timeline import read_entry

JsonObject = Mapping[str, Any]
_MOST_PLACES = 4


class EntryView:
    """An entry, made from the JSON object that the API answers."""

    def __init__(self, fields: JsonObject) -> None:
        self.fields = fields
        self.id: str = fields["id"]
        self.kind: str = fields["kind"]
        self.kind_label = KINDS.get(self.kind, self.kind)
        self.party: str = fields["actor"]["party"]
        self.party_label = PARTIES.get(self.party, self.party)
        self.occurred: str = fields["occurred"]
        self.date = in_words(self.occurred)
        self.short_date = short_edtf(self.occurred)
        self.year = year_of(self.occurred)
        self.summary: str = fields["summary"]
        self.standing: str = fields["standing"]
        self.certain: bool = fields.get("certain", True)
        self.jurisdictions: list[str] = fields["jurisdictions"]
        self.quotes: list[JsonObject] = fields.get("quotes", [])
        self.claims: list[JsonObject] = fields.get("claims", [])
        self.note: str | None = fields.get("note")
        self.respond_by: JsonObject | None = fields.get("respond_by")
        self.log: JsonObject = fields["log"]
        self.sources: list[JsonObject] = sorted(fields["sources"], key=lambda source: source["rank"] != "primary")
        """Primary sources first."""

    @property
    def actor(self) -> str:
        """Who acted, with the office; empty where the sources do not say."""
        actor = self.fields["actor"]
        return ", ".join(part for part in (actor.get("name"), actor.get("office")) if part)

    @property
    def heading(self) -> str:
        actor = self.fields["actor"]
        name = actor.get("name") or actor.get("office")
        return f"{self.kind_label}{f' by {name}' if name else ''}, {self.date}"

    @property
    def first_source(self) -> JsonObject:
        return self.sources[0]

    def source_by_id(self, id_: str) -> JsonObject:
        return next((source for source in self.sources if source["id"] == id_), self.first_source)

    @property
    def first_public(self) -> str | None:
        """When it was first public, where that is not when it occurred."""
        public: str | None = self.fields.get("public")
        return None if public is None or public == self.occurred else in_words(public)

    def first_places(self) -> tuple[list[str], int]:
        """The first places that it names, and how many more there are."""
        shown = self.jurisdictions if len(self.jurisdictions) <= _MOST_PLACES + 1 else self.jurisdictions[:_MOST_PLACES]
        return shown, len(self.jurisdictions) - len(shown)


def entry_view(body: str | bytes) -> EntryView:
    return EntryView(msgspec.json.decode(body))


def entry_views(snapshot: Snapshot, ids: Iterable[str | None]) -> dict[str, EntryView]:
    """Entries by id, without those that do not count on the clocks asked: a page shows their ids instead."""
    views: dict[str, EntryView] = {}
    for id_ in sorted({id_ for id_ in ids if id_ is not None}):
        try:
            views[id_] = entry_view(read_entry(snapshot, id_)[0])
        except NotFound:
            continue
    return views
