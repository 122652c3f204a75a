"""The documents in docs/ as pages show them, and the glossary's definitions by status word."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice, pairwise, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from api import DOCS

_CODE = re.compile(r"`([^`]+)`")
_ALL_TRACKS = "all tracks"
"""The one table of the glossary whose first column names the track."""
_SECTIONS = {
    "The *stage* of a review:": "stage",
    "The *response* to the review's current demand:": "response",
    "States of a deadline": "deadline",
    "Kinds of entry": "kind",
}
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def document_text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@cache
def definitions() -> dict[tuple[str, str], str]:
    """The meaning of each status word, state and kind, by track (stage, listing, ..., deadline, kind) and word."""
    meanings = {
        (track, word): cells[-1].replace("`", "").replace("*", "")
        for track, word, _, cells in _definition_rows(_MARKDOWN.parse(document_text("glossary.md")))
    }
    absent = "The item only may exist."
    return meanings | {(track, "none_known"): absent for track in ("funding", "court", "policies")}


def anchor(track: str, word: str) -> str:
    """The id of a word's row in the glossary on the page."""
    return f"{track}-{word}"


@cache
def render_markdown(name: str) -> Markup:
    """A document as HTML. Only our own documents are rendered, and any HTML in them is escaped."""
    tokens = _MARKDOWN.parse(document_text(name))
    for track, word, row, _ in _definition_rows(tokens):
        row.attrSet("id", anchor(track, word))
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^a-z]+", "-", following.content.strip().lower()).strip("-"))
        elif token.type == "th_open":
            token.attrSet("scope", "col")
    if tokens and tokens[0].tag == "h1":
        del tokens[:3]  # the page has a title of its own
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    return Markup(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S704 - our own text


def _definition_rows(tokens: list[Token]) -> Iterator[tuple[str, str, Token, list[str]]]:
    """Track, word, opening token and cells of each table row that defines a word."""
    section, track = "", ""
    for number, token in enumerate(tokens):
        if token.type == "inline" and tokens[number - 1].type in ("heading_open", "paragraph_open"):
            text = token.content.strip()
            unchanged = section if tokens[number - 1].type == "paragraph_open" else ""
            section = _ALL_TRACKS if text.startswith("Status: listing") else _SECTIONS.get(text, unchanged)
        elif token.type == "tr_open" and tokens[number + 1].type == "td_open" and section:
            row = takewhile(lambda part: part.type != "tr_close", islice(tokens, number, None))
            cells = [part.content for part in row if part.type == "inline"]
            words = _CODE.findall(cells[1 if section == _ALL_TRACKS else 0])
            track = (cells[0] or track) if section == _ALL_TRACKS else section
            if words:
                yield track, words[0], token, cells
