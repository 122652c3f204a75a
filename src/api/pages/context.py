"""What every page's template is given: the visit, its clocks in words, names, and what machines read about the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.formats.table import ATOM, JSON_FEED
from api.pages.clocks_sentence import machine
from api.pages.titled import Names
from api.pages.visits import Visit
from domain.errors import NotFound
from projections.snapshot import WASHINGTON, Snapshot

_ID = re.compile(r"(?:geoid:[0-9]{2,10}|[a-z0-9]+(?:-[a-z0-9]+)*)")
_LONGEST_ID = 160
_API = "/api/v1"
_FEEDS = (ATOM, JSON_FEED)
SITE = "Dispute timeline"


def context_of(
    visit: Visit,
    snapshot: Snapshot,
    *,
    title: str,
    description: str,
    time_zone: str = WASHINGTON,
    names: Names | None = None,
    image: str | None = None,
    feeds: Sequence[tuple[str, str]] = (),
    about: Mapping[str, Any] | None = None,
    **more: Any,  # noqa: ANN401 - what the page's own template speaks of
) -> dict[str, Any]:
    """What the page's template speaks of, with what `base.html` needs."""
    said = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": title,
        "description": description,
        "url": visit.canonical,
        "isPartOf": {"@type": "WebSite", "name": SITE, "url": visit.whole("/")},
        **(about or {}),
    }
    return {
        "visit": visit,
        "machine": machine(visit, snapshot, time_zone),
        "names": names or Names(snapshot),
        "title": title,
        "description": description,
        "image": None if image is None else visit.whole(image),
        "feeds": [
            (label, one.media_type, f"{_API}{address}.{one.suffix}") for label, address in feeds for one in _FEEDS
        ],
        "said": said,
        "head": snapshot.head,
        "position": snapshot.position,
        **more,
    }


def checked(id_: str, what: str) -> str:
    """An id from an address; NotFound where no id is written so."""
    if not _ID.fullmatch(id_) or len(id_) > _LONGEST_ID:
        raise NotFound(f"no {what} {id_!r} is on record")
    return id_
