"""Places and what is due of them, over HTTP: names, filters and pages."""

from collections.abc import Iterator

import pytest

import api_world
from api_world import DATABASES, World

PLACES = {one["id"]: one for one in api_world.read(api_world.SEEDS / "jurisdictions.yaml")}


@pytest.fixture(scope="module", params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("places")) as world:
        yield api_world.with_the_record(world)


def test_a_place_is_found_by_its_slug_and_by_its_numbers(world: World) -> None:
    by_slug = world.get("jurisdictions/new-orleans-la")
    assert {name: by_slug[name] for name in PLACES["new-orleans-la"]} == PLACES["new-orleans-la"]
    assert by_slug["log"]["recorder"] == "seeds"
    assert world.get("jurisdictions/geoid:2255000") == by_slug
    assert world.get("jurisdictions", ocd=by_slug["ocd"])["jurisdictions"] == [by_slug]
    assert world.get("jurisdictions", ocd=by_slug["ocd"], state="CA")["jurisdictions"] == []
    assert world.get("jurisdictions", ocd="ocd-division/country:us/state:la")["jurisdictions"] == []
    for what in ("status", "timeline", "deadlines"):
        by_geoid = world.ask(f"jurisdictions/geoid:2255000/{what}")
        assert by_geoid.content == world.ask(f"jurisdictions/new-orleans-la/{what}").content


@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_pages_of_places_are_all_places_by_slug(world: World, limit: int) -> None:
    found = api_world.pages(world, "jurisdictions", "jurisdictions", limit=limit)
    assert [one["id"] for one in found] == sorted(PLACES)


def test_places_are_chosen_by_state_and_kind(world: World) -> None:
    found = api_world.pages(world, "jurisdictions", "jurisdictions", state="CA", kind="agency")
    assert [one["id"] for one in found] == sorted(
        id_ for id_, one in PLACES.items() if (one["state"], one["kind"]) == ("CA", "agency")
    )


@pytest.mark.parametrize(
    ("stage", "as_of"), [("warned", "2017-07-07"), ("preliminary_concern", "2017-10-12"), ("dormant", "2022-01-01")]
)
def test_places_are_chosen_by_the_stage_of_a_review_on_a_day(world: World, stage: str, as_of: str) -> None:
    found = api_world.pages(world, "jurisdictions", "jurisdictions", stage=stage, as_of=as_of, limit=3)
    right = [
        id_
        for id_ in sorted(PLACES)
        if stage in [one["stage"]["value"] for one in world.get(f"jurisdictions/{id_}/status", as_of=as_of)["reviews"]]
    ]
    assert [one["id"] for one in found] == right
    assert len(right) > 3


@pytest.mark.parametrize("asked", [{}, {"as_of": "2017-07-07"}, {"state": "answered"}, {"from": "2017-06-30"}])
def test_pages_of_deadlines_are_all_deadlines(world: World, asked: dict[str, str]) -> None:
    whole = world.get("deadlines", limit=1000, **asked)["deadlines"]
    assert len(whole) > 9
    assert api_world.pages(world, "deadlines", "deadlines", limit=4, **asked) == whole
    keys = [(one["due"], one["demand"], one["addressee"]) for one in whole]
    assert keys == sorted(set(keys))


def test_everyones_deadlines_are_those_of_each(world: World) -> None:
    everyones = world.get("deadlines", limit=1000, as_of="2018-02-01")["deadlines"]
    for id_ in PLACES:
        own = [one for one in everyones if one["addressee"] == id_]
        its = api_world.pages(world, f"jurisdictions/{id_}/deadlines", "deadlines", as_of="2018-02-01", limit=2)
        assert [one for one in its if one["addressee"] == id_] == own
    agencies = {id_ for id_, one in PLACES.items() if one.get("speaks_for") == "california"}
    its = world.get("jurisdictions/california/deadlines", as_of="2018-02-01")["deadlines"]
    assert {one["addressee"] for one in its} <= {"california"} | agencies


def test_deadlines_are_chosen_by_the_day_due(world: World) -> None:
    found = world.get("deadlines", limit=1000, from_="2017-06-30", to="2017-06-30")["deadlines"]
    assert {one["due"] for one in found} == {"2017-06-30"}
    assert len(found) >= 9


def test_the_service_says_that_it_lives_and_how_far_its_record_goes(world: World) -> None:
    head = int(world.ask("timeline").headers["log-position"])
    said = world.client.get("/healthz").json()
    assert (said["status"], said["position"]) == ("ok", head)
    said = world.client.get("/readyz").json()
    assert (said["status"], said["position"]) == ("ready", head)
