"""The court track: where each subject stands for a place, case by case, by the four rules of section 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.facts import Fact, Ruled
from domain.jurisdictions import CIRCUITS, Place
from domain.law import CERTAIN, Clocks, Held, Law, Pair

Item = dict[str, Any]
COVERED = "covered_non_party"
Circuit = int | str | None
LineOf = Callable[[Place, Pair, Iterable[Fact], Circuit, str], Item | None]


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


def pairs_before(place: Place, law: Law, at: Clocks) -> dict[Pair, tuple[Held, ...]]:
    """Every version of the acts by which a case and a subject come before the place, as a party or by scope."""
    filings = _filings(place, law)
    pairs = set(law.reaching)
    for case, its in filings.items():
        pairs.update((case, subject) for subject in law.subjects_of.get(case, ()))
        pairs.update((case, subject) for held in its for subject in held.fact.subjects)
    found = {}
    for pair in pairs:
        case, subject = pair
        rulings = law.rulings.get(pair, ())
        if case not in filings:
            circuit = law.circuit_of(case, at)
            if not any(_bears(held.fact, pair, place, circuit) for held in rulings):
                continue
        found[pair] = (*filings.get(case, ()), *rulings, *law.subject_ends.get(subject, ()))
    return found


def court_track(
    place: Place, law: Law, at: Clocks, line: LineOf | None = None
) -> tuple[dict[Pair, Item], dict[Pair, Item], int]:
    """The lines of what certainly counts, those of all that may count, and the last position that they rest on."""
    line_of = line or court_line
    sure: dict[Pair, Item] = {}
    maybe: dict[Pair, Item] = {}
    rests_on = 0
    for pair, acts in pairs_before(place, law, at).items():
        circuit = law.circuit_of(pair[0], at)
        rests_on = max(rests_on, *(held.rests_on(at) for held in acts))
        counted = sorted(((held.fact, held.counts(at)) for held in acts), key=lambda one: one[0].effect)
        certain = [fact for fact, level in counted if level == CERTAIN]
        may = [fact for fact, level in counted if level]
        item = line_of(place, pair, certain, circuit, at.as_of)
        if item is not None:
            sure[pair] = item
        if len(may) > len(certain):
            item = line_of(place, pair, may, circuit, at.as_of)
        if item is not None:
            maybe[pair] = item
    return sure, maybe, rests_on


def _filings(place: Place, law: Law) -> dict[str, list[Held]]:
    """Per case, the versions of the filings that give the place or an agency of it a role."""
    filings: dict[str, list[Held]] = {}
    for party in place.touched_by:
        for held in law.filings.get(party, ()):
            its = filings.setdefault(str(held.fact.case), [])
            if held not in its:
                its.append(held)
    return filings


def _bears(fact: Fact, pair: Pair, place: Place, circuit: Circuit) -> bool:
    """Whether a ruling on the pair puts it before a place that is no party."""
    return any(
        (holding.case, holding.subject) == pair and holding.value == "enjoined" and _reaches(holding, place, circuit)
        for holding in fact.holdings
    )


def _reaches(holding: Ruled, place: Place, circuit: Circuit) -> bool:
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


def court_line(place: Place, pair: Pair, facts: Iterable[Fact], circuit: Circuit, day: str) -> Item | None:
    """The line of a pair on a day, from facts in order of effect; None where the place has none."""
    role: str | None = None
    line: Line | None = None
    for fact in facts:
        if fact.roles is not None:
            if role is None and line is not None and line.ran_out_before(fact.lo):
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
    line: Line | None, fact: Fact, holding: Ruled, place: Place, *, party: bool, circuit: Circuit
) -> Line | None:
    """What a holding makes of a line: rule 2."""
    if holding.scope == "named" and holding.named.isdisjoint(place.touched_by):
        return line
    if not party and not (holding.value == "enjoined" and _reaches(holding, place, circuit)):
        return None
    after = Line(holding.value, fact.occurred, fact.id, holding.until, fact.id if holding.until else None)
    if line is not None and line.value == holding.value and not line.ran_out_before(fact.lo):
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
