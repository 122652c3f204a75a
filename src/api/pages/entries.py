"""An entry: the act, its sources, what it answered and moved, every version of it, its proof, and how to cite it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request

from api.pages.entry_view import EntryView, entry_view, entry_views
from api.pages.labels import Label, label
from api.pages.names import PlaceNames
from api.pages.page import PageContent, checked_query, html_response, page_context, page_route
from api.pages.places import known_through
from api.pages.urls import PageQuery, PageRequest
from api.resources.citations import citation, permalink_of
from domain.history import Transition
from eventlog.proofs import proving
from projections.entries import entries_linking_to, entry_history
from projections.snapshot import Snapshot
from projections.timeline import read_entry

_MOST_MOVED = 60
_LINKS = (("answers", "Answers"), ("disputes", "Disputes"), ("demand", "Concerns the demand"), ("follows", "Follows"))
_BACK = {"answers": "Answered by", "disputes": "Disputed by", "demand": "Moved or withdrawn by"}
_COMMON = {
    "id", "kind", "occurred", "public", "sequence", "actor", "jurisdictions", "summary", "authority", "follows",
    "quotes", "sources", "claims", "confidence", "note", "standing", "log", "certain", "answers", "disputes", "demand",
    "respond_by",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """A change of status that the entry caused, and of which places."""

    item: str
    before: Label | None
    after: Label | None
    on: str
    places: list[str]


def _entry(request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    id_ = checked_query(request.path_params["id"], "entry")
    act = entry_view(read_entry(snapshot, id_)[0])
    known = PlaceNames(snapshot)
    versions = entry_history(snapshot, visit.service.log, id_)["versions"]
    at = snapshot.clocks()
    pointing = list(_pointing(act)) + [
        (_BACK[how], other) for other, how in entries_linking_to(snapshot, id_, at.as_of)
    ]
    labels = dict.fromkeys(label for label, _ in pointing)
    moved, places_left_out = _moved(visit, snapshot, act, known)
    permalink = permalink_of(act.fields, visit.root)
    with proving(visit.service.log) as proofs:
        checkpoint, key = proofs.checkpoint(), proofs.key
    context = page_context(
        visit,
        snapshot,
        names=known,
        title=act.heading,
        description=act.summary,
        image=visit.link(f"/places/{act.jurisdictions[0]}/lanes.png") if act.jurisdictions else None,
        feeds=[("Latest acts", "/timeline")],
        about=_about(act, permalink),
        act=act,
        versions=versions,
        links=[(label, [other for its, other in pointing if its == label]) for label in labels],
        linked=entry_views(snapshot, (other for _, other in pointing)),
        moved=moved,
        places_left_out=places_left_out,
        particulars=[(name, value) for name, value in act.fields.items() if name not in _COMMON],
        citation=citation(act.fields, permalink),
        checkpoint=checkpoint,
        key=key,
    )  # fmt: skip
    # Whole, so that anyone can read what was said and why it no longer is; yet no search engine is to repeat it.
    status = HTTPStatus.GONE if act.standing == "retracted" else HTTPStatus.OK
    return PageContent(html_response("entry.html", context), status)


def _pointing(act: EntryView) -> Iterator[tuple[str, str]]:
    for field, relation in _LINKS:
        given = act.fields.get(field, ())
        yield from ((relation, other) for other in ([given] if isinstance(given, str) else given))


def _moved(visit: PageRequest, snapshot: Snapshot, act: EntryView, known: PlaceNames) -> tuple[list[Moved], int]:
    """The transitions of the places that it names (and of the states whose agencies it names) with it for a cause."""
    named = list(dict.fromkeys(_touched(act.jurisdictions, known)))
    places: dict[Transition, list[str]] = {}
    for id_ in named[:_MOST_MOVED]:
        for one in _moved_in(visit, snapshot, act.id, id_):
            places.setdefault(one, []).append(id_)
    moved = [
        Moved(known.of(one.track, one.key), _word(one.track, one.before), _word(one.track, one.after), one.on, ids)
        for one, ids in places.items()
    ]
    return moved, max(0, len(named) - _MOST_MOVED)


def _touched(ids: Iterable[str], known: PlaceNames) -> Iterator[str]:
    for id_ in ids:
        yield id_
        place = known.place_of(id_)
        if place is not None and place.speaks_for is not None:
            yield place.speaks_for


def _moved_in(visit: PageRequest, snapshot: Snapshot, entry_id: str, id_: str) -> list[Transition]:
    place = snapshot.cache.directory.place(id_, snapshot.position)
    if place is None:
        return []
    through = known_through(visit, snapshot, id_, snapshot.clocks(place.time_zone).as_of)
    return [one for one in through.transitions if one.entry == entry_id]


def _word(track: str, value: str | None) -> Label | None:
    return None if value is None else label(track, value)


def _about(act: EntryView, permalink: str) -> dict[str, Any]:
    """What schema.org calls it: a page about an act, and the documents that it rests on."""
    sources = [
        {"@type": "CreativeWork", "name": one["title"]}
        | ({"publisher": {"@type": "Organization", "name": one["publisher"]}} if "publisher" in one else {})
        | ({"url": one["url"]} if "url" in one else {})
        for one in act.sources
    ]
    return {
        "identifier": act.id,
        "dateCreated": act.log["recorded_at"],
        "dateModified": act.log["revised"]["recorded_at"],
        "version": act.log["version"],
        "temporalCoverage": act.occurred,
        "isBasedOn": sources,
        "archivedAt": permalink,
    }


ROUTES = [page_route("/entries/{id}", PageQuery, _entry)]
