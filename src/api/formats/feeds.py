"""Documents that readers of other makers load: Atom (RFC 4287), JSON Feed 1.1 and TimelineJS 3 (Knight Lab)."""

import re
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from api.formats.listing import AnyList, Feed, FeedItem, ListReader
from api.formats.words import STANDING, day_words, html_of, kind_words, shortened_text

_ATOM = "http://www.w3.org/2005/Atom"
# The characters that XML 1.0 cannot hold, not even escaped.
_NO_CHARACTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTHING_YET = "1970-01-01T00:00:00Z"


def atom(title: str, feed: Feed, links: dict[str, str], id_: str, generator: str) -> bytes:
    """A feed document. `links`: the addresses of itself, of its page, of the list as JSON, and of the next page."""
    root = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _add(root, "id", id_)
    _add(root, "title", title)
    _add(root, "updated", max((item.updated for item in feed.items), default=_NOTHING_YET))
    _add(_add(root, "author"), "name", "Dispute timeline")
    _add(root, "generator", generator)
    for rel, address in sorted(links.items(), key=lambda link: link[0] != "alternate"):  # some readers take the first
        media_type = {"alternate": "text/html", "related": "application/json"}.get(rel, "application/atom+xml")
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
    _add(entry, "link", rel="alternate", href=item.address, type="text/html")
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


_HEADLINE = 90


def timelinejs(reader: ListReader) -> bytes:
    """A title, and a slide for each entry. Every text is escaped, since the viewer takes it for HTML."""
    events = [_slide(reader.list, msgspec.json.decode(body)) for piece in reader.pieces() for body in piece]
    title = {"text": {"headline": escape(reader.list.title), "text": f"<p>As of {escape(reader.as_of)}.</p>"}}
    return msgspec.json.encode({"title": title, "events": events})


def _slide(timeline: AnyList, entry: dict[str, Any]) -> dict[str, Any]:
    first, slash, last = entry["occurred"].partition("/")
    address = timeline.entry_address(entry["id"])
    standing = STANDING.get(entry["standing"], "")
    event = {
        "unique_id": entry["id"],
        "start_date": _date(first),
        "display_date": escape(day_words(entry["occurred"])),
        "group": kind_words(entry["kind"]),
        "text": {
            "headline": escape(f"{standing}{kind_words(entry['kind'])}: {shortened_text(entry['summary'], _HEADLINE)}"),
            "text": html_of(entry) + f'<p><a href="{escape(address)}">The entry</a></p>',
        },
    }
    return event | ({"end_date": _date(last)} if slash else {})


def _date(written: str) -> dict[str, int]:
    return dict(zip(("year", "month", "day"), map(int, written.split("-")), strict=False))
