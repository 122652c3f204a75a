"""An entry: its sources, what it answers and changed, every version of it, its proof, and how to cite it."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter

from api.pages.entry_view import EntryView, entry_view, entry_views
from api.pages.labels import Label, label_if_any
from api.pages.names import Names
from api.pages.page import PageContent, html_page, page
from api.pages.places import status_history
from api.pages.urls import PageQuery, PageRequest, checked_id
from api.resources.citations import citation, permalink_of
from domain.history import Transition
from domain.web_addresses import link_to
from eventlog.proofs import proving
from projections.entries import entries_linking_to, entry_history
from projections.snapshot import Snapshot
from projections.timeline import read_entry

router = APIRouter()
_MOST_PLACES = 60
"""How many of the places that an entry names are searched for changes that it caused."""
_LINKS = {"answers": "Answers", "disputes": "Disputes", "demand": "Concerns the demand", "follows": "Follows"}
_BACKLINKS = {"answers": "Answered by", "disputes": "Disputed by", "demand": "Moved or withdrawn by"}
_COMMON_FIELDS = {
    "id", "kind", "occurred", "public", "sequence", "actor", "jurisdictions", "summary", "authority", "follows",
    "quotes", "sources", "claims", "confidence", "note", "standing", "log", "certain", "answers", "disputes", "demand",
    "respond_by",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A transition that the entry caused, and the places where it did."""

    item: str
    before: Label | None
    after: Label | None
    on: str
    places: list[str]


@page(router, "/entries/{id}", query=PageQuery)
def entry_page(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    id_ = checked_id(request.path_params["id"], "entry")
    entry = entry_view(read_entry(snapshot, id_)[0])
    names = Names(snapshot)
    links: dict[str, list[str]] = {}
    for label, linked in _links(snapshot, entry):
        links.setdefault(label, []).append(linked)
    status_changes, places_left_out = _status_changes(request, snapshot, entry, names)
    permalink = permalink_of(entry.fields, request.root)
    with proving(request.service.log) as proofs:
        checkpoint, key = proofs.checkpoint(), proofs.key
    return html_page(
        "entry.html",
        request,
        snapshot,
        names=names,
        title=entry.heading,
        description=entry.summary,
        image=request.url(f"/places/{entry.jurisdictions[0]}/lanes.png") if entry.jurisdictions else None,
        feeds=[("Latest acts", "/timeline")],
        structured_data=_structured_data(entry, permalink),
        # A retracted entry is shown whole, for whoever follows a link, but no search engine is to repeat it.
        status=HTTPStatus.GONE if entry.standing == "retracted" else HTTPStatus.OK,
        entry=entry,
        versions=entry_history(snapshot, request.service.log, id_)["versions"],
        links=links,
        linked_entries=entry_views(snapshot, (linked for group in links.values() for linked in group)),
        status_changes=status_changes,
        places_left_out=places_left_out,
        particulars=[(name, value) for name, value in entry.fields.items() if name not in _COMMON_FIELDS],
        citation=citation(entry.fields, permalink),
        checkpoint=checkpoint,
        key=key,
    )


def _links(snapshot: Snapshot, entry: EntryView) -> Iterator[tuple[str, str]]:
    """Every entry that this one links to or that links to it, with the label of the link."""
    for field, label in _LINKS.items():
        linked = entry.fields.get(field, ())
        yield from ((label, id_) for id_ in ([linked] if isinstance(linked, str) else linked))
    for id_, field in entries_linking_to(snapshot, entry.id, snapshot.clocks().as_of):
        yield _BACKLINKS[field], id_


def _status_changes(
    request: PageRequest, snapshot: Snapshot, entry: EntryView, names: Names
) -> tuple[list[StatusChange], int]:
    """What the entry changed in the places that it names and in states whose agencies it names; places left out."""
    place_ids = list(dict.fromkeys(_affected_places(entry, names)))
    places: dict[Transition, list[str]] = {}
    for id_ in place_ids[:_MOST_PLACES]:
        place = snapshot.cache.directory.place(id_, snapshot.position)
        if place is not None:
            history = status_history(request, snapshot, id_, snapshot.clocks(place.time_zone).as_of)
            for transition in history.transitions:
                if transition.entry == entry.id:
                    places.setdefault(transition, []).append(id_)
    changes = [
        StatusChange(
            names.item_name(transition.track, transition.key),
            label_if_any(transition.track, transition.before),
            label_if_any(transition.track, transition.after),
            transition.on,
            ids,
        )
        for transition, ids in places.items()
    ]
    return changes, max(0, len(place_ids) - _MOST_PLACES)


def _affected_places(entry: EntryView, names: Names) -> Iterator[str]:
    for id_ in entry.jurisdictions:
        yield id_
        place = names.find_place(id_)
        if place is not None and place.speaks_for is not None:
            yield place.speaks_for


def _structured_data(entry: EntryView, permalink: str) -> dict[str, Any]:
    """The entry for search engines: a page about an act, and the documents that it rests on."""
    sources = [
        {"@type": "CreativeWork", "name": source["title"]}
        | ({"publisher": {"@type": "Organization", "name": source["publisher"]}} if "publisher" in source else {})
        | ({"url": address} if (address := link_to(source.get("url"))) else {})
        for source in entry.sources
    ]
    return {
        "identifier": entry.id,
        "dateCreated": entry.log["recorded_at"],
        "dateModified": entry.log["revised"]["recorded_at"],
        "version": entry.log["version"],
        "temporalCoverage": entry.occurred,
        "isBasedOn": sources,
        "archivedAt": permalink,
    }
