"""Citations of an entry to copy: in plain words, in the order that lawyers use, and for BibTeX.

They cite this record for what it holds, and the document that stands first for what it says. Nothing is shortened
into what no source has: an author is named only where the entry names one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

SERVICE = "Dispute timeline"
_MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def citation(entry: Mapping[str, Any], permalink: str) -> dict[str, str]:
    """An entry (as the API shows it) cited in three ways, each with the link that stays the same for ever."""
    return {
        "plain": _plain(entry, permalink),
        "legal": _legal(entry, permalink),
        "bibtex": _bibtex(entry, permalink),
        "permalink": permalink,
    }


def permalink_of(entry: Mapping[str, Any], root: str) -> str:
    """The address at which this version of an entry is read for ever: its page, as of the event that made it."""
    return f"{root}/entries/{entry['id']}?recorded_by={entry['log']['revised']['position']}"


def _plain(entry: Mapping[str, Any], permalink: str) -> str:
    source = _first(entry)
    parts = [
        f"{_who(entry)}{_sentence(entry['summary'])}",
        f"{_capital(_when(entry['occurred']))}.",
        f"Source: {_source(source)}.",
        f"In: {SERVICE}, entry {entry['id']}, version {entry['log']['version']}, recorded {_recorded(entry)}.",
        permalink,
    ]
    return " ".join(parts)


def _legal(entry: Mapping[str, Any], permalink: str) -> str:
    """Author, what (date), citing the document, as recorded where (date): as the Bluebook orders internet sources."""
    source = _first(entry)
    who = ", ".join(_actor(entry))
    kind = entry["kind"].replace("_", " ").title()
    said = f"{who}, {kind}" if who else kind
    address = f", {source['url']}" if source.get("url") else ""
    its = f"{source['publisher']}, {source['title']}" if source.get("publisher") else source["title"]
    dated = f" ({_when(source['date'])})" if source.get("date") else ""
    where = f"{SERVICE}, {entry['id']}, v. {entry['log']['version']} ({_recorded(entry)})"
    return f"{said} ({_when(entry['occurred'])}), citing {its}{dated}{address}, as recorded in {where}, {permalink}."


def _bibtex(entry: Mapping[str, Any], permalink: str) -> str:
    source = _first(entry)
    actor = _actor(entry)
    fields = {
        "author": f"{{{_escaped(actor[0])}}}" if actor else f"{{{SERVICE}}}",
        "title": _escaped(entry["summary"]),
        "year": entry["occurred"][:4],
        "date": entry["occurred"],
        "howpublished": _escaped(f"{SERVICE}, entry {entry['id']}, version {entry['log']['version']}"),
        "note": _escaped(f"Source: {_source(source)}. Recorded {_recorded(entry)}"),
        "url": re.sub(r"[{}\\\s]", "", permalink),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{entry['id']},\n{lines}\n}}"


def _first(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    sources: list[Mapping[str, Any]] = entry["sources"]
    return min(sources, key=lambda one: one["rank"] != "primary")


def _actor(entry: Mapping[str, Any]) -> list[str]:
    return [entry["actor"][part] for part in ("name", "office") if entry["actor"].get(part)]


def _who(entry: Mapping[str, Any]) -> str:
    actor = ", ".join(_actor(entry))
    return f"{actor}: " if actor else ""


def _source(source: Mapping[str, Any]) -> str:
    parts = [source.get("publisher"), source["title"], source.get("date") and _when(source["date"]), source.get("url")]
    return ", ".join(part for part in parts if part)


def _recorded(entry: Mapping[str, Any]) -> str:
    its = entry["log"].get("revised", entry["log"])["recorded_at"]
    return _when(datetime.fromisoformat(its).astimezone(UTC).date().isoformat())


def _when(edtf: str) -> str:
    first, slash, last = edtf.partition("/")
    return f"between {_part(first)} and {_part(last)}" if slash else _part(first)


def _part(text: str) -> str:
    year, *rest = text.split("-")
    match rest:
        case [month, _]:
            return f"{_MONTHS[int(month) - 1]} {date.fromisoformat(text).day}, {year}"
        case [month]:
            return f"{_MONTHS[int(month) - 1]} {year}"
        case _:
            return year


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.split()))
