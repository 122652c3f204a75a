"""The law: acts that can bear on places they do not name, indexed by what they end or hold.

Scope is a rule resolved per place and day, so nothing here is copied to three thousand counties. Every version of an
act is kept with the log positions that it held, so that one index answers for every position.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.facts import Fact, HoldingFact

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
class FactVersion:
    """A version of an act and the log positions that it held: `since` included, `until` not."""

    fact: Fact
    since: int
    until: int = STILL
    retracted: bool = False


@dataclass(frozen=True, slots=True)
class CountedFact:
    """Of some versions, in their order, those that count on the clocks asked, and the position that this rests on."""

    certain: list[Fact]
    may: list[Fact]
    rests_on: int


def count_facts(versions: Iterable[FactVersion], at: Clocks) -> CountedFact:
    """What counts, certainly and perhaps; a retracted act counts in no fold, though an answer may rest on it."""
    certain, may, rests_on = [], [], 0
    for held in versions:
        if held.since <= at.position and (level := held.fact.certainty(at.as_of, at.public_by)):
            superseded = held.until <= at.position
            rests_on = max(rests_on, held.until if superseded else held.since)
            if not (superseded or held.retracted):
                may.append(held.fact)
                if level == CERTAIN:
                    certain.append(held.fact)
    return CountedFact(certain, may, rests_on)


Pair = tuple[str, str]
"""A case and a subject."""
K = TypeVar("K", bound=Hashable)
T = TypeVar("T", bound=Hashable)
Index = dict[K, tuple[FactVersion, ...]]


def _file(index: Index[K], key: K, held: FactVersion) -> None:
    """Puts a version in its place in order of effect; the tuple is replaced, so a reader's iteration is never cut."""
    filed = index.get(key, ())
    place = bisect(filed, (held.fact.effect, held.since), key=lambda one: (one.fact.effect, one.since))
    index[key] = (*filed[:place], held, *filed[place:])


def _note(index: dict[K, frozenset[T]], key: K, one: T) -> None:
    index[key] = index.get(key, frozenset()) | {one}


def _wheres(holding: HoldingFact) -> list[tuple[str, str]]:
    """Under what `Law.reaching` keeps a holding; nothing where it is for the parties alone."""
    match holding.scope:
        case "nationwide" | "circuit":
            return [(holding.scope, "")]
        case "states":
            return [("states", state) for state in holding.states]
        case "named":
            return [("named", place) for place in holding.named]
        case _:
            return []


class Law:
    """Every version of every such act up to `head`, to which later ones are added as the log grows."""

    def __init__(self) -> None:
        """Begins empty: the law up to position 0."""
        self.head = 0
        self.last = 0
        """The last position of any of it: from there on, an answer that rests on the law alone stays the same."""
        self.rulings: Index[Pair] = {}
        self.reaching: dict[tuple[str, str], frozenset[Pair]] = {}
        """What was enjoined beyond the parties, by ("nationwide", ""), ("circuit", ""), ("states", S), ("named", P)."""
        self.named: frozenset[str] = frozenset()
        """The places that a ruling's scope, or the end of a subject, names."""
        self.outside: dict[Hashable, Any] = {}
        """What courts worked out for all who are no party, by what it was asked of."""
        self.subjects_of: dict[str, frozenset[str]] = {}
        self.filings: Index[str] = {}
        self.subject_ends: Index[str] = {}
        self.review_ends: Index[str] = {}
        self.list_acts: Index[str] = {}
        self.grant_ends: Index[str] = {}
        self.cases: Index[str] = {}
        self.entries: dict[str, tuple[FactVersion, ...]] = {}

    def take(self, versions: Iterable[FactVersion], head: int) -> None:
        """Adds the versions recorded after `self.head`, up to `head`, in log order."""
        for held in versions:
            earlier = self.entries.get(held.fact.id, ())
            if earlier:
                earlier[-1].until = held.since
            self.entries[held.fact.id] = (*earlier, held)
            self._index(held)
            self.last = held.since
        self.head = head

    def _index(self, held: FactVersion) -> None:
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
        if fact.ends_subjects:
            self.named |= frozenset(fact.jurisdictions)
        for pair in {(holding.case, holding.subject) for holding in fact.holdings}:
            _file(self.rulings, pair, held)
            _note(self.subjects_of, *pair)
        for holding in fact.holdings:
            self.named |= holding.named
            if holding.value == "enjoined":
                for where in _wheres(holding):
                    _note(self.reaching, where, (holding.case, holding.subject))

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
        if len(held) == 1:
            return held[0].fact.circuit
        return min(held, key=lambda one: one.fact.occurrence).fact.circuit if held else None
