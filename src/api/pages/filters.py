"""The filters of a place's timeline, as links: kinds and parties of entries, acts that name nobody, and the order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from api.pages.entry_view import entry_view
from api.pages.labels import KINDS, PARTIES
from api.pages.urls import PageQuery, PageRequest
from domain.facts import Kind
from domain.values import Party
from projections.snapshot import Snapshot
from projections.timeline import TimelineFilter, timeline_page

_MOST_COUNTED = 1_000


class PlacePageQuery(PageQuery):
    """Which entries of a place, and in which order."""

    kind: Kind | None = None
    party: Party | None = None
    context: bool = False
    order: Literal["newest", "oldest"] = "newest"
    cursor: str | None = Field(None, max_length=2000)


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A link that sets a filter, how many entries that leaves, and whether the filter is set."""

    label: str
    url: str
    count: int | None
    chosen: bool


def filter_links(request: PageRequest, snapshot: Snapshot, place_id: str, query: PlacePageQuery) -> dict[str, Any]:
    clocks = snapshot.clocks(snapshot.place(place_id).time_zone)
    kinds, parties = request.answers.get_or_make(
        ("counts", clocks, place_id, query.context), lambda: _counts(snapshot, place_id, context=query.context)
    )

    def link(label: str, *, count: int | None = None, chosen: bool = False, **parameters: str | None) -> FilterLink:
        return FilterLink(label, request.with_changes(cursor=None, **parameters), count, chosen)

    kind_links = [
        link(KINDS[kind], count=count, chosen=query.kind == kind, kind=kind)
        for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    ]
    party_links = [
        link(label, count=parties[party], chosen=query.party == party, party=party)
        for party, label in PARTIES.items()
        if parties[party]
    ]
    return {
        "kinds": [link("All kinds", count=sum(kinds.values()), chosen=query.kind is None, kind=None), *kind_links],
        "parties": [link("All sides", chosen=query.party is None, party=None), *party_links],
        "context": link("Leave out acts that name nobody", context=None)
        if query.context
        else link("Show acts that name nobody, too", context="true"),
        "order": link("Oldest first", order="oldest") if query.order == "newest" else link("Newest first", order=None),
        "any": query.kind is not None or query.party is not None,
    }


def _counts(snapshot: Snapshot, place_id: str, *, context: bool) -> tuple[Counter[str], Counter[str]]:
    page = timeline_page(snapshot, TimelineFilter(jurisdiction=place_id, context=context), _MOST_COUNTED, None)
    entries = [entry_view(body) for body in page.bodies]
    return Counter(entry.kind for entry in entries), Counter(entry.party for entry in entries)
