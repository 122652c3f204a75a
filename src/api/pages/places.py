"""A place: its status, its lanes through the years, and what happened; and how a place is found."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any, Literal

import msgspec
from fastapi import Request
from pydantic import Field

from api.http.parameters import decode_cursor
from api.pages.dates import day_before, in_words
from api.pages.entry_view import EntryView, entry_view, entry_views
from api.pages.filters import filters_of
from api.pages.labels import PLACE_KINDS
from api.pages.lanes import lanes_of, shortened
from api.pages.lanes_svg import Frame, lanes_svg, legend
from api.pages.names import PlaceName, PlaceNames
from api.pages.page import PageContent, checked_query, html_response, page_context, page_route
from api.pages.status_board import causes_of, status_board
from api.pages.urls import PageQuery, PageRequest
from domain.facts import Kind
from domain.values import Party
from projections.deadlines import DeadlineFilter as WantedDeadlines
from projections.deadlines import place_deadlines
from projections.history import PlaceHistory, place_history
from projections.paging import KeyNumber, KeyText, encode_cursor
from projections.places import slug_of
from projections.snapshot import Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page

_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyNumber, KeyText])
_A_PAGE = 60
MOST_LANES = 24


class PlacePageQuery(PageQuery):
    """Which acts of a place, and in which order."""

    kind: Kind | None = None
    party: Party | None = None
    context: bool = False
    order: Literal["newest", "oldest"] = "newest"
    cursor: str | None = Field(None, max_length=2000)


class PlaceSearchQuery(PageQuery):
    """Which place is looked for."""

    q: str | None = Field(None, max_length=200)


def known_through(visit: PageRequest, snapshot: Snapshot, id_: str, as_of: str) -> PlaceHistory:
    """A place's status through time, worked out once for every day asked."""
    key = ("through", id_, snapshot.asked.public_by, snapshot.position)
    history: PlaceHistory = visit.answers.get_or_make(key, lambda: place_history(snapshot, id_))
    return history.up_to(as_of)


def _place(request: Request, visit: PageRequest, asked: PageQuery, snapshot: Snapshot) -> PageContent:
    assert isinstance(asked, PlacePageQuery)  # noqa: S101 - the route's own question
    id_ = slug_of(snapshot, checked_query(request.path_params["id"], "jurisdiction"))
    visit = replace(visit, path=f"/places/{id_}")
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    known = PlaceNames(snapshot)
    answer = place_status(snapshot, id_)
    through = known_through(visit, snapshot, id_, as_of)
    deadlines, _ = place_deadlines(snapshot, id_, WantedDeadlines())
    lanes = lanes_of(through.courses, deadlines, known)
    drawn, left_out = shortened(lanes, MOST_LANES)
    place = known.known_place(id_)
    acts, following = _timeline(snapshot, id_, asked)
    tracks = status_board(answer, known)
    context = page_context(
        visit,
        snapshot,
        names=known,
        title=f"{place.full}: where it stands, and what happened",
        description=_description(place, as_of, tracks),
        time_zone=time_zone,
        image=visit.link(f"/places/{id_}/lanes.png"),
        feeds=[(f"Acts: {place.full}", f"/jurisdictions/{id_}/timeline"),
               (f"Deadlines: {place.full}", f"/jurisdictions/{id_}/deadlines")],
        about=place_summary(place),
        place=place,
        board=tracks,
        causes=entry_views(snapshot, causes_of(answer)),
        lanes=lanes,
        left_out=left_out,
        picture=lanes_svg(drawn, Frame(place.full, as_of, visit.entry)) if drawn else None,
        legend=legend(drawn),
        years=[(year, list(its)) for year, its in groupby(acts, key=lambda act: act.year)],
        filters=filters_of(visit, snapshot, id_, asked),
        newest=asked.order == "newest",
        further=None if following is None else visit.here(cursor=following),
        steps=_steps(through, as_of, visit),
    )  # fmt: skip
    return PageContent(html_response("place.html", context))


def place_summary(place: PlaceName) -> dict[str, Any]:
    """What schema.org calls a place."""
    kinds = {"state": "State", "county": "AdministrativeArea", "city": "City", "agency": "GovernmentOrganization"}
    its: dict[str, Any] = {"@type": kinds[place.kind], "name": place.full}
    identifiers = [one for one in (place.ocd, place.geoid) if one]
    return {"about": its | ({"identifier": identifiers} if identifiers else {})}


def _description(place: PlaceName, as_of: str, tracks: list[Any]) -> str:
    first = next((item for track in tracks for item in track.items), None)
    said = f" {first.name}: {first.word.phrase}." if first is not None else ""
    return f"{place.full} ({PLACE_KINDS[place.kind].lower()}) on {in_words(as_of)}.{said} Every value with its source."


def _timeline(snapshot: Snapshot, id_: str, asked: PlacePageQuery) -> tuple[list[EntryView], str | None]:
    wanted = TimelineFilter(
        jurisdiction=id_,
        kind=asked.kind,
        party=asked.party,
        context=asked.context,
        newest=asked.order == "newest",
    )
    found = timeline_page(snapshot, wanted, _A_PAGE, decode_cursor(asked.cursor, _KEY))
    return [entry_view(body) for body in found.bodies], encode_cursor(found.next)


def _steps(through: PlaceHistory, as_of: str, visit: PageRequest) -> dict[str, tuple[str, str] | None]:
    """The days before and after the last change: how to go on through the history by links alone."""
    days = sorted({one.on for one in through.transitions})
    before = day_before(days[-1]) if days else None
    return {
        "earlier": None if before is None else (before, visit.here(as_of=before, cursor=None)),
        "last": None if not days or days[-1] == as_of else (days[-1], visit.here(as_of=days[-1], cursor=None)),
    }


def _search_results(_request: Request, visit: PageRequest, asked: PageQuery, snapshot: Snapshot) -> PageContent:
    assert isinstance(asked, PlaceSearchQuery)  # noqa: S101 - the route's own question
    known = PlaceNames(snapshot)
    matches = _matches(known, asked.q or "")
    context = page_context(
        visit,
        snapshot,
        names=known,
        title=f"Places: {asked.q}" if asked.q else "Every place on record",
        description="The states, counties, cities and state agencies of the record.",
        asked_for=asked.q or "",
        matches=matches,
    )
    return PageContent(
        html_response("places.html", context),
        location=visit.place(matches[0].id) if asked.q and len(matches) == 1 else None,
    )


def _matches(known: PlaceNames, words: str) -> list[PlaceName]:
    """The places in whose name, alias, slug or GEOID every word stands; those whose name it is before others."""
    wanted = words.casefold().replace(",", " ").split()
    asked = " ".join(wanted)
    found = []
    for place in known.every():
        said = (place.full, place.name, place.id, place.geoid or "", *place.aliases)
        whole = [one.casefold().replace(",", "") for one in said]
        if asked in whole[:1]:
            return [place]
        if all(word in " ".join(whole) for word in wanted):
            found.append((asked not in whole, place.full, place))
    exact = [place for inexact, _, place in found if not inexact]
    return exact if len(exact) == 1 and asked else [place for _, _, place in sorted(found, key=lambda one: one[:2])]


ROUTES = [page_route("/places", PlaceSearchQuery, _search_results), page_route("/places/{id}", PlacePageQuery, _place)]
