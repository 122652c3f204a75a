"""The real record over HTTP: New Orleans' three days, the nine of the article, and what a reader needs to quote it."""

from collections.abc import Iterator
from typing import Any

import pytest

import api_world
from api_world import World

DEMAND = "2017-04-21-doj-letters-nine"
NINE = {
    "ca-bscc": "2017-06-29-bscc-response",
    "chicago-il": "2017-chicago-response",
    "clark-county-nv": "2017-05-30-clark-county-response",
    "cook-county-il": "2017-06-29-cook-county-response",
    "miami-dade-county-fl": "2017-06-26-miami-dade-response",
    "milwaukee-county-wi": "2017-06-28-milwaukee-county-response",
    "new-orleans-la": "2017-new-orleans-response",
    "new-york-ny": "2017-new-york-response",
    "philadelphia-pa": "2017-06-22-philadelphia-response",
}
SIGNERS = {
    "ca-bscc": "Aaron Maguire",
    "cook-county-il": "Kimberly M. Foxx",
    "milwaukee-county-wi": "Margaret C. Daun",
    "new-orleans-la": "Mitch Landrieu",
    "philadelphia-pa": "Sozi Pedro Tulante",
}
WRITTEN = api_world.recorded_entries()
PLACES = len(api_world.read(api_world.SEEDS / "jurisdictions.yaml"))
BEFORE_CORRECTIONS = PLACES + len(WRITTEN)


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("record")) as world:
        yield api_world.with_the_record(world)


@pytest.mark.parametrize(
    ("day", "stage", "its_entry", "response", "due"),
    [
        ("2017-07-07", "warned", DEMAND, "responded", "2017-06-30"),
        ("2017-10-12", "preliminary_concern", "2017-10-11-preliminary-findings", "due", "2017-10-27"),
        ("2017-11-30", "no_evidence_of_violation", None, "none_demanded", None),
    ],
)
def test_new_orleans_on_three_days(
    world: World, day: str, stage: str, its_entry: str | None, response: str, due: str | None
) -> None:
    answer = world.get("jurisdictions/new-orleans-la/status", as_of=day)
    review = next(one for one in answer["reviews"] if one["review"] == "section-1373-jag")
    assert (review["stage"]["value"], review["response"]["value"], review["response"]["due"]) == (stage, response, due)
    caused_by = world.get(f"entries/{review['stage']['entry']}")
    assert caused_by["id"] == (its_entry or caused_by["id"])
    assert caused_by["occurred"] == review["stage"]["since"]
    assert "new-orleans-la" in caused_by["jurisdictions"]
    assert caused_by["sources"]


@pytest.mark.parametrize(("place", "answer"), NINE.items())
def test_each_of_the_nine_has_its_demand_and_its_own_answer(world: World, place: str, answer: str) -> None:
    timeline = world.get(f"jurisdictions/{place}/timeline", limit=1000)["entries"]
    entries = {entry["id"]: entry for entry in timeline}
    assert place in entries[DEMAND]["jurisdictions"]
    assert entries[answer]["jurisdictions"] == [place]
    assert entries[answer]["actor"].get("name") == SIGNERS.get(place)
    deadlines = world.get(f"jurisdictions/{place}/deadlines", as_of="2017-07-07")["deadlines"]
    (its,) = [one for one in deadlines if (one["demand"], one["addressee"]) == (DEMAND, place)]
    assert (its["due"], its["state"], its["answer"], its["late"]) == ("2017-06-30", "answered", answer, False)
    assert its["words"] == WRITTEN[DEMAND]["respond_by"]["words"]


def test_an_entry_is_shown_word_for_word_as_the_record_has_it(world: World) -> None:
    for id_, written in WRITTEN.items():
        shown = world.get(f"entries/{id_}", recorded_by=BEFORE_CORRECTIONS)
        log = shown.pop("log")
        assert (log["recorder"], log["version"], shown.pop("standing"), shown.pop("certain")) == (
            "seeds",
            1,
            "stands",
            True,
        )
        assert shown["jurisdictions"] == written["jurisdictions"]
        assert said(shown) == said(written)


def said(value: Any) -> Any:
    """What a value says: a field that is left out and one that is empty say the same."""
    if isinstance(value, list):
        return [said(one) for one in value]
    if isinstance(value, dict):
        return {name: said(one) for name, one in value.items() if one not in (None, [], {}, 0)}
    return value


def test_the_nine_rest_on_sources_with_quotations_verbatim(world: World) -> None:
    for answer in NINE.values():
        shown = world.get(f"entries/{answer}", recorded_by=BEFORE_CORRECTIONS)
        assert shown["sources"] == WRITTEN[answer]["sources"]
        assert shown.get("quotes", []) == WRITTEN[answer].get("quotes", [])


def test_every_status_names_entries_that_can_be_read(world: World) -> None:
    named = set()
    for place in api_world.pages(world, "jurisdictions", "jurisdictions"):
        status = world.get(f"jurisdictions/{place['id']}/status")
        for review in status["reviews"]:
            named |= {review["stage"]["entry"], review["response"]["entry"], review["response"]["demand"]}
        for track in ("listing", "funding", "court", "policies"):
            named |= {item["entry"] for item in status[track]}
    assert len(named) > 20
    for entry in named - {None}:
        assert world.get(f"entries/{entry}")["id"] == entry
