"""The court track: where each subject stands for a place, case by case, by the four rules of section 4."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.answers import CourtLine, CourtLineValue
from domain.facts import Fact, HoldingFact
from domain.jurisdictions import CIRCUITS, Place
from domain.national import Clocks, FactVersion, NationalActs, Pair, by_effect, count_facts
from domain.values import Circuit, Role

JudgedLine = tuple[CourtLine | None, CourtLine | None, int]
"""The line of what certainly counts, that of all that may count, and the last position that they rest on."""
JudgedLines = dict[Pair, JudgedLine]
CourtFold = Callable[[Place, Pair, Iterable[Fact], Circuit | None, str], CourtLine | None]
CACHED_QUESTIONS = 256
"""Sets of clocks and states whose lines for non-parties are cached: some 50 kB each, so 13 MB at most."""


@dataclass(slots=True)
class LineState:
    """Where a subject stands in a case for one place. `until`: the last day of an order made for a time."""

    value: CourtLineValue
    since: str
    entry: str
    until: str | None = None
    until_set_by: str | None = None

    def ran_out_before(self, day: str) -> bool:
        return self.until is not None and self.until < day


def acts_by_pair(place: Place, national: NationalActs, position: int) -> dict[Pair, tuple[FactVersion, ...]]:
    """Every version of the acts by which a case and a subject come before the place, as a party or by scope."""
    filings = _filings(place, national)
    by_scope = (pair for pair in _reaching(place, national, position) if pair[0] not in filings)
    return {
        pair: (*filings.get(pair[0], ()), *_acts_on(pair, national))
        for pair in (*by_scope, *_pairs_of(filings, national))
    }


def court_track(
    place: Place, national: NationalActs, clocks: Clocks, fold: CourtFold | None = None
) -> tuple[dict[Pair, CourtLine], dict[Pair, CourtLine], int]:
    """The lines of what certainly counts, those of all that may count, and the last position that they rest on."""
    filings = _filings(place, national)
    if fold in (None, court_line):
        by_scope = _cached_non_party_lines(place, national, clocks)
    else:
        by_scope = _non_party_lines(place, national, clocks, fold)
    judged = {pair: line for pair, line in by_scope.items() if pair[0] not in filings}
    for pair in _pairs_of(filings, national):
        acts = (*filings[pair[0]], *_acts_on(pair, national))
        judged[pair] = _judged_line(place, pair, acts, national, clocks, fold or court_line)
    certain = {pair: line for pair, (line, _, _) in judged.items() if line is not None}
    possible = {pair: line for pair, (_, line, _) in judged.items() if line is not None}
    return certain, possible, max((rests_on for _, _, rests_on in judged.values()), default=0)


def _cached_non_party_lines(place: Place, national: NationalActs, clocks: Clocks) -> JudgedLines:
    """Worked out once for all places of a state: `court_line` reads of a place its state, its roles and its names.

    Cleared as a whole when full: what is asked over and over is soon back, and no order has to be kept under threads.
    """
    position = min(clocks.position, national.last)
    key = (clocks.as_of, clocks.public_by, position, place.state, place.touched_by & national.named)
    cache: dict[object, JudgedLines] = national.non_party_lines
    lines = cache.get(key)
    if lines is None:
        if len(cache) >= CACHED_QUESTIONS:
            cache.clear()
        lines = cache[key] = _non_party_lines(place, national, clocks, court_line)
    return lines


def _non_party_lines(place: Place, national: NationalActs, clocks: Clocks, fold: CourtFold) -> JudgedLines:
    """Where everything that reaches the place stands for it, as if it were a party to nothing."""
    return {
        pair: _judged_line(place, pair, _acts_on(pair, national), national, clocks, fold)
        for pair in _reaching(place, national, clocks.position)
    }


def _judged_line(
    place: Place, pair: Pair, acts: Iterable[FactVersion], national: NationalActs, clocks: Clocks, fold: CourtFold
) -> JudgedLine:
    circuit = national.circuit_of(pair[0], clocks.position)
    counted = count_facts(sorted(acts, key=by_effect), clocks)
    certain = possible = fold(place, pair, counted.certain, circuit, clocks.as_of)
    if len(counted.may) > len(counted.certain):
        possible = fold(place, pair, counted.may, circuit, clocks.as_of)
    return certain, possible, counted.rests_on


def _acts_on(pair: Pair, national: NationalActs) -> tuple[FactVersion, ...]:
    return (*national.rulings.get(pair, ()), *national.subject_ends.get(pair[1], ()))


def _pairs_of(filings: Mapping[str, Sequence[FactVersion]], national: NationalActs) -> set[Pair]:
    """The pairs of the cases to which a place is a party."""
    return {
        (case, subject)
        for case, versions in filings.items()
        for subjects in (national.subjects_of.get(case, ()), *(version.fact.subjects for version in versions))
        for subject in subjects
    }


def _reaching(place: Place, national: NationalActs, position: int) -> set[Pair]:
    """The pairs that a ruling puts before a place that is no party (rule 2)."""
    keys = [("nationwide", ""), ("states", place.state), *(("named", id_) for id_ in place.touched_by & national.named)]
    pairs = {pair for key in keys for pair in national.reaching.get(key, ())}
    for pair in national.reaching.get(("circuit", ""), ()):
        circuit = national.circuit_of(pair[0], position)
        if circuit is not None and place.state in CIRCUITS[circuit]:
            pairs.add(pair)
    return pairs


def _filings(place: Place, national: NationalActs) -> dict[str, list[FactVersion]]:
    """Per case, the versions of the filings that give the place or an agency of it a role."""
    filings: dict[str, list[FactVersion]] = {}
    for party in place.touched_by:
        for version in national.filings.get(party, ()):
            versions = filings.setdefault(str(version.fact.case), [])
            if version not in versions:
                versions.append(version)
    return filings


def _reaches(holding: HoldingFact, place: Place, circuit: Circuit | None) -> bool:
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


def court_line(place: Place, pair: Pair, facts: Iterable[Fact], circuit: Circuit | None, day: str) -> CourtLine | None:
    """The line of a pair on a day, from facts in order of effect; None where the place has none."""
    role: Role | None = None
    state: LineState | None = None
    for fact in facts:
        if fact.roles is not None:
            if role is None and state is not None and state.ran_out_before(fact.earliest):
                state = None
            role = role or _role(fact.roles, place)
            if state is None and pair[1] in fact.subjects:
                state = LineState("challenged", fact.occurred, fact.id)
        elif fact.holdings:
            for holding in fact.holdings:
                if (holding.case, holding.subject) == pair:
                    state = _after_holding(state, fact, holding, place, party=role is not None, circuit=circuit)
        elif state is not None and state.value != "moot" and _ends_for(fact, place):
            state = LineState("moot", fact.occurred, fact.id) if role else None
    if state is None:
        return None
    value: CourtLineValue = state.value
    since: str | None = state.since
    entry: str | None = state.entry
    if state.ran_out_before(day):
        if role is None:
            return None
        value, since, entry = "challenged", state.until, state.until_set_by
    return {
        "case": pair[0],
        "subject": pair[1],
        "role": role or "covered_non_party",
        "value": value,
        "since": since,
        "entry": entry,
    }


def _after_holding(
    state: LineState | None, fact: Fact, holding: HoldingFact, place: Place, *, party: bool, circuit: Circuit | None
) -> LineState | None:
    """What a holding makes of a line: rule 2."""
    if holding.scope == "named" and holding.named.isdisjoint(place.touched_by):
        return state
    if not party and not (holding.value == "enjoined" and _reaches(holding, place, circuit)):
        return None
    after = LineState(holding.value, fact.occurred, fact.id, holding.until, fact.id if holding.until else None)
    if state is not None and state.value == holding.value and not state.ran_out_before(fact.earliest):
        after.since, after.entry = state.since, state.entry
    return after


def _role(roles: Mapping[str, Role], place: Place) -> Role | None:
    """The role that a filing gives the place: its own before an agency's, agencies by slug (rule 1)."""
    return next((roles[id_] for id_ in (place.id, *sorted(place.agencies)) if id_ in roles), None)


def _ends_for(fact: Fact, place: Place) -> bool:
    """Whether an act that ends the subject ends it for the place (rule 4)."""
    named = fact.jurisdictions if fact.kind == "condition_withdrawn" else ()
    return not named or not place.touched_by.isdisjoint(named)
