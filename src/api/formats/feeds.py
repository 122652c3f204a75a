"""Feeds: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from api.formats.listing import AnyList, Feed, FeedItem

_ATOM = "http://www.w3.org/2005/Atom"
# The characters that XML 1.0 cannot hold, not even escaped.
_NO_CHARACTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTHING_YET = "1970-01-01T00:00:00Z"


def atom(title: str, feed: Feed, links: dict[str, str], id_: str, generator: str) -> bytes:
    """A feed document. `links`: the addresses of itself, of the list as JSON, and of the next page."""
    root = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _add(root, "id", id_)
    _add(root, "title", title)
    _add(root, "updated", max((item.updated for item in feed.items), default=_NOTHING_YET))
    _add(_add(root, "author"), "name", "Dispute timeline")
    _add(root, "generator", generator)
    for rel, address in links.items():
        media_type = "application/json" if rel == "alternate" else "application/atom+xml"
        _add(root, "link", rel=rel, href=address, type=media_type)
    for item in feed.items:
        _entry(root, item)
    ET.register_namespace("", _ATOM)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _entry(root: ET.Element, item: FeedItem) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", item.id)
    _add(entry, "title", item.title)
    _add(entry, "published", item.published)
    _add(entry, "updated", item.updated)
    _add(entry, "link", rel="alternate", href=item.address, type="application/json")
    for address in item.sources:
        _add(entry, "link", rel="via", href=address)
    for tag in item.tags:
        _add(entry, "category", term=tag)
    _add(entry, "summary", item.summary)
    _add(entry, "content", item.html, type="html")


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}", {key: clean(value) for key, value in attributes.items()})
    if text is not None:
        element.text = clean(text)
    return element


def clean(text: str) -> str:
    """A text that XML can hold: any other character becomes a replacement character."""
    return _NO_CHARACTERS.sub("\ufffd", text)


_VERSION = "https://jsonfeed.org/version/1.1"
EXTENSION = "_dispute_timeline"


def json_feed(of: AnyList, feed: Feed, links: dict[str, str], id_: str) -> bytes:
    """A feed document. The item as the API shows it is under `_dispute_timeline`."""
    document: dict[str, Any] = {
        "version": _VERSION,
        "title": of.title,
        "home_page_url": links["alternate"],
        "feed_url": links["self"],
        "description": "What was recorded or corrected last comes first.",
        "language": "en",
        "authors": [{"name": "Dispute timeline"}],
        EXTENSION: {"about": f"{of.api}/timeline", "id": id_},
    }
    if "next" in links:
        document["next_url"] = links["next"]
    document["items"] = [_item(item) for item in feed.items]
    return msgspec.json.encode(document)


def _item(item: FeedItem) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": item.id,
        "url": item.address,
        "title": item.title,
        "summary": item.summary,
        "content_html": item.html,
        "date_published": item.published,
        "date_modified": item.updated,
        "tags": list(item.tags),
        EXTENSION: item.data,
    }
    if item.sources:
        written["external_url"] = item.sources[0]
    return written
