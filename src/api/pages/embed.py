"""A place in somebody else's page: its lanes and latest acts, in a frame of any size; oEmbed for who asks how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from fastapi import Request
from markupsafe import Markup
from pydantic import Field

from api.pages.entry_view import entry_view
from api.pages.lanes import lanes_of, shortened
from api.pages.lanes_svg import Frame, lanes_svg
from api.pages.names import PlaceNames
from api.pages.page import ANYBODY, PageContent, checked_query, html_response, page_context, page_route
from api.pages.places import known_through
from api.pages.status_board import status_board
from api.pages.urls import CLOCKS, PageQuery, PageRequest
from domain.errors import NotFound
from projections.deadlines import DeadlineFilter as WantedDeadlines
from projections.deadlines import place_deadlines
from projections.places import slug_of
from projections.snapshot import Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page

_LANES, _ACTS = 8, 4
_WIDTH, _HEIGHT = 720, 560


class OEmbedQuery(PageQuery):
    """Of which page, and how large at most."""

    url: str = Field("", max_length=2000)
    format: str = "json"
    maxwidth: int = Field(_WIDTH, ge=200, le=4000)
    maxheight: int = Field(_HEIGHT, ge=150, le=4000)


def _embed(request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    id_ = slug_of(snapshot, checked_query(request.path_params["id"], "jurisdiction"))
    visit = replace(visit, path=f"/places/{id_}")
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    known = PlaceNames(snapshot)
    place = known.known_place(id_)
    through = known_through(visit, snapshot, id_, as_of)
    lanes = lanes_of(through.courses, place_deadlines(snapshot, id_, WantedDeadlines())[0], known)
    drawn, _ = shortened(lanes, _LANES)
    found = timeline_page(snapshot, TimelineFilter(jurisdiction=id_, newest=True), _ACTS, None)
    context = page_context(
        visit,
        snapshot,
        names=known,
        title=f"{place.full}: where it stands",
        description=f"The status of {place.full} through the years.",
        time_zone=time_zone,
        place=place,
        board=status_board(place_status(snapshot, id_), known),
        picture=lanes_svg(drawn, Frame(place.full, as_of, visit.entry, "_blank")) if drawn else None,
        latest=[entry_view(body) for body in found.bodies],
    )
    return PageContent(html_response("embed.html", context), ancestors=ANYBODY)


def _oembed(_request: Request, visit: PageRequest, asked: PageQuery, snapshot: Snapshot) -> PageContent:
    assert isinstance(asked, OEmbedQuery)  # noqa: S101 - the route's own question
    if asked.format != "json":
        problem = {"title": "Not Implemented", "status": 501, "detail": "only format=json is spoken here"}
        return PageContent(msgspec.json.encode(problem), 501, media_type="application/problem+json")
    id_, clocks = _place_in(visit, asked.url)
    place = PlaceNames(snapshot).place(slug_of(snapshot, id_))
    query = f"?{urlencode(clocks)}" if clocks else ""
    width, height = min(asked.maxwidth, _WIDTH), min(asked.maxheight, _HEIGHT)
    frame = Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" frameborder="0" loading="lazy"></iframe>'
    ).format(visit.whole(f"/embed/places/{id_}{query}"), f"{place}: status lanes", width, height)
    said: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "provider_name": "Dispute timeline",
        "provider_url": visit.whole("/"),
        "title": f"{place}: where it stands",
        "html": str(frame),
        "width": width,
        "height": height,
        "thumbnail_url": visit.whole(f"/places/{id_}/lanes.png{query}"),
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
    }
    return PageContent(msgspec.json.encode(said), media_type="application/json")


def _place_in(visit: PageRequest, url: str) -> tuple[str, dict[str, str]]:
    """The place whose page an address of ours is, and its clocks; NotFound for any other address."""
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" != visit.root or not parts.path.startswith("/places/"):
        raise NotFound(f"{url!r} is no page of a place here")
    clocks = {name: value for name, value in parse_qsl(parts.query) if name in CLOCKS}
    return checked_query(parts.path.removeprefix("/places/"), "jurisdiction"), clocks


ROUTES = [page_route("/embed/places/{id}", PageQuery, _embed), page_route("/oembed", OEmbedQuery, _oembed)]
