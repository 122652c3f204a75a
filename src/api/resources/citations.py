"""Citations of an entry, ready to paste: a sentence, a lawyers' footnote, and BibTeX, each with a permanent link.

They cite this record for its account of the act, and the first source for the act itself. The summary is ours, so the
record is its author; who acted is named as part of the act, where the entry names somebody.
"""

import re
from typing import Any

from api.formats.words import Fields, day_words, kind_words

_SERVICE = "Dispute Timeline"
_SPECIAL = re.compile(r"[\\{}$&#^_%~]")
# Braces by name: BibTeX counts them, escaped or not.
_ESCAPED = {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}"}


def citation(entry: Fields, permalink: str) -> dict[str, str]:
    """An entry, as the API shows it, cited in three ways with its permanent address."""
    log = entry["log"]
    actor = ", ".join(entry["actor"][part] for part in ("name", "office") if entry["actor"].get(part))
    standing = {"retracted": " (retracted)", "disputed": " (disputed)"}.get(entry["standing"], "")
    what = f"{kind_words(entry['kind'])}{f' by {actor}' if actor else ''}, {day_words(entry['occurred'])}{standing}"
    recorded = log["revised"]["recorded_at"][:10]
    version = f"version {log['version']}, recorded {day_words(recorded)}"
    position = f"log position {log['revised']['position']}"
    summary = " ".join(entry["summary"].split()).rstrip(".")
    plain = f"“{summary}.” {what}. Source: {_source(entry)}. {_SERVICE}, entry {entry['id']}, {version}. {permalink}"
    legal = f"{what}, citing {_source(entry)}, as recorded in {_SERVICE}, entry {entry['id']}, {position} ({version})"
    note = f"{what}; source: {_source(entry)}; entry {entry['id']}, version {log['version']}, {position}"
    bibtex = {
        "title": f"{{{_tex(summary)}}}",
        "author": f"{{{_SERVICE}}}",
        "year": recorded[:4],
        "month": recorded[5:7],
        "note": _tex(note),
        "url": permalink,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in bibtex.items())
    return {
        "plain": plain,
        "legal": f"{legal}, {permalink}.",
        "bibtex": f"@misc{{{entry['id']},\n{lines}\n}}",
        "permalink": permalink,
    }


def permalink_of(entry: Fields, root: str) -> str:
    """The page of this version of an entry: as of the event that made it."""
    return f"{root}/entries/{entry['id']}?recorded_by={entry['log']['revised']['position']}"


def _source(entry: Fields) -> str:
    """The first source, a primary one where there is one."""
    source: dict[str, Any] = min(entry["sources"], key=lambda source: source["rank"] != "primary")
    dated = day_words(source["date"]) if source.get("date") else None
    parts = (source.get("publisher"), source["title"], dated, source.get("url"))
    return ", ".join(" ".join(part.split()) for part in parts if part)


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda special: _ESCAPED.get(special[0], f"\\{special[0]}"), text)
