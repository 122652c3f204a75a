"""The words that texts are searched by, and search queries, the same for both databases.

Texts and queries are folded in Python (`domain.folding`) into words of lower-case letters and digits without
diacritics. The databases get those, split by spaces, and fold nothing themselves, so that both find the same.
"""

import re
from dataclasses import dataclass

from domain.folding import words_of

BREAK = "_"
"""Stands between texts (two quotes, a name and an office), so that no phrase matches across them, and for no text."""

LONGEST_QUESTION = 200
_LONGEST_TEXT = 80_000
"""Characters of a column: three of them, at four bytes each at most, fit into what PostgreSQL can index."""

_BREAK_BETWEEN = f" {BREAK} "


def fold_text(*texts: str | None) -> str:
    """The words of texts as a column keeps them, with a break between two texts, or one alone where there are none."""
    parts = [" ".join(words_of(text)) for text in texts if text is not None]
    return bounded_text(_BREAK_BETWEEN.join(part for part in parts if part) or BREAK)


def bounded_text(words: str) -> str:
    """As much of a column's words as the databases can index."""
    return words if len(words) <= _LONGEST_TEXT else words[:_LONGEST_TEXT].rpartition(" ")[0]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand one after the other; with `prefix`, the last is the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """The terms that an entry must have, all of them, and those that it must not."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()


_QUOTES = str.maketrans("“”„‟«»", '""""""')
_ITEM = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<more>\*?)')


def parse_search(question: str) -> SearchQuery:
    """A query as a reader writes it: words, "phrases", prefix*, and -excluded.

    Any other text is searched by the words in it. ValueError where it is too long or has no words to look for.
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
