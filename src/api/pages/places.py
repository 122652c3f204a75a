"""A place: its status, its lanes through the years, and what happened; and how a place is found."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import Any, Literal

import msgspec
from fastapi import Request
from pydantic import Field

from api.addresses import slug_of
from api.pages.acts import Act, act_of, acts_by_id
from api.pages.board import board, causes_of
from api.pages.context import checked, context_of
from api.pages.dates_in_words import day_before, in_words
from api.pages.lanes import lanes_of, shortened
from api.pages.picture import Frame, legend, picture
from api.pages.place_filters import filters_of
from api.pages.rendering import Page, html
from api.pages.routing import page_route
from api.pages.titled import Names, PlaceName
from api.pages.visits import Look, Visit
from api.pages.words import PLACE_KINDS
from api.paging import Number, Text, cursor_of, key_of
from domain.facts import Kind
from domain.sources import Party
from projections.courses import Through, through_time
from projections.deadlines import Wanted as WantedDeadlines
from projections.deadlines import place_deadlines
from projections.snapshot import Snapshot
from projections.status import status
from projections.timeline import Wanted, page

_KEY = msgspec.json.Decoder(tuple[Text, Text, Number, Text])
_A_PAGE = 60
MOST_LANES = 24


class PlaceLook(Look):
    """Which acts of a place, and in which order."""

    kind: Kind | None = None
    party: Party | None = None
    context: bool = False
    order: Literal["newest", "oldest"] = "newest"
    cursor: str | None = Field(None, max_length=2000)


class Search(Look):
    """Which place is looked for."""

    q: str | None = Field(None, max_length=200)


def known_through(visit: Visit, snapshot: Snapshot, id_: str, as_of: str) -> Through:
    """A place's status through time, worked out once for every day asked."""
    key = ("through", id_, snapshot.asked.public_by, snapshot.position)
    return visit.shelf.get(key, lambda: through_time(snapshot, id_)).up_to(as_of)


def _place(request: Request, visit: Visit, asked: Look, snapshot: Snapshot) -> Page:
    assert isinstance(asked, PlaceLook)  # noqa: S101 - the route's own question
    id_ = slug_of(snapshot, checked(request.path_params["id"], "jurisdiction"))
    visit = replace(visit, path=f"/places/{id_}")
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    known = Names(snapshot)
    answer = status(snapshot, id_)
    through = known_through(visit, snapshot, id_, as_of)
    deadlines, _ = place_deadlines(snapshot, id_, WantedDeadlines())
    lanes = lanes_of(through.courses, deadlines, known)
    drawn, left_out = shortened(lanes, MOST_LANES)
    place = known.known_place(id_)
    acts, following = _timeline(snapshot, id_, asked)
    tracks = board(answer, known)
    context = context_of(
        visit,
        snapshot,
        names=known,
        title=f"{place.full}: where it stands, and what happened",
        description=_description(place, as_of, tracks),
        time_zone=time_zone,
        image=visit.link(f"/places/{id_}/lanes.png"),
        feeds=[(f"Acts: {place.full}", f"/jurisdictions/{id_}/timeline"),
               (f"Deadlines: {place.full}", f"/jurisdictions/{id_}/deadlines")],
        about=about(place),
        place=place,
        board=tracks,
        causes=acts_by_id(snapshot, causes_of(answer)),
        lanes=lanes,
        left_out=left_out,
        picture=picture(drawn, Frame(place.full, as_of, visit.entry)) if drawn else None,
        legend=legend(drawn),
        years=[(year, list(its)) for year, its in groupby(acts, key=lambda act: act.year)],
        filters=filters_of(visit, snapshot, id_, asked),
        newest=asked.order == "newest",
        further=None if following is None else visit.here(cursor=following),
        steps=_steps(through, as_of, visit),
    )  # fmt: skip
    return Page(html("place.html", context))


def about(place: PlaceName) -> dict[str, Any]:
    """What schema.org calls a place."""
    kinds = {"state": "State", "county": "AdministrativeArea", "city": "City", "agency": "GovernmentOrganization"}
    its: dict[str, Any] = {"@type": kinds[place.kind], "name": place.full}
    identifiers = [one for one in (place.ocd, place.geoid) if one]
    return {"about": its | ({"identifier": identifiers} if identifiers else {})}


def _description(place: PlaceName, as_of: str, tracks: list[Any]) -> str:
    first = next((item for track in tracks for item in track.items), None)
    said = f" {first.name}: {first.word.phrase}." if first is not None else ""
    return f"{place.full} ({PLACE_KINDS[place.kind].lower()}) on {in_words(as_of)}.{said} Every value with its source."


def _timeline(snapshot: Snapshot, id_: str, asked: PlaceLook) -> tuple[list[Act], str | None]:
    wanted = Wanted(
        jurisdiction=id_,
        kind=asked.kind,
        party=asked.party,
        context=asked.context,
        newest=asked.order == "newest",
    )
    found = page(snapshot, wanted, _A_PAGE, key_of(asked.cursor, _KEY))
    return [act_of(body) for body in found.bodies], cursor_of(found.next)


def _steps(through: Through, as_of: str, visit: Visit) -> dict[str, tuple[str, str] | None]:
    """The days before and after the last change: how to go on through the history by links alone."""
    days = sorted({one.on for one in through.transitions})
    before = day_before(days[-1]) if days else None
    return {
        "earlier": None if before is None else (before, visit.here(as_of=before, cursor=None)),
        "last": None if not days or days[-1] == as_of else (days[-1], visit.here(as_of=days[-1], cursor=None)),
    }


def _found(_request: Request, visit: Visit, asked: Look, snapshot: Snapshot) -> Page:
    assert isinstance(asked, Search)  # noqa: S101 - the route's own question
    known = Names(snapshot)
    matches = _matches(known, asked.q or "")
    context = context_of(
        visit,
        snapshot,
        names=known,
        title=f"Places: {asked.q}" if asked.q else "Every place on record",
        description="The states, counties, cities and state agencies of the record.",
        asked_for=asked.q or "",
        matches=matches,
    )
    return Page(
        html("places.html", context), location=visit.place(matches[0].id) if asked.q and len(matches) == 1 else None
    )


def _matches(known: Names, words: str) -> list[PlaceName]:
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


ROUTES = [page_route("/places", Search, _found), page_route("/places/{id}", PlaceLook, _place)]
