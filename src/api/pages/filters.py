"""The filters of a place's timeline, as links: kinds and sides that have acts there, the national line, the order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from api.pages.entry_view import entry_view
from api.pages.labels import KINDS, PARTIES
from api.pages.urls import PageRequest
from projections.snapshot import Snapshot
from projections.timeline import TimelineFilter, timeline_page

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter: what it says, where it leads, how many acts it leaves, and whether it is the one in use."""

    label: str
    address: str
    count: int | None
    chosen: bool


def filters_of(visit: PageRequest, snapshot: Snapshot, id_: str, asked: Any) -> dict[str, Any]:  # noqa: ANN401 - the page's question
    """The choices that a reader has."""
    at = (snapshot.clocks(snapshot.place(id_).time_zone), id_, asked.context)
    counts = visit.answers.get_or_make(("counts", *at), lambda: _counts(snapshot, id_, context=asked.context))
    kinds, parties = counts
    return {
        "kinds": [Choice("All kinds", visit.here(kind=None, cursor=None), sum(kinds.values()), asked.kind is None)]
        + [
            Choice(KINDS[kind], visit.here(kind=kind, cursor=None), number, asked.kind == kind)
            for kind, number in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        ],
        "parties": [Choice("All sides", visit.here(party=None, cursor=None), None, asked.party is None)]
        + [
            Choice(PARTIES[party], visit.here(party=party, cursor=None), parties[party], asked.party == party)
            for party in PARTIES
            if parties[party]
        ],
        "context": Choice(
            "Leave out acts that name nobody" if asked.context else "Show acts that name nobody, too",
            visit.here(context=None if asked.context else "true", cursor=None),
            None,
            asked.context,
        ),
        "order": Choice(
            "Oldest first" if asked.order == "newest" else "Newest first",
            visit.here(order="oldest" if asked.order == "newest" else None, cursor=None),
            None,
            chosen=False,
        ),
        "any": asked.kind is not None or asked.party is not None,
    }


def _counts(snapshot: Snapshot, id_: str, *, context: bool) -> tuple[Counter[str], Counter[str]]:
    found = timeline_page(snapshot, TimelineFilter(jurisdiction=id_, context=context), _MOST, None)
    acts = [entry_view(body) for body in found.bodies]
    return Counter(act.kind for act in acts), Counter(act.party for act in acts)
