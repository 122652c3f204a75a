"""Words: what a text is searched by, the same for both databases.

Texts and questions are folded here, in Python, into words of lower-case letters and digits without diacritics. The
databases get those, split by spaces, and fold nothing themselves, so that both find the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

BREAK = "_"
"""Stands between texts (two quotes, a name and an office) and for one that is empty: no phrase reaches across it."""

LONGEST_QUESTION = 200
_LONGEST_WORD = 100
_LONGEST_TEXT = 80_000
"""Characters of a column: three of them, at four bytes each at most, fit into what PostgreSQL can index."""

_DROPPED = {"Mn", "Me", "Cf"}
"""Marks upon letters, and what no reader sees: soft hyphens, joiners."""


class _Folding(dict[int, str]):
    """For `str.translate`: what each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) in _DROPPED:
            folded = ""
        else:
            # Twice: what a case fold makes may itself be composed.
            apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
            kept = (one for one in apart if unicodedata.category(one) not in _DROPPED)
            folded = "".join(one if one.isalnum() else " " for one in kept)
        self[code] = folded
        return folded


_folding = _Folding()
_folding_ascii = bytes(ord(_folding[code] or " ") for code in range(128)).ljust(256)
"""The same for most texts, which have nothing else: half the time."""
_BREAK_BETWEEN = f" {BREAK} "


def words_of(text: str) -> list[str]:
    """The words of a text in order: `The mayor’s “Résumé”` has the, mayor, s, resume."""
    plain = text.encode().translate(_folding_ascii).decode() if text.isascii() else text.translate(_folding)
    words = plain.split()
    if max(map(len, words), default=0) > _LONGEST_WORD:
        return [word[:_LONGEST_WORD] for word in words]
    return words


def fold_text(*texts: str | None) -> str:
    """The words of texts as a column keeps them, with a break between two texts, or one alone where there are none."""
    parts = [" ".join(words_of(text)) for text in texts if text is not None]
    whole = _BREAK_BETWEEN.join(part for part in parts if part) or BREAK
    return whole if len(whole) <= _LONGEST_TEXT else whole[:_LONGEST_TEXT].rpartition(" ")[0]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other; the last may go on (`prefix`)."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What an entry must say, all of it, and what it must not."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()


_QUOTES = str.maketrans("“”„‟«»", '""""""')
_ITEM = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<more>\*?)')


def parse_search(question: str) -> SearchQuery:
    """What a question asks for: words, "phrases", begin*, and what is left out with -.

    Everything else is searched as the words in it. ValueError where it is too long or has no words to look for.
    """
    if len(question) > LONGEST_QUESTION:
        raise ValueError(f"has {len(question)} characters, and at most {LONGEST_QUESTION} can be asked for")
    terms: dict[bool, list[Term]] = {True: [], False: []}
    for item in _ITEM.finditer(question.translate(_QUOTES)):
        text = item["word"] or item["phrase"] or ""
        words = tuple(words_of(text))
        if words:
            term = Term(words, prefix=bool(item["more"]) or (item["word"] is not None and text.endswith("*")))
            terms[bool(item["not"])].append(term)
    if not terms[False]:
        raise ValueError("has no words to look for" + (" beside those to leave out" if terms[True] else ""))
    return SearchQuery(tuple(dict.fromkeys(terms[False])), tuple(dict.fromkeys(terms[True])))
