"""A place in somebody else's page: its lanes and latest acts, in a frame of any size; oEmbed for who asks how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from fastapi import Request
from markupsafe import Markup
from pydantic import Field

from api.addresses import slug_of
from api.pages.acts import act_of
from api.pages.board import board
from api.pages.context import checked, context_of
from api.pages.lanes import lanes_of, shortened
from api.pages.picture import Frame, picture
from api.pages.places import known_through
from api.pages.rendering import ANYBODY, Page, html
from api.pages.routing import page_route
from api.pages.titled import Names
from api.pages.visits import CLOCKS, Look, Visit
from domain.errors import NotFound
from projections.deadlines import Wanted as WantedDeadlines
from projections.deadlines import place_deadlines
from projections.snapshot import Snapshot
from projections.status import status
from projections.timeline import Wanted, page

_LANES, _ACTS = 8, 4
_WIDTH, _HEIGHT = 720, 560


class OEmbedLook(Look):
    """Of which page, and how large at most."""

    url: str = Field("", max_length=2000)
    format: str = "json"
    maxwidth: int = Field(_WIDTH, ge=200, le=4000)
    maxheight: int = Field(_HEIGHT, ge=150, le=4000)


def _embed(request: Request, visit: Visit, _asked: Look, snapshot: Snapshot) -> Page:
    id_ = slug_of(snapshot, checked(request.path_params["id"], "jurisdiction"))
    visit = replace(visit, path=f"/places/{id_}")
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    known = Names(snapshot)
    place = known.known_place(id_)
    through = known_through(visit, snapshot, id_, as_of)
    lanes = lanes_of(through.courses, place_deadlines(snapshot, id_, WantedDeadlines())[0], known)
    drawn, _ = shortened(lanes, _LANES)
    found = page(snapshot, Wanted(jurisdiction=id_, newest=True), _ACTS, None)
    context = context_of(
        visit,
        snapshot,
        names=known,
        title=f"{place.full}: where it stands",
        description=f"The status of {place.full} through the years.",
        time_zone=time_zone,
        place=place,
        board=board(status(snapshot, id_), known),
        picture=picture(drawn, Frame(place.full, as_of, visit.entry, "_blank")) if drawn else None,
        latest=[act_of(body) for body in found.bodies],
    )
    return Page(html("embed.html", context), ancestors=ANYBODY)


def _oembed(_request: Request, visit: Visit, asked: Look, snapshot: Snapshot) -> Page:
    assert isinstance(asked, OEmbedLook)  # noqa: S101 - the route's own question
    if asked.format != "json":
        problem = {"title": "Not Implemented", "status": 501, "detail": "only format=json is spoken here"}
        return Page(msgspec.json.encode(problem), 501, media_type="application/problem+json")
    id_, clocks = _place_in(visit, asked.url)
    place = Names(snapshot).place(slug_of(snapshot, id_))
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
    return Page(msgspec.json.encode(said), media_type="application/json")


def _place_in(visit: Visit, url: str) -> tuple[str, dict[str, str]]:
    """The place whose page an address of ours is, and its clocks; NotFound for any other address."""
    parts = urlsplit(url)
    if f"{parts.scheme}://{parts.netloc}" != visit.root or not parts.path.startswith("/places/"):
        raise NotFound(f"{url!r} is no page of a place here")
    clocks = {name: value for name, value in parse_qsl(parts.query) if name in CLOCKS}
    return checked(parts.path.removeprefix("/places/"), "jurisdiction"), clocks


ROUTES = [page_route("/embed/places/{id}", Look, _embed), page_route("/oembed", OEmbedLook, _oembed)]
