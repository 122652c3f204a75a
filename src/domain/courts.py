"""The court track: where each subject stands for a place, case by case, by the four rules of section 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.facts import Fact, HoldingFact, OrderKey
from domain.jurisdictions import CIRCUITS, Place
from domain.national import Clocks, FactVersion, Law, Pair, count_facts

Item = dict[str, Any]
COVERED = "covered_non_party"
CircuitLookup = int | str | None
Stand = tuple[Item | None, Item | None, int]
"""The line of what certainly counts, that of all that may count, and the last position that they rest on."""
Stands = dict[Pair, Stand]
OUTSIDE_KEPT = 256
"""Sets of clocks and states for which it is remembered where everything stands: some 50 kB each."""
LineOf = Callable[[Place, Pair, Iterable[Fact], CircuitLookup, str], Item | None]


@dataclass(slots=True)
class Line:
    """Where a subject stands in a case for one place. `until`: the last day of an order made for a time."""

    value: str
    since: str
    entry: str
    until: str | None = None
    until_set_by: str | None = None

    def ran_out_before(self, day: str) -> bool:
        """Whether the line's time was over before a day."""
        return self.until is not None and self.until < day


def pairs_before(place: Place, law: Law, at: Clocks) -> dict[Pair, tuple[FactVersion, ...]]:
    """Every version of the acts by which a case and a subject come before the place, as a party or by scope."""
    filings = _filings(place, law)
    outside = (pair for pair in _reaching(place, law, at) if pair[0] not in filings)
    return {pair: (*filings.get(pair[0], ()), *_acts_on(pair, law)) for pair in (*outside, *_pairs_of(filings, law))}


def court_track(
    place: Place, law: Law, at: Clocks, line: LineOf | None = None
) -> tuple[dict[Pair, Item], dict[Pair, Item], int]:
    """The lines of what certainly counts, those of all that may count, and the last position that they rest on."""
    filings = _filings(place, law)
    outside = _known_outside(place, law, at) if line in (None, court_line) else _outside(place, law, at, line)
    stands = {pair: stand for pair, stand in outside.items() if pair[0] not in filings}
    for pair in _pairs_of(filings, law):
        acts = (*filings[pair[0]], *_acts_on(pair, law))
        stands[pair] = _stand(place, pair, acts, law, at, line or court_line)
    sure = {pair: item for pair, (item, _, _) in stands.items() if item is not None}
    maybe = {pair: item for pair, (_, item, _) in stands.items() if item is not None}
    return sure, maybe, max((rests_on for _, _, rests_on in stands.values()), default=0)


def _known_outside(place: Place, law: Law, at: Clocks) -> Stands:
    """Worked out once for all places of a state: of a place, `court_line` asks its state, its roles and its names."""
    asked = (at.as_of, at.public_by, min(at.position, law.last), place.state, place.touched_by & law.named)
    known: Stands | None = law.outside.get(asked)
    if known is None:
        if len(law.outside) >= OUTSIDE_KEPT:
            law.outside.clear()
        known = law.outside[asked] = _outside(place, law, at, court_line)
    return known


def _outside(place: Place, law: Law, at: Clocks, line: LineOf) -> Stands:
    """Where everything that reaches the place stands for it, as if it were a party to nothing."""
    return {pair: _stand(place, pair, _acts_on(pair, law), law, at, line) for pair in _reaching(place, law, at)}


def _stand(place: Place, pair: Pair, acts: Iterable[FactVersion], law: Law, at: Clocks, line: LineOf) -> Stand:
    circuit = law.circuit_of(pair[0], at)
    counted = count_facts(sorted(acts, key=_effect), at)
    sure = maybe = line(place, pair, counted.certain, circuit, at.as_of)
    if len(counted.may) > len(counted.certain):
        maybe = line(place, pair, counted.may, circuit, at.as_of)
    return sure, maybe, counted.rests_on


def _effect(held: FactVersion) -> OrderKey:
    return held.fact.effect


def _acts_on(pair: Pair, law: Law) -> tuple[FactVersion, ...]:
    """The rulings on a pair, and what ends its subject."""
    return (*law.rulings.get(pair, ()), *law.subject_ends.get(pair[1], ()))


def _pairs_of(filings: Mapping[str, Sequence[FactVersion]], law: Law) -> set[Pair]:
    """The pairs of the cases to which a place is a party."""
    pairs = {(case, subject) for case in filings for subject in law.subjects_of.get(case, ())}
    return pairs | {(case, subject) for case, its in filings.items() for held in its for subject in held.fact.subjects}


def _reaching(place: Place, law: Law, at: Clocks) -> set[Pair]:
    """The pairs that a ruling puts before a place that is no party (rule 2)."""
    wheres = [("nationwide", ""), ("states", place.state), *(("named", one) for one in place.touched_by & law.named)]
    pairs = {pair for where in wheres for pair in law.reaching.get(where, ())}
    for pair in law.reaching.get(("circuit", ""), ()):
        circuit = law.circuit_of(pair[0], at)
        if circuit is not None and place.state in CIRCUITS[circuit]:
            pairs.add(pair)
    return pairs


def _filings(place: Place, law: Law) -> dict[str, list[FactVersion]]:
    """Per case, the versions of the filings that give the place or an agency of it a role."""
    filings: dict[str, list[FactVersion]] = {}
    for party in place.touched_by:
        for held in law.filings.get(party, ()):
            its = filings.setdefault(str(held.fact.case), [])
            if held not in its:
                its.append(held)
    return filings


def _reaches(holding: HoldingFact, place: Place, circuit: CircuitLookup) -> bool:
    """Whether a holding's scope takes in a place that is no party (rule 2)."""
    match holding.scope:
        case "nationwide":
            return True
        case "circuit":
            return circuit is not None and place.state in CIRCUITS[circuit]
        case "states":
            return place.state in holding.states
        case "named":
            return not holding.named.isdisjoint(place.touched_by)
        case _:
            return False


def court_line(place: Place, pair: Pair, facts: Iterable[Fact], circuit: CircuitLookup, day: str) -> Item | None:
    """The line of a pair on a day, from facts in order of effect; None where the place has none."""
    role: str | None = None
    line: Line | None = None
    for fact in facts:
        if fact.roles is not None:
            if role is None and line is not None and line.ran_out_before(fact.earliest):
                line = None
            role = role or _role(fact.roles, place)
            if line is None and pair[1] in fact.subjects:
                line = Line("challenged", fact.occurred, fact.id)
        elif fact.holdings:
            for holding in fact.holdings:
                if (holding.case, holding.subject) == pair:
                    line = _after_holding(line, fact, holding, place, party=role is not None, circuit=circuit)
        elif line is not None and line.value != "moot" and _ends_for(fact, place):
            line = Line("moot", fact.occurred, fact.id) if role else None
    if line is None:
        return None
    if line.ran_out_before(day):
        return _item(role, "challenged", line.until, line.until_set_by) if role else None
    return _item(role or COVERED, line.value, line.since, line.entry)


def _after_holding(
    line: Line | None, fact: Fact, holding: HoldingFact, place: Place, *, party: bool, circuit: CircuitLookup
) -> Line | None:
    """What a holding makes of a line: rule 2."""
    if holding.scope == "named" and holding.named.isdisjoint(place.touched_by):
        return line
    if not party and not (holding.value == "enjoined" and _reaches(holding, place, circuit)):
        return None
    after = Line(holding.value, fact.occurred, fact.id, holding.until, fact.id if holding.until else None)
    if line is not None and line.value == holding.value and not line.ran_out_before(fact.earliest):
        after.since, after.entry = line.since, line.entry
    return after


def _role(roles: Mapping[str, str], place: Place) -> str | None:
    """The role that a filing gives the place: its own before an agency's, agencies by slug (rule 1)."""
    return next((roles[one] for one in (place.id, *sorted(place.agencies)) if one in roles), None)


def _ends_for(fact: Fact, place: Place) -> bool:
    """Whether an act that ends the subject ends it for the place (rule 4)."""
    return (
        fact.kind != "condition_withdrawn"
        or not fact.jurisdictions
        or not place.touched_by.isdisjoint(fact.jurisdictions)
    )


def _item(role: str, value: str, since: str | None, entry: str | None) -> Item:
    return {"role": role, "value": value, "since": since, "entry": entry}
