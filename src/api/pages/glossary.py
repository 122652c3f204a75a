"""The glossary and the audit page as they stand in docs/: one text for the repository, the pages and the titles."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from api import DOCS

_CODE = re.compile(r"`([^`]+)`")
_SECTIONS = {
    "The *stage* of a review:": "stage",
    "The *response* to the review's current demand:": "response",
    "States of a deadline": "deadline",
    "Kinds of entry": "kind",
}


@cache
def document_text(name: str) -> str:
    """One of the documents, as it is written."""
    return (DOCS / name).read_text(encoding="utf-8")


@cache
def definitions() -> dict[tuple[str, str], str]:
    """What each status word, state and kind means: by track (stage, response, listing ..., deadline, kind) and word."""
    found: dict[tuple[str, str], str] = {}
    section, track = "", ""
    for line in document_text("glossary.md").splitlines():
        if line.startswith("#") or (line.endswith(":") and not line.startswith("|")):
            heading = line.lstrip("# ")
            section = _SECTIONS.get(heading, "tracks" if heading.startswith("Status: listing") else "")
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        words = _CODE.findall(cells[1 if section == "tracks" else 0]) if line.startswith("|") and section else []
        if not words:
            continue
        track = (cells[0] or track) if section == "tracks" else section
        found[track, words[0]] = cells[-1].replace("`", "").replace("*", "")
    absent = "The item only may exist."
    for name in ("funding", "court", "policies"):
        found[name, "none_known"] = absent
    return found


def anchor(track: str, word: str) -> str:
    """Where the glossary on the page has a word."""
    return f"{track}-{word}"


@cache
def render_markdown(name: str) -> Markup:
    """A document as markup: made from our own files alone, with any HTML in them shown as text."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(document_text(name))
    _give_anchors(tokens)
    written = markdown.renderer.render(_below_a_title(tokens), markdown.options, {})
    return Markup(str(written).replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - our own text


def _below_a_title(tokens: list[Token]) -> list[Token]:
    """Without the document's own title, for the page has one."""
    return tokens[3:] if tokens and tokens[0].tag == "h1" else tokens


def _give_anchors(tokens: list[Token]) -> None:
    section, track = "", ""
    for number, token in enumerate(tokens):
        if token.type == "inline" and tokens[number - 1].type in ("heading_open", "paragraph_open"):
            heading = token.content.strip()
            titled = tokens[number - 1].type == "heading_open"
            otherwise = "tracks" if heading.startswith("Status: listing") else "" if titled else section
            section = _SECTIONS.get(heading, otherwise)
            if titled:
                tokens[number - 1].attrSet("id", re.sub(r"[^a-z]+", "-", heading.lower()).strip("-"))
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "tr_open" and tokens[number + 1].type == "td_open" and section:
            cells = [one.content for one in tokens[number : number + 10] if one.type == "inline"]
            words = _CODE.findall(cells[1 if section == "tracks" else 0])
            track = (cells[0] or track) if section == "tracks" else section
            if words:
                token.attrSet("id", anchor(track, words[0]))
