"""A place on other sites: its lanes and latest entries in a frame that oEmbed offers, and its lanes as SVG and PNG."""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import resvg_py
from fastapi import APIRouter
from markupsafe import Markup
from pydantic import Field

from api.pages.entry_view import entry_view
from api.pages.lanes import shortened
from api.pages.lanes_svg import WIDTH, lanes_height, lanes_svg
from api.pages.names import Names
from api.pages.page import ANY_SITE, SITE, PageContent, html_page, page, render
from api.pages.places import MOST_LANES, place_view
from api.pages.status_board import status_board
from api.pages.urls import CLOCKS, PageQuery, PageRequest, checked_id, time_machine
from domain.errors import NotFound
from projections.places import slug_of
from projections.snapshot import Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page

router = APIRouter()
_LANES, _ENTRIES = 8, 4
_WIDTH, _HEIGHT = 720, 560
_FONTS = "font_source_sans_pro"
_CARD_WIDTH, _CARD_HEIGHT, _MARGIN, _LANES_TOP = 1200, 630, 56, 196
_SCALE = (_CARD_WIDTH - 2 * _MARGIN) / WIDTH
_MOST_HEIGHT = (_CARD_HEIGHT - _LANES_TOP - 24) / _SCALE


class OEmbedQuery(PageQuery):
    """The page to embed, and the largest size of the frame."""

    url: str = Field("", max_length=2000)
    format: str = "json"
    maxwidth: int = Field(_WIDTH, ge=200, le=4000)
    maxheight: int = Field(_HEIGHT, ge=150, le=4000)


@page(router, "/embed/places/{id}", query=PageQuery)
def embedded_place(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    view = place_view(request, snapshot)
    request = replace(request, path=f"/places/{view.id}")
    drawn, _ = shortened(view.lanes, _LANES)
    name = view.place.full_name
    latest = timeline_page(snapshot, TimelineFilter(jurisdiction=view.id, newest=True), _ENTRIES, None)
    return html_page(
        "embed.html",
        request,
        snapshot,
        names=view.names,
        title=f"{name}: where it stands",
        description=f"The status of {name} through the years.",
        time_zone=view.time_zone,
        frame_ancestors=ANY_SITE,
        place=view.place,
        board=status_board(place_status(snapshot, view.id), view.names),
        picture=lanes_svg(drawn, name, view.as_of, entry_url=request.entry_url, target="_blank") if drawn else None,
        latest=[entry_view(body) for body in latest.bodies],
    )


@page(router, "/oembed", query=OEmbedQuery)
def oembed(request: PageRequest, query: OEmbedQuery, snapshot: Snapshot) -> PageContent:
    if query.format != "json":
        problem = {"title": "Not Implemented", "status": 501, "detail": "only format=json is spoken here"}
        return PageContent(msgspec.json.encode(problem), 501, media_type="application/problem+json")
    id_, clocks = _place_and_clocks(request, query.url)
    place = snapshot.place(slug_of(snapshot, id_))
    place_name = Names(snapshot).place_name(place.id)
    clocks_query = f"?{urlencode(clocks)}" if clocks else ""
    width, height = min(query.maxwidth, _WIDTH), min(query.maxheight, _HEIGHT)
    frame = Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" frameborder="0" loading="lazy"></iframe>'
    ).format(request.absolute(f"/embed/places/{id_}{clocks_query}"), f"{place_name}: status lanes", width, height)
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "provider_name": SITE,
        "provider_url": request.absolute("/"),
        "title": f"{place_name}: where it stands",
        "html": str(frame),
        "width": width,
        "height": height,
        "thumbnail_url": request.absolute(f"/places/{id_}/lanes.png{clocks_query}"),
        "thumbnail_width": 1200,
        "thumbnail_height": 630,
    }
    return PageContent(msgspec.json.encode(answer), media_type="application/json")


def _place_and_clocks(request: PageRequest, url: str) -> tuple[str, dict[str, str]]:
    """The place and clocks of one of our place pages; NotFound for any other URL."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise NotFound(f"{url!r} is no address of the web") from error
    if f"{parts.scheme}://{parts.netloc}" != request.root or not parts.path.startswith("/places/"):
        raise NotFound(f"{url!r} is no page of a place here")
    clocks = {name: value for name, value in parse_qsl(parts.query) if name in CLOCKS}
    return checked_id(parts.path.removeprefix("/places/").removesuffix("/"), "jurisdiction"), clocks


@page(router, "/places/{id}/lanes.svg", query=PageQuery)
def lanes_as_svg(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    view = place_view(request, snapshot)
    lanes, _ = shortened(view.lanes, MOST_LANES)
    svg = lanes_svg(lanes, view.place.full_name, view.as_of)
    return PageContent(svg.encode(), frame_ancestors=ANY_SITE, media_type="image/svg+xml")


@page(router, "/places/{id}/lanes.png", query=PageQuery)
def lanes_as_png(request: PageRequest, _query: PageQuery, snapshot: Snapshot) -> PageContent:
    view = place_view(request, snapshot)
    lanes, _ = shortened(view.lanes, MOST_LANES)
    while lanes and lanes_height(lanes) > _MOST_HEIGHT:
        lanes, _ = shortened(view.lanes, len(lanes) - 1)
    board = status_board(place_status(snapshot, view.id), view.names)
    values = (f"{track.label}: {item.label.phrase}" for track in board for item in track.items)
    card = render(
        "card.svg",
        width=_CARD_WIDTH,
        height=_CARD_HEIGHT,
        margin=_MARGIN,
        lanes_top=_LANES_TOP,
        scale=round(_SCALE, 4),
        site=SITE,
        place_name=view.place.full_name,
        first_value=next(values, ""),
        sentence=time_machine(request, snapshot, view.time_zone)["sentence"],
        lanes=lanes_svg(lanes, view.place.full_name, view.as_of),
    )
    png = resvg_py.svg_to_bytes(
        svg_string=card,
        skip_system_fonts=True,
        font_files=_font_files(),
        font_family="Source Sans Pro",
        sans_serif_family="Source Sans Pro",
    )
    return PageContent(bytes(png), media_type="image/png")


@cache
def _font_files() -> list[str]:
    spec = find_spec(_FONTS)
    folder = Path((spec.origin if spec else None) or ".").parent / "files"
    return [str(folder / f"SourceSansPro-{style}.otf") for style in ("Regular", "Semibold")]
