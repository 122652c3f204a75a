"""Search: which versions say what is asked for, and how well, by SQLite's FTS5 or PostgreSQL's text search.

How well is a matter of where, and of nothing else: all of it in the summary; else in summary and quotes together; else
with the actor and the sources. That rests on the version alone, never on how many others have the word, so an answer
of a log position stays what it was, and both databases give the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from projections.schema import LEXEMES, live_tables
from projections.search_text import BREAK, SearchQuery, Term

_words, _versions = live_tables().words, live_tables().versions

Where = Literal["anywhere", "summary", "said", "rest"]
"""In any of the columns; all in the summary; in summary and quotes, not all in the summary; only with the others."""
BY_RELEVANCE: tuple[Where, ...] = ("summary", "said", "rest")
_COLUMNS: dict[Where, Sequence[str]] = {
    "summary": ("summary",),
    "said": ("summary", "quotes"),
    "rest": ("summary", "quotes", "named"),
}


@cache
def matches(where: Where) -> ColumnElement[bool]:
    """A condition on a version, for which `asking` gives the values."""
    return _versions.c.position.in_(select(_words.c.position).where(_Matches(where)))


def match_params(connection: Connection, sought: SearchQuery, where: Where) -> Mapping[str, Any]:
    """The values of `says` as the connection's database takes them."""
    if connection.dialect.name == "sqlite":
        return {"match": _fts5(sought, where)}
    return {
        "match": " & ".join(f"'{word}'{more}" for term in sought.terms for word, more in _each(term)),
        "terms": [_like(term) for term in sought.terms],
        "without": [_like(term) for term in sought.without],
    }


def _fts5(sought: SearchQuery, where: Where) -> str:
    terms = " AND ".join(map(_string, sought.terms))
    within = {where: f"{{{' '.join(columns)}}} : ({terms})" for where, columns in _COLUMNS.items()}
    left_out = list(map(_string, sought.without))
    if where == "anywhere":
        found = within["rest"]
    else:
        better = BY_RELEVANCE.index(where) - 1
        found = within[where]
        if better >= 0:
            left_out.append(within[BY_RELEVANCE[better]])
    return f"({found}) NOT ({' OR '.join(f'({one})' for one in left_out)})" if left_out else found


def _string(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _each(term: Term) -> list[tuple[str, str]]:
    """The words of a term, and the mark of PostgreSQL for one that may go on."""
    *others, last = term.words
    return [*((word, "") for word in others), (last, ":*" if term.prefix else "")]


def _like(term: Term) -> str:
    return f"% {' '.join(term.words)}{'' if term.prefix else ' '}%"


class _Matches(ColumnElement[bool]):
    """The condition itself, on the rows of words.

    PostgreSQL's index knows which words an entry has. Where they stand, and whether next to each other, is seen by
    looking: its own word positions end at 16,383, and at 255 of one word.
    """

    inherit_cache = False

    def __init__(self, where: Where) -> None:
        self.where = where
        self.question: BindParameter[Any] = bindparam("match")
        self.terms: BindParameter[Any] = bindparam("terms")
        self.without: BindParameter[Any] = bindparam("without")


@compiles(_Matches, "sqlite")
def _sqlite(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    return f"{_words.name} MATCH {compiler.process(element.question, **kw)}"


@compiles(_Matches, "postgresql")
def _postgresql(element: _Matches, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401  # what the compiler passes on
    match, terms, without = (compiler.process(one, **kw) for one in (element.question, element.terms, element.without))
    within = {where: f"{_texts(columns)} LIKE ALL(CAST({terms} AS TEXT[]))" for where, columns in _COLUMNS.items()}
    conditions = [f"{LEXEMES} @@ CAST({match} AS TSQUERY)"]
    conditions.append(within["rest" if element.where == "anywhere" else element.where])
    if element.where in BY_RELEVANCE[1:]:
        conditions.append(f"NOT {within[BY_RELEVANCE[BY_RELEVANCE.index(element.where) - 1]]}")
    conditions.append(f"NOT {_texts(_COLUMNS['rest'])} LIKE ANY(CAST({without} AS TEXT[]))")
    return " AND ".join(conditions)


def _texts(columns: Sequence[str]) -> str:
    """Columns as one text that begins and ends with a space, as the patterns want it."""
    joined = f" || ' {BREAK} ' || ".join(columns)
    return f"(' ' || {joined} || ' ')"
