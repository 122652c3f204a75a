"""A set of status rules: the folds that turn acts into the five tracks. The present set, and how another is told.

Another set is the present one with some folds replaced: `PRESENT.but("name", funding=my_fold)`. So a change of the
rules can be tried on the whole log, and reviewed, before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.courts import LineOf, court_line
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.reviews import Links, Move, fold_reviews, stage_moves
from domain.tracks import fold_funding, fold_listing, fold_policies

Items = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rules:
    """One function a track, and `stage_moves`, which both the review and the funding track read."""

    name: str
    stage_moves: Callable[[frozenset[str], Sequence[Fact]], list[Move]] = stage_moves
    reviews: Callable[[Place, Sequence[Fact], Sequence[Move], Links, str], Items] = fold_reviews
    listing: Callable[[frozenset[str], Iterable[Fact], Callable[[str], str | None]], Items] = fold_listing
    funding: Callable[[frozenset[str], Iterable[Fact], Sequence[Move]], Items] = fold_funding
    policies: Callable[[frozenset[str], Iterable[Fact]], Items] = fold_policies
    court: LineOf = court_line

    def but(self, name: str, **folds: Any) -> Rules:  # noqa: ANN401 - the folds above, which the fields describe
        """This set under another name, with some of its folds replaced."""
        return replace(self, name=name, **folds)


PRESENT = Rules("present")


def _lasting_threats(touched: frozenset[str], facts: Iterable[Fact], _moves: Sequence[Move]) -> Items:
    return fold_funding(touched, facts, ())


LASTING_THREATS = PRESENT.but("lasting-threats", funding=_lasting_threats)
"""An example: a threat outlasts the review in which it was made, until the money moves or the condition goes."""

RULE_SETS = {rules.name: rules for rules in (PRESENT, LASTING_THREATS)}
