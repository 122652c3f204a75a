"""The law: acts that can bear on places they do not name, indexed by what they end or hold.

Scope is a rule resolved per place and day, so nothing here is copied to three thousand counties. Every version of an
act is kept with the log positions that it held, so that one index answers for every position.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from domain.facts import Fact

CERTAIN, MAYBE = 2, 1
"""How surely an act counts (`Fact.certainty`)."""
STILL = 2**62
"""The `until` of a version that has not been superseded."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a question is asked of: a day, what was public by a day, and the log up to a position."""

    as_of: str
    public_by: str | None
    position: int


@dataclass(slots=True, eq=False)
class Held:
    """A version of an act and the log positions that it held: `since` included, `until` not."""

    fact: Fact
    since: int
    until: int = STILL
    retracted: bool = False

    def counts(self, at: Clocks) -> int:
        """2 certainly, 1 maybe, 0 not, on the clocks asked; a retracted act counts in no fold."""
        if self.retracted or not self.since <= at.position < self.until:
            return 0
        return self.fact.certainty(at.as_of, at.public_by)

    def rests_on(self, at: Clocks) -> int:
        """The last position up to `at` at which this version touched an answer on those clocks; 0 for never."""
        if self.since > at.position or not self.fact.certainty(at.as_of, at.public_by):
            return 0
        return self.until if self.until <= at.position else self.since


Pair = tuple[str, str]
"""A case and a subject."""
K = TypeVar("K", bound=Hashable)
Index = dict[K, tuple[Held, ...]]


def _file(index: Index[K], key: K, held: Held) -> None:
    """Puts a version in its place in order of effect; the tuple is replaced, so a reader's iteration is never cut."""
    index[key] = tuple(sorted((*index.get(key, ()), held), key=lambda one: (one.fact.effect, one.since)))


class Law:
    """Every version of every such act up to `head`, to which later ones are added as the log grows."""

    def __init__(self) -> None:
        """Begins empty: the law up to position 0."""
        self.head = 0
        self.rulings: Index[Pair] = {}
        self.reaching: frozenset[Pair] = frozenset()
        self.subjects_of: dict[str, frozenset[str]] = {}
        self.filings: Index[str] = {}
        self.subject_ends: Index[str] = {}
        self.review_ends: Index[str] = {}
        self.list_acts: Index[str] = {}
        self.grant_ends: Index[str] = {}
        self.cases: Index[str] = {}
        self.entries: dict[str, tuple[Held, ...]] = {}

    def take(self, versions: Iterable[Held], head: int) -> None:
        """Adds the versions recorded after `self.head`, up to `head`, in log order."""
        for held in versions:
            earlier = self.entries.get(held.fact.id, ())
            if earlier:
                earlier[-1].until = held.since
            self.entries[held.fact.id] = (*earlier, held)
            self._index(held)
        self.head = head

    def _index(self, held: Held) -> None:
        fact = held.fact
        for review in fact.ends_reviews:
            _file(self.review_ends, review, held)
        for list_ in fact.ends_lists if fact.list is None else (fact.list,):
            _file(self.list_acts, list_, held)
        for subject in fact.ends_subjects:
            _file(self.subject_ends, subject, held)
        if fact.funding == "condition_withdrawn" and not fact.jurisdictions:
            for grant in fact.grants:
                _file(self.grant_ends, grant, held)
        for party in fact.roles or ():
            _file(self.filings, party, held)
        if fact.case is not None and fact.circuit is not None:
            _file(self.cases, fact.case, held)
        pairs = {(holding.case, holding.subject) for holding in fact.holdings}
        for pair in pairs:
            _file(self.rulings, pair, held)
            self.subjects_of[pair[0]] = self.subjects_of.get(pair[0], frozenset()) | {pair[1]}
        self.reaching |= {
            (holding.case, holding.subject)
            for holding in fact.holdings
            if holding.value == "enjoined" and holding.scope != "parties"
        }

    def list_of(self, entry: str, at: Clocks) -> str | None:
        """The list that a disputed entry belongs to: it must be on record and stand, its own dates do not matter."""
        for held in self.entries.get(entry, ()):
            if held.since <= at.position < held.until and not held.retracted:
                return held.fact.list
        return None

    def circuit_of(self, case: str, at: Clocks) -> int | str | None:
        """The circuit of a case, from the first act in order of occurrence that gives it.

        Retracted or not: what an entry introduced stays introduced.
        """
        held = [one for one in self.cases.get(case, ()) if one.since <= at.position < one.until]
        return min(held, key=lambda one: one.fact.occurrence).fact.circuit if held else None
