"""Names are found however they are typed: by the finder, its script, the search, and in ids that are made."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api.pages.labels import STATES
from api_world import World, act, place
from browser import launched
from command_line import run
from domain.folding import words_of
from foldings import FOLDINGS
from naive_search import words
from serving import served

PLACES = [
    place("san-jose-ca", name="San José"),
    place("hawaii", name="Hawaiʻi", state="HI", kind="state"),
    place("new-york", name="New York", state="NY", kind="state"),
    place("new-york-city-ny", name="New York City", state="NY"),
    place("baltimore-md", name="Baltimore", state="MD"),
    place("baltimore-county-md", name="Baltimore County", state="MD", kind="county"),
    place("wrong-state-test", name="Wrong State Test", state="LA"),
    place("orleans-la", name="New Orleans", state="LA", aliases=["NOLA"], geoid="2255000"),
    place("dona-ana-nm", name="Doña Ana County", state="NM", kind="county"),
]


def full_name(each: dict[str, Any]) -> str:
    state = STATES[each["state"]]
    return each["name"] if each["name"] == state else f"{each['name']}, {state}"


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        for each in PLACES:
            assert world.post("jurisdictions", each).status_code == 201
        yield world


def found(world: World, typed: str) -> str | list[str]:
    """Where the finder leads, or the slugs that it lists."""
    answer = world.client.get("/places", params={"q": typed}, follow_redirects=False)
    if answer.status_code != 200:
        return str(answer.headers["location"]).removeprefix("/places/")
    return [piece.partition('"')[0] for piece in answer.text.split('<a href="/places/')[1:]]


@pytest.mark.parametrize(("written", "folded"), FOLDINGS)
def test_texts_are_folded_as_the_table_says(written: str, folded: str) -> None:
    assert " ".join(words_of(written)) == folded
    assert " ".join(words(written)) == folded


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("San Jose", "san-jose-ca"), ("San José", "san-jose-ca"), ("san jose\u0301", "san-jose-ca"),
        ("Ｓａｎ Ｊｏｓé", "san-jose-ca"), ("Hawaii", "hawaii"), ("Hawai'i", "hawaii"), ("Hawai’i", "hawaii"),
        ("Hawaiʻi", "hawaii"), ("HAWAIʻI", "hawaii"), ("Dona Ana", "dona-ana-nm"), ("NOLA", "orleans-la"),
        ("2255000", "orleans-la"), ("orleans-la", "orleans-la"), ("New Orleans, LA", "orleans-la"),
        ("New Orleans, Louisiana", "orleans-la"), ("Baltimore, Maryland", "baltimore-md"),
        ("New York City", "new-york-city-ny"), ("new york, city", "new-york-city-ny"),
    ],
)  # fmt: skip
def test_a_name_leads_to_its_place_however_it_is_typed(world: World, typed: str, slug: str) -> None:
    assert found(world, typed) == slug


@pytest.mark.parametrize(
    ("typed", "slugs"),
    [
        ("Baltimore", ["baltimore-md", "baltimore-county-md"]),
        ("New York", ["new-york", "new-york-city-ny"]),
        ("new-york", ["new-york", "new-york-city-ny"]),
        ("New", ["dona-ana-nm", "orleans-la", "new-york", "new-york-city-ny"]),
        ("Balti", ["baltimore-county-md", "baltimore-md"]),
        ("Atlantis", []),
        ("'", [each["id"] for each in sorted(PLACES, key=full_name)]),
    ],
)
def test_where_others_fit_too_all_are_listed_the_namesake_first(world: World, typed: str, slugs: list[str]) -> None:
    assert found(world, typed) == slugs


def test_beginnings_alone_lead_nowhere(world: World) -> None:
    assert found(world, "St Louis") == ["wrong-state-test"]
    assert found(world, "wro") == ["wrong-state-test"]


def said(summary: str, **more: Any) -> dict[str, Any]:
    return {**act("statement", "2017-05-01", ["hawaii"]), "summary": summary, **more}


def test_search_and_made_ids_fold_as_the_finder_does(world: World) -> None:
    assert world.post("entries", said("The Governor of Hawaiʻi spoke in San José.")).json()["id"] == (
        "2017-05-01-the-governor-of-hawaii-spoke-in"
    )
    for typed in ("Hawai'i", "Hawai’i", "hawaii", "HAWAIʻI", "“san jose\u0301”", "Ｊｏｓé"):
        assert len(world.get("timeline", q=typed)["entries"]) == 1, typed


def test_the_command_line_searches_alike(sqlite_url: str, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("id,kind,occurred,actor.party,jurisdictions,summary,sources.0.id,sources.0.title,sources.0.rank\n"
                     "said,statement,2017-05-01,federal,[],Hawaiʻi,s1,A page,primary\n")  # fmt: skip
    assert run(sqlite_url, "load", table).code == 0
    assert [each["id"] for each in run(sqlite_url, "timeline", "--q", "Hawai'i", "--json").json["entries"]] == ["said"]


@pytest.mark.slow
def test_the_script_folds_and_finds_as_the_server_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/timeline.db"
    rows = tmp_path / "places.ndjson"
    rows.write_text("\n".join(json.dumps(each) for each in PLACES))
    assert run(url, "load", rows).code == 0
    with served(tmp_path, DATABASE_URL=url) as (root, _), launched() as browser:
        page = browser.new_page()
        page.goto(f"{root}/places")
        for written, folded in FOLDINGS:
            assert page.evaluate("text => fold(text).join(' ')", written) == folded, written
        for typed, shown in (
            ("Hawai’i", 1),
            ("san jose\u0301", 1),
            ("baltimore", 2),
            ("ew york", 0),
            ("", len(PLACES)),
        ):
            page.fill("[data-find]", typed)
            assert page.locator("[data-grid] li:visible").count() == shown, typed
