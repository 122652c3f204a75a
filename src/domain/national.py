"""National acts: acts that can bear on places they do not name, indexed by what they end or hold.

Scope is a rule resolved per place and day, so nothing here is copied to three thousand counties. Every version of an
act is kept with the log positions that it held, so that one index answers for every position.
"""

from bisect import bisect
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.facts import Fact, HoldingFact, OrderKey
from domain.values import Circuit

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

    def holds_at(self, position: int) -> bool:
        return self.since <= position < self.until


@dataclass(frozen=True, slots=True)
class CountedFacts:
    """Of some versions, in their order, those that count on the clocks asked, and the position that this rests on."""

    certain: list[Fact]
    may: list[Fact]
    rests_on: int


def count_facts(versions: Iterable[FactVersion], clocks: Clocks) -> CountedFacts:
    """What counts, certainly and perhaps; a retracted act counts in no fold, though an answer may rest on it."""
    certain, may, rests_on = [], [], 0
    for version in versions:
        if version.since <= clocks.position and (level := version.fact.certainty(clocks.as_of, clocks.public_by)):
            superseded = version.until <= clocks.position
            rests_on = max(rests_on, version.until if superseded else version.since)
            if not (superseded or version.retracted):
                may.append(version.fact)
                if level == CERTAIN:
                    certain.append(version.fact)
    return CountedFacts(certain, may, rests_on)


def by_effect(version: FactVersion) -> OrderKey:
    return version.fact.effect


def circuit_of(versions: Iterable[FactVersion]) -> Circuit | None:
    """The circuit of a case, from the first act in order of occurrence that gives it, of the versions in force.

    Retracted or not: what an entry introduced stays introduced.
    """
    facts = [version.fact for version in versions if version.fact.circuit is not None]
    return min(facts, key=lambda fact: fact.occurrence).circuit if facts else None


def list_of(version: FactVersion | None) -> str | None:
    """The list that a disputed entry belongs to: the entry must stand, and its own dates do not matter."""
    return None if version is None or version.retracted else version.fact.list


Pair = tuple[str, str]
"""A case and a subject."""
K = TypeVar("K", bound=Hashable)
T = TypeVar("T", bound=Hashable)
VersionIndex = dict[K, tuple[FactVersion, ...]]


def _insert(index: VersionIndex[K], key: K, version: FactVersion) -> None:
    """Puts a version in its place in order of effect; the tuple is replaced, so a reader's iteration is never cut."""
    versions = index.get(key, ())
    place = bisect(versions, (version.fact.effect, version.since), key=lambda each: (each.fact.effect, each.since))
    index[key] = (*versions[:place], version, *versions[place:])


def _add(index: dict[K, frozenset[T]], key: K, member: T) -> None:
    index[key] = index.get(key, frozenset()) | {member}


def _reach_keys(holding: HoldingFact) -> list[tuple[str, str]]:
    """The keys of `NationalActs.reaching` under which a holding is found; none where it is for the parties alone."""
    match holding.scope:
        case "nationwide" | "circuit":
            return [(holding.scope, "")]
        case "states":
            return [("states", state) for state in holding.states]
        case "named":
            return [("named", place) for place in holding.named]
        case _:
            return []


class NationalActs:
    """Every version of every such act up to `head`, to which later ones are added as the log grows."""

    def __init__(self) -> None:
        self.head = 0
        self.last = 0
        """The position of the last version: from there on, an answer that rests on these acts alone stays the same."""
        self.rulings: VersionIndex[Pair] = {}
        self.reaching: dict[tuple[str, str], frozenset[Pair]] = {}
        """What was enjoined beyond the parties, by ("nationwide", ""), ("circuit", ""), ("states", S), ("named", P)."""
        self.named: frozenset[str] = frozenset()
        """The places that a ruling's scope, or the end of a subject, names."""
        self.non_party_lines: dict[Hashable, Any] = {}
        """A cache of the courts module: the lines of places that are no party."""
        self.subjects_of: dict[str, frozenset[str]] = {}
        self.filings: VersionIndex[str] = {}
        self.subject_ends: VersionIndex[str] = {}
        self.review_ends: VersionIndex[str] = {}
        self.list_acts: VersionIndex[str] = {}
        self.grant_ends: VersionIndex[str] = {}
        self.cases: VersionIndex[str] = {}
        self.entries: dict[str, tuple[FactVersion, ...]] = {}

    def take(self, versions: Iterable[FactVersion], head: int) -> None:
        """Adds the versions recorded after `self.head`, up to `head`, in log order."""
        for version in versions:
            earlier = self.entries.get(version.fact.id, ())
            if earlier:
                earlier[-1].until = version.since
            self.entries[version.fact.id] = (*earlier, version)
            self._index(version)
            self.last = version.since
        self.head = head

    def _index(self, version: FactVersion) -> None:
        fact = version.fact
        for review in fact.ends_reviews:
            _insert(self.review_ends, review, version)
        for list_ in fact.ends_lists if fact.list is None else (fact.list,):
            _insert(self.list_acts, list_, version)
        for subject in fact.ends_subjects:
            _insert(self.subject_ends, subject, version)
        if fact.funding == "condition_withdrawn" and not fact.jurisdictions:
            for grant in fact.grants:
                _insert(self.grant_ends, grant, version)
        for party in fact.roles or ():
            _insert(self.filings, party, version)
        if fact.case is not None and fact.circuit is not None:
            _insert(self.cases, fact.case, version)
        if fact.ends_subjects:
            self.named |= frozenset(fact.jurisdictions)
        for pair in {(holding.case, holding.subject) for holding in fact.holdings}:
            _insert(self.rulings, pair, version)
            _add(self.subjects_of, *pair)
        for holding in fact.holdings:
            self.named |= holding.named
            if holding.value == "enjoined":
                for key in _reach_keys(holding):
                    _add(self.reaching, key, (holding.case, holding.subject))

    def list_of(self, entry: str, position: int) -> str | None:
        versions = self.entries.get(entry, ())
        return list_of(next((version for version in versions if version.holds_at(position)), None))

    def circuit_of(self, case: str, position: int) -> Circuit | None:
        return circuit_of(version for version in self.cases.get(case, ()) if version.holds_at(position))
