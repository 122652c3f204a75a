"""Citations of an entry, ready to paste, each with the address at which it stays what it was."""

from __future__ import annotations

import re
from typing import Any

from api.formats.words import day_words, kind_words

_SERVICE = "Dispute Timeline"
_SPECIAL = re.compile(r"[\\{}$&#^_%~]")
# Braces by their names: BibTeX counts them, escaped or not.
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "^": r"\^{}",
    "~": r"\~{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
}


def citation(entry: dict[str, Any], permalink: str) -> dict[str, str]:
    """An entry's citation as a sentence, as a footnote of lawyers, and as BibTeX."""
    log = entry["log"]
    recorded = log["revised"]["recorded_at"][:10]
    what = f"{kind_words(entry['kind'])}, {day_words(entry['occurred'])}"
    summary = " ".join(entry["summary"].split()).rstrip(".")
    standing = {"retracted": " (retracted)", "disputed": " (disputed)"}.get(entry["standing"], "")
    version = f"version {log['version']}, recorded {day_words(recorded)}"
    plain = f"“{summary}.” {what}{standing}. {_SERVICE}, entry {entry['id']}, {version}. {permalink}"
    position = f"log position {log['revised']['position']}"
    legal = f"{_SERVICE}, {what}{standing}, entry {entry['id']}, {position} ({version}), {permalink}."
    return {
        "plain": plain,
        "legal": legal,
        "bibtex": _bibtex(entry, summary, recorded, standing, permalink),
        "permalink": permalink,
    }


def _bibtex(entry: dict[str, Any], summary: str, recorded: str, standing: str, permalink: str) -> str:
    log = entry["log"]
    note = (
        f"{kind_words(entry['kind'])}, {day_words(entry['occurred'])}{standing}; entry {entry['id']}, "
        f"version {log['version']}, log position {log['revised']['position']}"
    )
    fields = {
        "title": f"{{{_tex(summary)}}}",
        "author": f"{{{_SERVICE}}}",
        "year": recorded[:4],
        "month": recorded[5:7],
        "note": _tex(note),
        "url": permalink,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{entry['id']},\n{lines}\n}}"


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], f"\\{found[0]}"), text)
