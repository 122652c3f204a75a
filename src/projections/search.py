"""Search: which versions match a query, and in which columns, by SQLite's FTS5 or PostgreSQL's text search.

Relevance is a matter of the columns alone: first come versions with all terms in the summary, then those with all in
summary and quotes together, then those that need the actor and the sources too. Unlike a rank by word frequency, that
depends on no other version, so the answer at a log position never changes and both databases give the same.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from projections.schema import LEXEMES, live_tables
from projections.search_text import BREAK, SearchQuery, Term

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


def match_params(connection: Connection, query: SearchQuery, matched_in: MatchedIn) -> Mapping[str, Any]:
    """The parameters of `matches` as the connection's database takes them."""
    if connection.dialect.name == "sqlite":
        return {"match": _fts5_query(query, matched_in)}
    return {
        "match": " & ".join(map(_ts_query, query.terms)),
        "terms": list(map(_like_pattern, query.terms)),
        "without": list(map(_like_pattern, query.without)),
    }


def _fts5_query(query: SearchQuery, matched_in: MatchedIn) -> str:
    terms = " AND ".join(map(_fts5_string, query.terms))
    within = {name: f"{{{' '.join(columns)}}} : ({terms})" for name, columns in _COLUMNS.items()}
    excluded = list(map(_fts5_string, query.without))
    if matched_in == "anywhere":
        required = within["named"]
    else:
        required = within[matched_in]
        better = BY_RELEVANCE.index(matched_in) - 1
        if better >= 0:
            excluded.append(within[BY_RELEVANCE[better]])
    return f"({required}) NOT ({' OR '.join(f'({match})' for match in excluded)})" if excluded else required


def _fts5_string(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _ts_query(term: Term) -> str:
    return " & ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "")


def _like_pattern(term: Term) -> str:
    return f"% {' '.join(term.words)}{'' if term.prefix else ' '}%"


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
    within = {name: f"{_texts(columns)} LIKE ALL(CAST({terms} AS TEXT[]))" for name, columns in _COLUMNS.items()}
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
