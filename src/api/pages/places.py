"""A place: its status, its lanes through the years, and its timeline; and the list of places with its search."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal

import msgspec
from fastapi import APIRouter
from pydantic import Field

from api.http.parameters import read_cursor
from api.pages.dates import in_words
from api.pages.entry_view import entry_view, entry_views
from api.pages.labels import KINDS, PARTIES, PLACE_KINDS
from api.pages.lanes import Lane, lanes_of, shortened
from api.pages.lanes_svg import lanes_svg, legend
from api.pages.names import NamedPlace, Names
from api.pages.page import PageContent, html_page, page
from api.pages.status_board import BoardTrack, causes_of, status_board
from api.pages.urls import PageQuery, PageRequest, checked_id
from domain.facts import Kind
from domain.folding import words_of
from domain.values import Party
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.history import PlaceHistory, place_history
from projections.paging import KeyNumber, KeyText, encode_cursor
from projections.places import slug_of
from projections.snapshot import Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page

router = APIRouter()
MOST_LANES = 24
_PAGE_SIZE, _MOST_COUNTED = 60, 1_000
_CURSOR_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyNumber, KeyText])
_SCHEMA_TYPES = {"state": "State", "county": "AdministrativeArea", "city": "City", "agency": "GovernmentOrganization"}


class PlaceSearchQuery(PageQuery):
    q: str | None = Field(None, max_length=200)


class PlacePageQuery(PageQuery):
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


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What every page and picture of a place shows, on the clocks asked."""

    id: str
    time_zone: str
    as_of: str
    names: Names
    place: NamedPlace
    history: PlaceHistory
    lanes: list[Lane]


def place_view(request: PageRequest, snapshot: Snapshot) -> PlaceView:
    id_ = slug_of(snapshot, checked_id(request.path_params["id"], "jurisdiction"))
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    names = Names(snapshot)
    history = status_history(request, snapshot, id_, as_of)
    deadlines, _ = place_deadlines(snapshot, id_, DeadlineFilter())
    lanes = lanes_of(history.courses, deadlines, names)
    return PlaceView(id_, time_zone, as_of, names, names.place(id_), history, lanes)


def status_history(request: PageRequest, snapshot: Snapshot, place_id: str, as_of: str) -> PlaceHistory:
    """A place's status through time up to a day; the whole history is cached, since other days share it."""
    key = ("history", place_id, snapshot.asked.public_by, snapshot.position)
    history: PlaceHistory = request.answers.get_or_make(key, lambda: place_history(snapshot, place_id))
    return history.up_to(as_of)


@page(router, "/places", query=PlaceSearchQuery)
def place_search_page(request: PageRequest, query: PlaceSearchQuery, snapshot: Snapshot) -> PageContent:
    names = Names(snapshot)
    search = query.q or ""
    matches, meant = _matches(names, search)
    if meant is not None:
        return PageContent(b"", location=request.place_url(meant.id))
    return html_page(
        "places.html",
        request,
        snapshot,
        names=names,
        title=f"Places: {search}" if search else "Every place on record",
        description="The states, counties, cities and state agencies of the record.",
        search=search,
        matches=matches,
    )


@page(router, "/places/{id}", query=PlacePageQuery)
def place_page(request: PageRequest, query: PlacePageQuery, snapshot: Snapshot) -> PageContent:
    view = place_view(request, snapshot)
    request = replace(request, path=f"/places/{view.id}")
    status = place_status(snapshot, view.id)
    board = status_board(status, view.names)
    drawn, left_out = shortened(view.lanes, MOST_LANES)
    timeline_filter = TimelineFilter(
        jurisdiction=view.id, kind=query.kind, party=query.party, context=query.context, newest=query.order == "newest"
    )
    timeline = timeline_page(snapshot, timeline_filter, _PAGE_SIZE, read_cursor(query.cursor, _CURSOR_KEY))
    entries = [entry_view(body) for body in timeline.bodies]
    next_cursor = encode_cursor(timeline.next)
    last_change = max((transition.on for transition in view.history.transitions), default=None)
    day_before = None if last_change is None else (date.fromisoformat(last_change) - timedelta(days=1)).isoformat()
    name = view.place.full_name
    return html_page(
        "place.html",
        request,
        snapshot,
        names=view.names,
        title=f"{name}: where it stands, and what happened",
        description=_description(view, board),
        time_zone=view.time_zone,
        image=request.url(f"/places/{view.id}/lanes.png"),
        feeds=[
            (f"Acts: {name}", f"/jurisdictions/{view.id}/timeline"),
            (f"Deadlines: {name}", f"/jurisdictions/{view.id}/deadlines"),
        ],
        structured_data=_structured_data(view.place),
        place=view.place,
        board=board,
        causes=entry_views(snapshot, causes_of(status)),
        lanes=view.lanes,
        left_out=left_out,
        picture=lanes_svg(drawn, name, view.as_of, entry_url=request.entry_url) if drawn else None,
        legend=legend(drawn),
        years=[(year, list(group)) for year, group in groupby(entries, key=lambda entry: entry.year)],
        filters=_filter_links(request, snapshot, view.id, query),
        next_page=None if next_cursor is None else request.with_changes(cursor=next_cursor),
        last_change=None if last_change is None or last_change == view.as_of else _on_day(request, last_change),
        day_before_it=None if day_before is None else _on_day(request, day_before),
    )


def _matches(names: Names, search: str) -> tuple[list[NamedPlace], NamedPlace | None]:
    """The places in whose names, slug or GEOID every word begins a word, and the one that alone can be meant.

    That is the only one which has all of the words as they are, where no other has words that begin so; or the one
    whose name with its state, slug or GEOID it is. First in the list are those whose name it is.
    """
    words = words_of(search)
    unmistakable: list[NamedPlace] = []
    named: list[NamedPlace] = []
    whole: list[NamedPlace] = []
    begun: list[NamedPlace] = []
    for place in names.all_places():
        own = set(place.words)
        if _can_mean_no_other(place, search, words):
            unmistakable.append(place)
        if words in map(words_of, (place.name, *place.aliases)):
            named.append(place)
        elif own.issuperset(words):
            whole.append(place)
        elif all(any(word.startswith(beginning) for word in own) for beginning in words):
            begun.append(place)
    matches = [place for group in (named, whole, begun) for place in sorted(group, key=lambda each: each.full_name)]
    if not words:
        return matches, None
    alone = unmistakable or ([] if begun else matches)
    return matches, alone[0] if len(alone) == 1 else None


def _can_mean_no_other(place: NamedPlace, search: str, words: list[str]) -> bool:
    """Whether it is the slug or GEOID of a place, or its name with its state; a state's own name may be a city's."""
    name = words_of(place.name)
    with_state = [words_of(each) for each in (place.full_name, f"{place.name}, {place.state}")]
    is_id = search.strip().casefold() in (place.id, place.geoid) and words != name
    return is_id or (words in with_state and words != name)


def _description(view: PlaceView, board: list[BoardTrack]) -> str:
    first = next((item for track in board for item in track.items), None)
    status = f" {first.name}: {first.label.phrase}." if first is not None else ""
    kind, day = PLACE_KINDS[view.place.kind].lower(), in_words(view.as_of)
    return f"{view.place.full_name} ({kind}) on {day}.{status} Every value with its source."


def _structured_data(place: NamedPlace) -> dict[str, Any]:
    about: dict[str, Any] = {"@type": _SCHEMA_TYPES[place.kind], "name": place.full_name}
    identifiers = [identifier for identifier in (place.ocd, place.geoid) if identifier]
    return {"about": about | ({"identifier": identifiers} if identifiers else {})}


def _on_day(request: PageRequest, day: str) -> tuple[str, str]:
    """A day and the link to the page as things stood then: days of change can be walked through by links alone."""
    return day, request.with_changes(as_of=day, cursor=None)


def _filter_links(request: PageRequest, snapshot: Snapshot, place_id: str, query: PlacePageQuery) -> dict[str, Any]:
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
