"""JSON Feed 1.1."""

from __future__ import annotations

from typing import Any

import msgspec

from api.formats.listing import Feed, FeedItem, Listing

_VERSION = "https://jsonfeed.org/version/1.1"
EXTENSION = "_dispute_timeline"


def json_feed(listing: Listing, feed: Feed, links: dict[str, str], id_: str) -> bytes:
    """A feed document. What the record has beyond the format's members is under `_dispute_timeline`."""
    document: dict[str, Any] = {
        "version": _VERSION,
        "title": listing.title,
        "home_page_url": links["alternate"],
        "feed_url": links["self"],
        "description": "What was recorded or corrected last comes first.",
        "language": "en",
        "authors": [{"name": "Dispute timeline"}],
        EXTENSION: {"about": f"{listing.api}/timeline", "id": id_},
    }
    if "next" in links:
        document["next_url"] = links["next"]
    document["items"] = [_item(one) for one in feed.items]
    return msgspec.json.encode(document)


def _item(item: FeedItem) -> dict[str, Any]:
    its: dict[str, Any] = {
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
        its["external_url"] = item.sources[0]
    return its
