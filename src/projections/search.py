"""Search: which versions match a query, and in which columns, by SQLite's FTS5 or PostgreSQL's text search.

Relevance is a matter of the columns alone: first come versions with all terms in the summary, then those with all in
summary and quotes together, then those that need the actor, the sources and the names of places and cases too. Unlike
a rank by word frequency, that depends on no other version, so the answer at a log position never changes and both
databases give the same.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from projections.schema import LEXEMES, live_tables
from projections.search_text import BREAK, SearchQuery, Term
from projections.snapshot import Snapshot

_words, _versions = live_tables().words, live_tables().versions

MatchedIn = Literal["anywhere", "summary", "quotes", "named"]
"""Where the terms are: in any columns; all in the summary; else all in summary and quotes; else all with the names."""
BY_RELEVANCE: tuple[MatchedIn, ...] = ("summary", "quotes", "named")
_COLUMNS: dict[MatchedIn, Sequence[str]] = {
    "summary": ("summary",),
    "quotes": ("summary", "quotes"),
    "named": ("summary", "quotes", "named"),
}


@cache
def matches(matched_in: MatchedIn) -> ColumnElement[bool]:
    """A condition on a version, whose parameters `match_params` gives."""
    return _versions.c.position.in_(select(_words.c.position).where(_Matches(matched_in)))


def match_params(snapshot: Snapshot, query: SearchQuery, matched_in: MatchedIn) -> Mapping[str, Any]:
    """The parameters of `matches` as the snapshot's database takes them."""
    names, position = snapshot.cache.names, snapshot.position
    terms = [(term, names.tokens(term, position)) for term in query.terms]
    without = [(term, names.tokens(term, position)) for term in query.without]
    if snapshot.connection.dialect.name == "sqlite":
        return {"match": _fts5_query(terms, without, matched_in)}
    return {
        "match": " & ".join(_ts_query(*term) for term in terms),
        # A row for each term, whose patterns are lines: SQL has no lists of lists of unlike length.
        "terms": ["\n".join(_like_patterns(*term)) for term in terms],
        "without": [pattern for term in without for pattern in _like_patterns(*term)],
    }


NamedTerm = tuple[Term, Sequence[str]]
"""A term and the tokens of what has it in its name."""


def _fts5_query(required: Sequence[NamedTerm], excluded: Sequence[NamedTerm], matched_in: MatchedIn) -> str:
    terms = " AND ".join(_fts5_string(*term) for term in required)
    within = {name: f"{{{' '.join(columns)}}} : ({terms})" for name, columns in _COLUMNS.items()}
    left_out = [_fts5_string(*term) for term in excluded]
    if matched_in == "anywhere":
        wanted = within["named"]
    else:
        wanted = within[matched_in]
        better = BY_RELEVANCE.index(matched_in) - 1
        if better >= 0:
            left_out.append(within[BY_RELEVANCE[better]])
    return f"({wanted}) NOT ({' OR '.join(f'({match})' for match in left_out)})" if left_out else wanted


def _fts5_string(term: Term, tokens: Sequence[str]) -> str:
    written = _quoted(" ".join(term.words)) + (" *" if term.prefix else "")
    return f"({' OR '.join([written, *map(_quoted, tokens)])})" if tokens else written


def _quoted(token: str) -> str:
    return f'"{token}"'


def _ts_query(term: Term, tokens: Sequence[str]) -> str:
    words = " & ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "")
    return " | ".join([f"({words})", *(f"'{token}'" for token in tokens)]).join("()")


def _like_patterns(term: Term, tokens: Sequence[str]) -> list[str]:
    written = f"% {' '.join(term.words)}{'' if term.prefix else ' '}%"
    return [written, *(f"% {token.replace('_', chr(92) + '_')} %" for token in tokens)]


class _Matches(ColumnElement[bool]):
    """The condition on the rows of words.

    PostgreSQL's index tells which words an entry has; their columns and their order are compared with LIKE, since its
    own word positions end at 16,383, and at 255 of the same word.
    """

    inherit_cache = False

    def __init__(self, matched_in: MatchedIn) -> None:
        self.matched_in = matched_in


@compiles(_Matches, "sqlite")
def _sqlite(_element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"{_words.name} MATCH {compiler.process(bindparam('match'), **kw)}"


@compiles(_Matches, "postgresql")
def _postgresql(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    match, terms, without = (compiler.process(bindparam(name), **kw) for name in ("match", "terms", "without"))
    within = {
        name: f"NOT EXISTS (SELECT 1 FROM unnest(CAST({terms} AS TEXT[])) AS term(patterns) "  # noqa: S608 - the names are ours
        f"WHERE NOT {_texts(columns)} LIKE ANY(string_to_array(term.patterns, chr(10))))"
        for name, columns in _COLUMNS.items()
    }
    conditions = [f"{LEXEMES} @@ CAST({match} AS TSQUERY)"]
    conditions.append(within["named" if element.matched_in == "anywhere" else element.matched_in])
    if element.matched_in in BY_RELEVANCE[1:]:
        conditions.append(f"NOT {within[BY_RELEVANCE[BY_RELEVANCE.index(element.matched_in) - 1]]}")
    conditions.append(f"NOT {_texts(_COLUMNS['named'])} LIKE ANY(CAST({without} AS TEXT[]))")
    return " AND ".join(conditions)


def _texts(columns: Sequence[str]) -> str:
    """Columns as one text that begins and ends with a space, as the patterns want it."""
    joined = f" || ' {BREAK} ' || ".join(columns)
    return f"(' ' || {joined} || ' ')"
