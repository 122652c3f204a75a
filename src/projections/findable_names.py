"""The names by which entries are found that only name an id: of places, with their aliases, and of cases.

An entry's row of words has a token for each place and case that it names. A search asks for the tokens of what now has
the words in its name, beside the words themselves. So a place that is renamed, or gets an alias, is found by it in all
entries, and no row of theirs is written again; and a search of the record as it stood knows the names of then.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from projections.search_text import SearchQuery, Term, fold_text

MOST_NAMED = 1_000
"""Places and cases that one term may stand for. A word in more names than that is looked for in texts alone."""


def place_token(slug: str) -> str:
    """A word that no text has, since words hold no `_`."""
    return f"_{slug.replace('-', '_')}"


def case_token(id_: str) -> str:
    return f"__{id_.replace('-', '_')}"


def place_names(fields: Mapping[str, Any]) -> list[str]:
    """The names of a place; those that are no text, as no command records them, are passed over."""
    aliases = fields.get("aliases")
    return [name for name in (fields.get("name"), *(aliases if isinstance(aliases, list) else ())) if _is_text(name)]


def case_captions(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The id and caption of the case that an entry gives a caption."""
    case = entry.get("case")
    if isinstance(case, dict) and _is_text(case.get("id")) and _is_text(case.get("caption")):
        yield case["id"], case["caption"]


def _is_text(name: object) -> bool:
    return isinstance(name, str)


class FindableNames:
    """Every version of every name, in memory, by token: its log position and its words."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[tuple[int, str], ...]] = {}

    def take(self, token: str, position: int, *names: str) -> None:
        """Adds a version, in log order; readers see it whole or not at all."""
        self._versions[token] = (*self._versions.get(token, ()), (position, f" {fold_text(*names)} "))

    def tokens(self, term: Term, position: int) -> list[str]:
        """The tokens of what had the words of a term in one of its names at a log position."""
        tokens = [token for token, names in self._at(position) if _has(names[-1][1], term)]
        return tokens if len(tokens) <= MOST_NAMED else []

    def rests_on(self, query: SearchQuery, position: int) -> int:
        """The last position up to `position` at which a name with one of the terms came, changed or went."""
        terms = (*query.terms, *query.without)
        return max(
            (
                names[-1][0]
                for _, names in self._at(position)
                if any(_has(words, term) for _, words in names for term in terms)
            ),
            default=0,
        )

    def _at(self, position: int) -> Iterator[tuple[str, list[tuple[int, str]]]]:
        # A copy, as another thread may add what was recorded just now.
        for token, versions in list(self._versions.items()):
            known = [version for version in versions if version[0] <= position]
            if known:
                yield token, known


def _has(words: str, term: Term) -> bool:
    return f" {' '.join(term.words)}{'' if term.prefix else ' '}" in words
