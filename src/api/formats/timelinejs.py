"""TimelineJS 3 (Knight Lab): the JSON that its viewer loads."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

from api.formats.listing import Listing
from api.formats.words import day_words, html_of, kind_words

_HEADLINE = 90


def timelinejs(listing: Listing) -> bytes:
    """A title, and a slide for each entry; each text is escaped, for the viewer takes it for HTML."""
    events = [_event(listing, msgspec.json.decode(one)) for piece in listing.pieces() for one in piece]
    title = {"text": {"headline": escape(listing.title), "text": f"<p>As of {escape(listing.as_of)}.</p>"}}
    return msgspec.json.encode({"title": title, "events": events})


def _event(listing: Listing, entry: dict[str, Any]) -> dict[str, Any]:
    first, slash, last = entry["occurred"].partition("/")
    address = listing.entry_address(entry["id"])
    standing = {"retracted": "Retracted: ", "disputed": "Disputed: "}.get(entry["standing"], "")
    event = {
        "unique_id": entry["id"],
        "start_date": _date(first),
        "display_date": escape(day_words(entry["occurred"])),
        "group": kind_words(entry["kind"]),
        "text": {
            "headline": escape(f"{standing}{kind_words(entry['kind'])}: {_short(entry['summary'])}"),
            "text": html_of(entry) + f'<p><a href="{escape(address)}">The entry</a></p>',
        },
    }
    return event | ({"end_date": _date(last)} if slash else {})


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _HEADLINE else f"{text[:_HEADLINE].rsplit(' ', 1)[0]} …"


def _date(written: str) -> dict[str, int]:
    """A date as exact as it is written."""
    return dict(zip(("year", "month", "day"), map(int, written.split("-")), strict=False))
