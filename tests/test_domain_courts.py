"""The court track: rules 1 to 4, for parties and for those whom a ruling reaches."""

import pytest

from domain.answers import CourtLine
from domain.courts import acts_by_pair, court_line, court_track
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, NationalActs, circuit_of, list_of
from made_facts import CITY, STATE, TODAY, fact, filing, national_acts, ruling

PAIR = ("city-v-sessions", "jag-condition")
TEXAN = Place("houston-tx", "TX", "America/Chicago")
FILED = filing("filed", "2026-01-01", oakland_ca="plaintiff")


def line(*facts: Fact, place: Place = CITY, day: str = TODAY) -> CourtLine | None:
    """The line that only what certainly counts on a day makes."""
    return court_track(place, national_acts(facts), Clocks(day, None, len(facts)))[0].get(PAIR)


def value(*facts: Fact, place: Place = CITY, day: str = TODAY) -> str | None:
    shown = line(*facts, place=place, day=day)
    return None if shown is None else shown["value"]


def test_a_filing_makes_a_party_a_line_at_challenged() -> None:
    assert line(FILED) == {
        "case": "city-v-sessions",
        "subject": "jag-condition",
        "role": "plaintiff",
        "value": "challenged",
        "since": "2026-01-01",
        "entry": "filed",
    }


def test_a_filing_says_nothing_of_a_place_that_is_no_party() -> None:
    assert line(FILED, place=TEXAN) is None


def test_a_role_of_an_agency_is_the_states_and_the_states_own_comes_first() -> None:
    agency = filing("filed", "2026-01-01", ca_police="defendant")
    both = filing("filed", "2026-01-01", ca_police="defendant", california="plaintiff")
    roles = [shown["role"] for filed in (agency, both) if (shown := line(filed, place=STATE)) is not None]
    assert roles == ["defendant", "plaintiff"]


def test_the_first_role_stays() -> None:
    again = filing("again", "2026-01-02", oakland_ca="defendant")
    shown = line(FILED, again)
    assert shown is not None
    assert (shown["role"], shown["entry"]) == ("plaintiff", "filed")


@pytest.mark.parametrize("held", ["enjoined", "enjoined_stayed", "upheld", "vacated", "dismissed"])
def test_a_holding_moves_the_line_of_a_party_whatever_its_scope(held: str) -> None:
    assert value(FILED, ruling("rules", "2026-02-01", held)) == held


@pytest.mark.parametrize(
    ("scope", "where", "reached"),
    [
        ("nationwide", {}, [CITY, TEXAN]),
        ("circuit", {}, [CITY]),
        ("states", {"states": ["TX"]}, [TEXAN]),
        ("named", {"jurisdictions": ["oakland-ca"]}, [CITY]),
        ("parties", {}, []),
    ],
)
def test_an_injunction_covers_the_non_parties_that_its_scope_reaches(
    scope: str, where: dict[str, list[str]], reached: list[Place]
) -> None:
    filed = filing("filed", "2026-01-01", chicago_il="plaintiff")
    rules = ruling("rules", "2026-02-01", "enjoined", scope, **where)
    lines = {place.id: line(filed, rules, place=place) for place in (CITY, TEXAN)}
    roles = {id_: shown["role"] for id_, shown in lines.items() if shown is not None}
    assert roles == {place.id: "covered_non_party" for place in reached}


def test_a_non_party_loses_its_line_when_the_injunction_is_stayed() -> None:
    enjoined = ruling("enjoins", "2026-02-01", "enjoined", "nationwide")
    stayed = ruling("stays", "2026-03-01", "enjoined_stayed", "nationwide")
    assert value(enjoined) == "enjoined"
    assert value(enjoined, stayed) is None


def test_a_holding_for_those_named_leaves_all_others_alone() -> None:
    enjoined = ruling("enjoins", "2026-02-01", "enjoined", "nationwide")
    for_another = ruling("dismisses", "2026-03-01", "dismissed", "named", jurisdictions=["houston-tx"])
    assert value(enjoined, for_another) == "enjoined"
    assert value(enjoined, for_another, place=TEXAN) is None


def test_a_line_that_a_holding_leaves_as_it_was_keeps_its_since() -> None:
    first, second = ruling("first", "2026-02-01", "enjoined"), ruling("second", "2026-03-01", "enjoined")
    shown = line(FILED, first, second)
    assert shown is not None
    assert (shown["since"], shown["entry"]) == ("2026-02-01", "first")


TEMPORARY = ruling("temporary", "2026-02-01", "enjoined", "nationwide", until="2026-02-15")


def test_an_order_made_for_a_time_holds_on_its_last_day() -> None:
    assert value(FILED, TEMPORARY, day="2026-02-15") == "enjoined"


def test_after_its_last_day_a_party_is_back_at_challenged_and_others_have_no_line() -> None:
    shown = line(FILED, TEMPORARY, day="2026-02-16")
    assert shown is not None
    assert (shown["value"], shown["since"], shown["entry"]) == ("challenged", "2026-02-15", "temporary")
    assert line(FILED, TEMPORARY, place=TEXAN, day="2026-02-16") is None


def test_a_filing_does_not_revive_an_order_that_had_run_out() -> None:
    late = filing("late", "2026-03-01", oakland_ca="plaintiff")
    shown = line(TEMPORARY, late)
    assert shown is not None
    assert (shown["value"], shown["since"], shown["entry"]) == ("challenged", "2026-03-01", "late")


def test_an_order_that_had_run_out_begins_anew() -> None:
    again = ruling("again", "2026-03-01", "enjoined")
    shown = line(FILED, TEMPORARY, again)
    assert shown is not None
    assert (shown["since"], shown["entry"]) == ("2026-03-01", "again")


def test_the_end_of_a_subject_makes_it_moot_for_parties_and_takes_the_line_of_others() -> None:
    ends = fact("ends", "order", "2026-03-01", "texas", ends_subjects=["jag-condition"])
    enjoined = ruling("enjoins", "2026-02-01", "enjoined", "nationwide")
    assert value(FILED, enjoined, ends) == "moot"
    assert value(FILED, enjoined, ends, place=TEXAN) is None


def test_a_withdrawn_condition_is_moot_for_those_whom_it_touches() -> None:
    for_texas = fact("withdraws", "condition_withdrawn", "2026-03-01", "houston-tx", subjects=[{"id": "jag-condition"}])
    for_all = fact(
        "withdraws", "condition_withdrawn", "2026-03-01", jurisdictions=(), subjects=[{"id": "jag-condition"}]
    )
    assert value(FILED, for_texas) == "challenged"
    assert value(FILED, for_all) == "moot"


def test_what_may_count_makes_a_line_of_its_own() -> None:
    uncertain = ruling("rules", "2026-05-20/2026-06-20", "upheld")
    certain, possible, _ = court_track(CITY, national_acts([FILED, uncertain]), Clocks(TODAY, None, 2))
    assert (certain[PAIR]["value"], possible[PAIR]["value"]) == ("challenged", "upheld")


def test_an_answer_rests_on_the_last_version_that_counts() -> None:
    acts = national_acts([FILED, ruling("rules", "2026-02-01", "upheld"), ruling("later", "2026-07-01", "vacated")])
    assert court_track(CITY, acts, Clocks(TODAY, None, 3))[2] == 2


def test_a_log_position_before_a_ruling_does_not_know_it() -> None:
    acts = national_acts([FILED, ruling("rules", "2026-02-01", "upheld")])
    assert court_track(CITY, acts, Clocks(TODAY, None, 1))[0][PAIR]["value"] == "challenged"


def test_another_court_rule_is_not_answered_from_the_cache_of_the_present_one() -> None:
    acts = national_acts([ruling("enjoins", "2026-02-01", "enjoined", "nationwide")])
    clocks = Clocks(TODAY, None, 1)
    assert court_track(CITY, acts, clocks)[0]
    assert court_track(CITY, acts, clocks, lambda *_: None)[0] == {}
    assert court_track(CITY, acts, clocks, court_line) == court_track(CITY, acts, clocks)


def test_the_acts_by_which_a_pair_comes_before_a_place() -> None:
    acts = national_acts([FILED, ruling("rules", "2026-02-01", "upheld")])
    assert [version.fact.id for version in acts_by_pair(CITY, acts, 2)[PAIR]] == ["filed", "rules"]
    assert acts_by_pair(TEXAN, acts, 2) == {}


def test_the_circuit_of_a_case_is_that_of_the_first_act_that_gives_it_retracted_or_not() -> None:
    first = FactVersion(filing("first", "2026-01-01", oakland_ca="plaintiff"), 2, retracted=True)
    later = fact("later", "ruling", "2026-02-01", case={"id": "city-v-sessions", "circuit": 5}, holdings=[])
    assert circuit_of([FactVersion(later, 1), first]) == 9
    assert circuit_of([]) is None


def test_a_disputed_entry_belongs_to_its_list_only_while_it_stands() -> None:
    published = fact("published", "list_published", "2026-01-01", list={"id": "the-list"})
    assert list_of(FactVersion(published, 1)) == "the-list"
    assert list_of(FactVersion(published, 1, retracted=True)) is None
    assert list_of(None) is None


def test_a_corrected_act_is_found_at_the_position_asked() -> None:
    acts = NationalActs()
    acts.take([FactVersion(FILED, 1)], 1)
    moved = fact("filed", "lawsuit_filed", "2026-01-01", case={"id": "city-v-sessions", "circuit": 5}, roles={})
    acts.take([FactVersion(moved, 2)], 2)
    assert (acts.circuit_of("city-v-sessions", 1), acts.circuit_of("city-v-sessions", 2)) == (9, 5)
