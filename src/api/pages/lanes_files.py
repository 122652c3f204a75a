"""The lanes as files: an SVG to draw on with, and the PNG that link previews show."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import resvg_py
from fastapi import APIRouter

from api.pages.clocks import time_machine
from api.pages.lanes import shortened
from api.pages.lanes_svg import WIDTH, lanes_height, lanes_svg
from api.pages.page import ANY_SITE, SITE, PageContent, page, render
from api.pages.places import MOST_LANES, place_view
from api.pages.status_board import status_board
from api.pages.urls import PageQuery, PageRequest
from projections.snapshot import Snapshot
from projections.status import place_status

router = APIRouter()
_FONTS = "font_source_sans_pro"
_CARD_WIDTH, _CARD_HEIGHT, _MARGIN, _LANES_TOP = 1200, 630, 56, 196
_SCALE = (_CARD_WIDTH - 2 * _MARGIN) / WIDTH
_MOST_HEIGHT = (_CARD_HEIGHT - _LANES_TOP - 24) / _SCALE


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
        sentence=time_machine(request, snapshot, view.time_zone).sentence,
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
