"""The lanes as files: an SVG for whoever draws on, and a PNG that link previews show."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import resvg_py
from fastapi import Request
from markupsafe import Markup

from api.pages.clocks import time_machine
from api.pages.lanes import lanes_of, shortened
from api.pages.lanes_svg import WIDTH, Frame, lanes_height, lanes_svg
from api.pages.names import PlaceNames
from api.pages.page import ANYBODY, SITE, PageContent, checked_query, page_route
from api.pages.places import MOST_LANES, known_through
from api.pages.status_board import status_board
from api.pages.urls import PageQuery, PageRequest
from projections.deadlines import DeadlineFilter, place_deadlines
from projections.places import slug_of
from projections.snapshot import Snapshot
from projections.status import place_status

_FONTS = "font_source_sans_pro"
_WIDE, _HIGH, _EDGE, _TOP = 1200, 630, 56, 196
_SCALE = (_WIDE - 2 * _EDGE) / WIDTH
_ROOM = (_HIGH - _TOP - 24) / _SCALE


@cache
def _font_files() -> list[str]:
    spec = find_spec(_FONTS)
    folder = Path((spec.origin if spec else None) or ".").parent / "files"
    return [str(folder / f"SourceSansPro-{style}.otf") for style in ("Regular", "Semibold")]


def _drawn(
    request: Request, visit: PageRequest, snapshot: Snapshot, room: float | None = None
) -> tuple[str, str, str, Markup]:
    """A place's id and name, the sentence of its clocks, and as many of its lanes as there is room for."""
    id_ = slug_of(snapshot, checked_query(request.path_params["id"], "jurisdiction"))
    time_zone = snapshot.place(id_).time_zone
    as_of = snapshot.clocks(time_zone).as_of
    known = PlaceNames(snapshot)
    through = known_through(visit, snapshot, id_, as_of)
    every = lanes_of(through.courses, place_deadlines(snapshot, id_, DeadlineFilter())[0], known)
    lanes, _ = shortened(every, MOST_LANES)
    while room is not None and lanes and lanes_height(lanes) > room:
        lanes, _ = shortened(every, len(lanes) - 1)
    name = known.place(id_)
    drawn = lanes_svg(lanes, Frame(name, as_of, visit.entry, standalone=True))
    return id_, name, time_machine(visit, snapshot, time_zone).sentence, drawn


def _svg(request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    *_, drawn = _drawn(request, visit, snapshot)
    return PageContent(str(drawn).encode(), ancestors=ANYBODY, media_type="image/svg+xml")


def _png(request: Request, visit: PageRequest, _asked: PageQuery, snapshot: Snapshot) -> PageContent:
    id_, name, sentence, drawn = _drawn(request, visit, snapshot, _ROOM)
    tracks = status_board(place_status(snapshot, id_), PlaceNames(snapshot))
    first = next(((track, item) for track in tracks for item in track.items), None)
    said = "" if first is None else f"{first[0].label}: {first[1].word.phrase}"
    card = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
        ' font-family="Source Sans Pro"><rect width="{w}" height="{h}" fill="#fffefb"/>'
        '<rect width="{w}" height="10" fill="#1c1b18"/>'
        '<text x="{x}" y="56" font-size="22" fill="#5d5a52">{site}</text>'
        '<text x="{x}" y="108" font-size="52" font-weight="600" fill="#1c1b18">{name}</text>'
        '<text x="{x}" y="142" font-size="24" fill="#1c1b18">{said}</text>'
        '<text x="{x}" y="172" font-size="19" fill="#5d5a52">{sentence}</text>'
        '<g transform="translate({x} {top}) scale({scale})">{drawn}</g></svg>'
    ).format(
        w=_WIDE, h=_HIGH, x=_EDGE, site=SITE, name=name, said=said, sentence=sentence, top=_TOP,
        scale=round(_SCALE, 4), drawn=drawn,
    )  # fmt: skip
    return PageContent(
        bytes(
            resvg_py.svg_to_bytes(
                svg_string=str(card),
                skip_system_fonts=True,
                font_files=_font_files(),
                font_family="Source Sans Pro",
                sans_serif_family="Source Sans Pro",
            )
        ),
        media_type="image/png",
    )


ROUTES = [page_route("/places/{id}/lanes.svg", PageQuery, _svg), page_route("/places/{id}/lanes.png", PageQuery, _png)]
