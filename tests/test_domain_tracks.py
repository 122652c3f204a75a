"""Three of the tracks: lists, grants and policies."""

from typing import Any

import pytest

from domain.answers import FundingItem, ListingItem, PolicyItem
from domain.facts import Fact
from domain.reviews import stage_moves
from domain.status import fold_funding, fold_listing, fold_policies
from made_facts import CITY, demand, fact

LIST = {"id": "declined-detainers"}
TOUCHED = CITY.touched_by


def listing(*facts: Fact) -> ListingItem | None:
    lists = {each.id: each.list for each in facts}
    return fold_listing(TOUCHED, facts, lists.get).get("declined-detainers")


def listing_value(*facts: Fact) -> str | None:
    item = listing(*facts)
    return None if item is None else item["value"]


PUBLISHED = fact("published", "list_published", "2026-03-01", list=LIST)
TAKEN_DOWN = fact("taken-down", "list_withdrawn", "2026-03-10", "texas", list=LIST)


def changed(id_: str, **fields: Any) -> Fact:
    return fact(id_, "list_changed", "2026-03-05", "texas", list=LIST, **fields)


def test_a_place_that_a_list_names_is_listed() -> None:
    expected = {"list": "declined-detainers", "value": "listed", "since": "2026-03-01", "entry": "published"}
    assert listing(PUBLISHED) == expected


def test_a_place_that_a_list_does_not_name_has_no_item() -> None:
    assert listing(fact("published", "list_published", "2026-03-01", "texas", list=LIST)) is None


def test_a_place_is_added_and_removed_by_changes() -> None:
    assert listing_value(changed("adds", added=[CITY.id])) == "listed"
    assert listing_value(PUBLISHED, changed("removes", removed=[CITY.id])) == "removed"


def test_what_is_added_and_removed_at_once_is_removed() -> None:
    assert listing_value(changed("both", added=[CITY.id], removed=[CITY.id])) == "removed"


def test_a_disputed_listing_says_so() -> None:
    disputes = fact("disputes", "statement", "2026-03-04", disputes=["published"])
    assert listing_value(PUBLISHED, disputes) == "listed_disputed"


def test_a_dispute_by_somebody_else_leaves_the_listing() -> None:
    disputes = fact("disputes", "statement", "2026-03-04", "texas", disputes=["published"])
    assert listing_value(PUBLISHED, disputes) == "listed"


def test_a_dispute_of_what_is_removed_leaves_it_removed() -> None:
    disputes = fact("disputes", "statement", "2026-03-06", disputes=["published"])
    assert listing_value(PUBLISHED, changed("removes", removed=[CITY.id]), disputes) == "removed"


def test_a_list_taken_down_takes_down_only_those_who_stood_on_it() -> None:
    assert listing_value(PUBLISHED, TAKEN_DOWN) == "list_taken_down"
    assert listing_value(PUBLISHED, changed("removes", removed=[CITY.id]), TAKEN_DOWN) == "removed"


def test_a_disputed_listing_is_taken_down_with_its_list() -> None:
    disputes = fact("disputes", "statement", "2026-03-04", disputes=["published"])
    assert listing_value(PUBLISHED, disputes, TAKEN_DOWN) == "list_taken_down"


def test_an_order_that_ends_a_list_makes_a_listing_dormant() -> None:
    order = fact("order", "order", "2026-03-10", "texas", ends_lists=["declined-detainers"])
    assert listing_value(PUBLISHED, order) == "dormant"
    assert listing_value(order) is None


def funding(*facts: Fact) -> FundingItem | None:
    return fold_funding(TOUCHED, facts, stage_moves(TOUCHED, facts)).get("byrne-jag")


def funding_value(*facts: Fact) -> str | None:
    item = funding(*facts)
    return None if item is None else item["value"]


def money(id_: str, kind: str, day: str, *names: str, **fields: Any) -> Fact:
    return fact(id_, kind, day, *names, grants=["byrne-jag"], **fields)


@pytest.mark.parametrize(
    ("kind", "fields", "value"),
    [
        ("grant_threat", {}, "threatened"),
        ("warning", {}, "threatened"),
        ("document_demand", {}, "threatened"),
        ("finding", {"outcome": "violation"}, "threatened"),
        ("finding", {"outcome": "no_evidence"}, None),
        ("condition_imposed", {}, "condition_in_award"),
        ("funds_withheld", {}, "withheld"),
        ("funds_released", {}, "released"),
        ("condition_withdrawn", {}, None),
        ("statement", {}, None),
    ],
)
def test_an_act_moves_a_grant_by_its_kind(kind: str, fields: dict[str, str], value: str | None) -> None:
    assert funding_value(money("act", kind, "2026-03-01", **fields)) == value


def test_an_item_of_funding_names_its_grant_and_cause() -> None:
    expected = {"grant": "byrne-jag", "value": "threatened", "since": "2026-03-01", "entry": "threat"}
    assert funding(money("threat", "grant_threat", "2026-03-01")) == expected


def test_once_withheld_nothing_but_a_release_moves_a_grant() -> None:
    withheld = money("withheld", "funds_withheld", "2026-03-01")
    assert funding_value(withheld, money("threat", "grant_threat", "2026-03-02")) == "withheld"
    assert funding_value(withheld, money("released", "funds_released", "2026-03-02")) == "released"


@pytest.mark.parametrize(
    ("before", "names", "value"),
    [
        ("grant_threat", (), "condition_withdrawn"),
        ("condition_imposed", (), "condition_withdrawn"),
        ("condition_imposed", ("texas",), "condition_in_award"),
        ("funds_released", (), "released"),
    ],
)
def test_a_withdrawn_condition_counts_for_those_whom_it_touches(
    before: str, names: tuple[str, ...], value: str
) -> None:
    withdrawn = money("withdrawn", "condition_withdrawn", "2026-03-05", *names)
    assert funding_value(money("before", before, "2026-03-01"), withdrawn) == value


def test_a_condition_withdrawn_for_everyone_names_nobody() -> None:
    withdrawn = money("withdrawn", "condition_withdrawn", "2026-03-05", jurisdictions=())
    assert funding_value(money("imposed", "condition_imposed", "2026-03-01"), withdrawn) == "condition_withdrawn"


def test_a_threat_ends_with_the_review_in_which_it_was_made() -> None:
    threat = demand("letter", "2026-03-01", due="2026-04-01", grants=["byrne-jag"])
    cleared = fact("cleared", "finding", "2026-03-05", outcome="no_evidence", review={"id": "letter"})
    assert funding(threat, cleared) == {
        "grant": "byrne-jag",
        "value": "threat_ended",
        "since": "2026-03-05",
        "entry": "cleared",
    }


def test_a_threat_made_in_no_review_outlasts_every_review() -> None:
    threat = money("threat", "grant_threat", "2026-03-01")
    cleared = fact("cleared", "finding", "2026-03-05", outcome="no_evidence", review={"id": "letter"})
    assert funding_value(threat, cleared) == "threatened"


def policies(*facts: Fact) -> PolicyItem | None:
    return fold_policies(TOUCHED, facts).get("welcoming-act")


def change(id_: str, effect: str, day: str, *names: str, **fields: Any) -> Fact:
    return fact(id_, "policy_change", day, *names, effect=effect, policy={"id": "welcoming-act"}, **fields)


@pytest.mark.parametrize(
    ("effect", "value"), [("adopted", "in_force"), ("amended", "amended"), ("rescinded", "rescinded")]
)
def test_a_change_gives_a_policy_its_value(effect: str, value: str) -> None:
    assert policies(change("act", effect, "2026-03-01")) == {
        "policy": "welcoming-act",
        "value": value,
        "since": "2026-03-01",
        "entry": "act",
        "direction": "limits",
    }


def test_what_is_reaffirmed_without_having_been_known_is_in_force_since_nobody_knows_when() -> None:
    item = policies(change("reaffirms", "reaffirmed", "2026-03-01"))
    assert item is not None
    assert (item["value"], item["since"], item["entry"]) == ("in_force", None, "reaffirms")


def test_reaffirming_changes_nothing_of_what_is_known() -> None:
    adopted = change("adopts", "adopted", "2026-03-01")
    reaffirmed = change("reaffirms", "reaffirmed", "2026-03-02", direction="requires")
    assert policies(adopted, reaffirmed) == policies(adopted)


def test_a_direction_lasts_until_a_change_gives_another() -> None:
    adopted = change("adopts", "adopted", "2026-03-01", direction="requires")
    amended = policies(adopted, change("amends", "amended", "2026-03-02"))
    assert amended is not None
    assert (amended["value"], amended["direction"]) == ("amended", "requires")


def test_another_places_policy_is_not_this_ones() -> None:
    assert policies(change("adopts", "adopted", "2026-03-01", "texas")) is None
