"""Causes: which events made a difference between two accounts of a place."""

from domain.causes import CausalEvidence, causes
from domain.facts import Fact
from domain.history import account_differences, value_history
from domain.jurisdictions import Place
from domain.national import Clocks, FactVersion, NationalActs
from made_facts import CITY, TODAY, demand, fact, filing, in_log, national_acts, ruling


def causes_between(
    earlier: int,
    versions: list[FactVersion],
    national: NationalActs | None = None,
    places: list[tuple[int, Place | None]] | None = None,
) -> dict[tuple[str, str], list[int]]:
    """By track and key, the causes of each item's first difference between a position and the end of the log."""
    national = national or NationalActs()
    places = places or [(0, CITY)]
    later = max([version.since for version in versions] + [national.head] + [position for position, _ in places])
    before, after = places[0][1], places[-1][1]
    accounts = [
        {} if place is None else value_history(place, versions, national, Clocks(TODAY, None, position))
        for place, position in ((before, earlier), (after, later))
    ]
    evidence = CausalEvidence.of(places, versions, national)
    first: dict[tuple[str, str], list[int]] = {}
    for difference in account_differences(*accounts):
        first.setdefault((difference.track, difference.key), causes(evidence, earlier, later, difference))
    return first


def corrected(before: Fact, after: Fact) -> list[FactVersion]:
    return [FactVersion(before, 1, until=2), FactVersion(after, 2)]


LETTER = demand("letter", "2026-03-01", due="2026-04-01")


def test_what_was_first_recorded_causes_what_it_adds() -> None:
    assert causes_between(0, in_log([LETTER])) == {("stage", "letter"): [1], ("response", "letter"): [1]}


def test_a_correction_causes_what_it_changes_and_nothing_else() -> None:
    later = demand("letter", "2026-03-01", due="2026-07-01")
    assert causes_between(1, corrected(LETTER, later)) == {("response", "letter"): [2]}


def test_what_was_retracted_and_reinstated_is_no_cause() -> None:
    imposed = fact("imposes", "condition_imposed", "2026-03-01", grants=["byrne-jag"])
    withdrawn = fact("withdraws", "condition_withdrawn", "2026-03-05", grants=["byrne-jag"])
    versions = [
        FactVersion(imposed, 1, until=2),
        FactVersion(imposed, 2, until=3, retracted=True),
        FactVersion(imposed, 3),
        FactVersion(withdrawn, 4),
    ]
    assert causes_between(1, versions) == {("funding", "byrne-jag"): [4]}


def test_an_act_that_bears_on_another_item_is_no_cause() -> None:
    adopted = fact("adopts", "policy_change", "2026-03-05", effect="adopted", policy={"id": "welcoming-act"})
    both = causes_between(0, in_log([LETTER, adopted]))
    assert both["policies", "welcoming-act"] == [2]
    assert both["stage", "letter"] == [1]


def test_of_two_acts_each_enough_the_first_in_the_log_is_named() -> None:
    # Without either stay alone the other would still take the line, so they are applied in the order of the log.
    enjoined = ruling("enjoins", "2026-02-01", "enjoined", "nationwide")
    stays = [ruling(id_, "2026-03-01", "enjoined_stayed", "nationwide") for id_ in ("stays", "stays-again")]
    assert causes_between(1, [], national_acts([enjoined, *stays])) == {("court", "city-v-sessions jag-condition"): [2]}


def test_a_ruling_causes_the_line_of_a_place_that_it_does_not_name() -> None:
    national = national_acts(
        [filing("filed", "2026-01-01", chicago_il="plaintiff"), ruling("rules", "2026-02-01", "enjoined", "nationwide")]
    )
    assert causes_between(1, [], national) == {("court", "city-v-sessions jag-condition"): [2]}


def test_an_agency_that_begins_to_speak_for_a_place_brings_its_acts() -> None:
    letter = demand("letter", "2026-03-01", "oakland-police", due="2026-04-01")
    with_agency = Place(CITY.id, CITY.state, CITY.time_zone, None, ("oakland-police",))
    places: list[tuple[int, Place | None]] = [(0, CITY), (2, with_agency)]
    assert causes_between(1, in_log([letter]), places=places) == {
        ("stage", "letter"): [2],
        ("response", "letter"): [2],
    }


def test_evidence_changes_only_where_something_that_bears_was_recorded() -> None:
    evidence = CausalEvidence.of([(0, CITY)], in_log([LETTER]), NationalActs())
    assert evidence.changed(0, 1)
    assert not evidence.changed(1, 2)
