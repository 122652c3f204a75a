"""An entry as pages show it: its heading, whom it names, what it asks, answers and rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.pages.dates import in_words, short_edtf, year_of
from api.pages.labels import KINDS, PARTIES
from domain.errors import NotFound
from projections.snapshot import Snapshot
from projections.timeline import read_entry

Fields = Mapping[str, Any]
_MOST_NAMED = 4


class EntryView:
    """One entry, read for showing."""

    def __init__(self, fields: Fields) -> None:
        """From the entry's JSON object as the API answers it."""
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
        self.quotes: list[Fields] = fields.get("quotes", [])
        self.claims: list[Fields] = fields.get("claims", [])
        self.note: str | None = fields.get("note")
        self.log: Fields = fields["log"]
        self.sources = sorted(fields["sources"], key=lambda one: one["rank"] != "primary")

    @property
    def actor(self) -> str:
        """Who acted, with the office; empty where the sources do not say."""
        actor = self.fields["actor"]
        return ", ".join(one for one in (actor.get("name"), actor.get("office")) if one)

    @property
    def who(self) -> str:
        """Who acted, in few words."""
        actor = self.fields["actor"]
        return str(actor.get("name") or actor.get("office") or "")

    @property
    def heading(self) -> str:
        """What a link to it says."""
        return f"{self.kind_label}{f' by {self.who}' if self.who else ''}, {self.date}"

    @property
    def source(self) -> Fields:
        """The source that stands first: a primary one where there is one."""
        first: Fields = self.sources[0]
        return first

    def source_of(self, id_: str) -> Fields:
        """A source by its id in the entry."""
        return next((one for one in self.sources if one["id"] == id_), self.source)

    @property
    def public(self) -> str | None:
        """When it was first public, where that is not when it occurred."""
        public: str | None = self.fields.get("public")
        return None if public is None or public == self.occurred else in_words(public)

    @property
    def respond_by(self) -> Fields | None:
        """What it asks for, where it asks."""
        asked: Fields | None = self.fields.get("respond_by")
        return asked

    def named(self) -> tuple[list[str], int]:
        """The first places that it names, and how many more."""
        shown = self.jurisdictions[:_MOST_NAMED] if len(self.jurisdictions) > _MOST_NAMED + 1 else self.jurisdictions
        return shown, len(self.jurisdictions) - len(shown)


def entry_view(body: str | bytes) -> EntryView:
    """An entry from its JSON."""
    return EntryView(msgspec.json.decode(body))


def entry_views(snapshot: Snapshot, ids: Iterable[str | None]) -> dict[str, EntryView]:
    """The entries that a page speaks of, those left out that do not count on the clocks asked."""
    found: dict[str, EntryView] = {}
    for id_ in sorted({one for one in ids if one is not None}):
        try:
            found[id_] = entry_view(read_entry(snapshot, id_)[0])
        except NotFound:
            continue  # the link is shown as an id: it leads to what can be said of it
    return found
