"""TimelineJS 3 (Knight Lab): the JSON that its viewer loads."""

from __future__ import annotations

from html import escape
from typing import Any

import msgspec

from api.formats.listing import AnyList, ListReader
from api.formats.words import day_words, html_of, kind_words

_HEADLINE = 90


def timelinejs(reader: ListReader) -> bytes:
    """A title, and a slide for each entry. Every text is escaped, since the viewer takes it for HTML."""
    events = [_event(reader.list, msgspec.json.decode(body)) for piece in reader.pieces() for body in piece]
    title = {"text": {"headline": escape(reader.list.title), "text": f"<p>As of {escape(reader.as_of)}.</p>"}}
    return msgspec.json.encode({"title": title, "events": events})


def _event(timeline: AnyList, entry: dict[str, Any]) -> dict[str, Any]:
    first, slash, last = entry["occurred"].partition("/")
    address = timeline.entry_address(entry["id"])
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
    return dict(zip(("year", "month", "day"), map(int, written.split("-")), strict=False))
