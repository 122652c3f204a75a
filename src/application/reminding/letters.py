"""The words of mails: what is due, who asked for it and how, and the links that its reader needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import msgspec

from application.reminding import links
from application.reminding.mail import Letter
from application.reminding.subscribing import CONFIRMATION
from application.reminding.subscriptions import Subscription
from application.service import Service
from application.settings import Settings
from domain.errors import NotFound
from projections.jurisdictions import place_by
from projections.snapshot import Snapshot
from projections.timeline import entry

_LONGEST_NAME = 100


def letter_of(service: Service, settings: Settings, to: Subscription, row: Mapping[str, Any]) -> Letter:
    """The letter of a message in the outbox, the same at every attempt."""
    made = datetime.fromisoformat(row["created_at"])
    message = msgspec.json.decode(row["body"])

    def link(purpose: links.Purpose, id_: str, sent_to: str) -> str:
        return f"{settings.mail_url}/r/{links.sign(service, purpose, id_, sent_to, made)}"

    address = to.target or ""
    unsubscribe = link("unsubscribe", to.id, address)
    with service.snapshot() as snapshot:
        if message["type"] == CONFIRMATION:
            subject = "Please confirm: reminders by mail"
            lines = list(_confirmation(snapshot, to, link("confirm", to.id, address)))
        elif row["reminder"] is not None:
            subject = _subject(snapshot, message["data"])
            lines = list(_reminder(snapshot, settings, message["data"], link("acknowledge", row["reminder"], "")))
        else:
            subject, lines = _news(snapshot, settings, message)
        text = "\n".join(lines)
    footer = f"\n\nYou get this because this address asked for it. To get no more of it:\n{unsubscribe}\n"
    return Letter(row["id"], address, subject, text + footer, unsubscribe, format_datetime(made))


def _confirmation(snapshot: Snapshot, to: Subscription, link: str) -> Iterator[str]:
    places = [_name(snapshot, place) for place in sorted(to.jurisdictions)] + sorted(to.states)
    yield "Somebody asked the dispute timeline to write to this address about"
    yield "every place in its record." if to.everywhere else f"{', '.join(places)}."
    yield ""
    yield "If that was you, confirm it here within a week:"
    yield link
    yield ""
    yield "If it was not, do nothing: nothing more is sent to an address that did not confirm."


def _subject(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    who, due = _who(snapshot, data), data["deadlines"][0]["due"]
    lead = "Nobody has acknowledged: " if data.get("escalated") else ""
    return f"{lead}{who}: due {_when(data, due)}"


def _reminder(snapshot: Snapshot, settings: Settings, data: Mapping[str, Any], link: str) -> Iterator[str]:
    due = data["deadlines"][0]["due"]
    yield f"{_who(snapshot, data)} is to answer or comply by the end of {due}, local time ({_when(data, due)})."
    if data["offset"] > 0:
        yield "No answer is on record."
    if data["late"]:
        yield f"This reminder is late: it was planned for {data['planned_for']}."
    if data.get("escalated"):
        yield "It was sent to somebody else first, who has not acknowledged it."
    for deadline in data["deadlines"]:
        its = _entry(snapshot, deadline["demand"])
        yield ""
        if its is not None:
            yield f"- {its['summary']}"
            yield f"  Asked by: {_asker(its['actor'])}, {its['occurred']}"
        if deadline["words"]:
            yield f"  In these words: “{deadline['words']}”"
        yield f"  The entry and its sources: {settings.mail_url}/api/v1/entries/{deadline['demand']}"
    yield ""
    yield "If somebody is at it, say so here, and nobody else is asked:"
    yield link


def _news(snapshot: Snapshot, settings: Settings, message: Mapping[str, Any]) -> tuple[str, list[str]]:
    data = message["data"]
    what = "On record" if message["type"] == "entry.recorded" else "Changed on record"
    its = _entry(snapshot, data["entry"])
    summary = data["entry"] if its is None else its["summary"]
    lines = [f"{what}: {summary}", "", f"{settings.mail_url}/api/v1/entries/{data['entry']}"]
    if data.get("reason"):
        lines.insert(1, f"Why: {data['reason']}")
    return f"{what}: {summary[:_LONGEST_NAME]}", lines


def _when(data: Mapping[str, Any], due: str) -> str:
    """The day due, and how far off it is; a late reminder says the day alone."""
    days = -data["offset"]
    if data["late"]:
        return due
    if days == 0:
        return f"today, {due}"
    if days > 0:
        return f"in {days} day{'s' if days > 1 else ''}, {due}"
    return f"since {due}"


def _who(snapshot: Snapshot, data: Mapping[str, Any]) -> str:
    return _name(snapshot, data["deadlines"][0]["addressee"])


def _name(snapshot: Snapshot, place: str) -> str:
    try:
        name: str = msgspec.json.decode(place_by(snapshot, "id", place)[0])["name"]
    except NotFound:
        return place
    return name[:_LONGEST_NAME]


def _entry(snapshot: Snapshot, id_: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = msgspec.json.decode(entry(snapshot, id_)[0])
    except NotFound:
        return None
    return found


def _asker(actor: Mapping[str, str]) -> str:
    said = ", ".join(actor[part] for part in ("name", "office") if part in actor)
    return said or {"federal": "a federal office"}.get(actor["party"], actor["party"])
