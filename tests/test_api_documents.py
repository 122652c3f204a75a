"""The documentation: every route with its parameters, answers and errors, and answers that keep to it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import api_world
from api.openapi import schemas
from api.openapi.document import A_JURISDICTION, ENTRIES
from api.openapi.rules import operations
from api_world import World
from domain.events import ACT_CLASSES


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("documents")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    answer: dict[str, Any] = world.client.get("/openapi.json").json()
    return answer


def named_operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{method.upper()} {path}", operation) for path, method, operation in operations(document)]


def test_it_is_openapi_3_1_with_a_page_to_read_it(world: World, document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    page = world.client.get("/docs")
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    asked_for = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(asked_for) == 3
    assert all(address.startswith("/") for address in asked_for), "a page that asks other servers for its files"
    assert [world.client.get(address).status_code for address in asked_for] == [200, 200, 200]


def test_every_route_is_described_with_its_answer_and_its_problems(document: dict[str, Any]) -> None:
    named = dict(named_operations(document))
    assert named.keys() >= {
        *(f"GET /api/v1/{what}" for what in ("timeline", "jurisdictions", "deadlines", "entries/{id}")),
        *(f"GET /api/v1/jurisdictions/{{id}}{what}" for what in ("", "/status", "/timeline", "/deadlines")),
        "POST /api/v1/entries",
        "POST /api/v1/jurisdictions",
        "GET /healthz",
        "GET /readyz",
    }
    assert [name for name in named if "/r/" in name] == []  # for people, who read no documentation
    for name, operation in named.items():
        responses = operation["responses"]
        assert ("304" in responses) == (name.startswith("GET") and not name.endswith("/stream")), name
        if name.startswith("POST"):
            assert operation["security"], name
            assert "401" in responses, name
            if "requestBody" in operation:
                assert responses.keys() >= {"413", "415", "422"}, name


def test_every_reference_in_it_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = {part.split('"')[0] for part in json.dumps(document).split('"#/components/schemas/')[1:]}
    assert named <= schemas.keys()


def test_a_body_is_the_union_told_apart_by_its_kind(document: dict[str, Any]) -> None:
    entry = document["components"]["schemas"]["Entry"]
    assert entry["discriminator"]["propertyName"] == "kind"
    assert len(entry["oneOf"]) == len(entry["discriminator"]["mapping"]) == len(ACT_CLASSES)
    for one in entry["oneOf"]:
        act = document["components"]["schemas"][one["$ref"].rpartition("/")[2]]
        assert "id" in act["properties"]
        assert "id" not in act["required"]


def test_the_parameters_of_the_timeline_are_documented(document: dict[str, Any]) -> None:
    parameters = {
        one["name"]: one for one in document["paths"]["/api/v1/timeline"]["get"]["parameters"] if "name" in one
    }
    assert parameters.keys() == {
        "as_of", "public_by", "recorded_by", "limit", "cursor", "jurisdiction", "state", "kind", "party", "from", "to",
        "q", "context", "order", "facets", "bom",
    }  # fmt: skip
    assert all(one["description"] and not one["required"] for one in parameters.values())
    assert "deadline_withdrawn" in parameters["kind"]["schema"]["enum"]
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}


def test_the_examples_can_be_recorded(world: World) -> None:
    for fields in ENTRIES.values():
        assert world.post("entries", fields).status_code == 201
    another = {"id": "another-new-orleans-la", "geoid": None, "ocd": None}  # which are those of the one on record
    assert world.post("jurisdictions", {**A_JURISDICTION, **another}).status_code == 201


@pytest.mark.parametrize(
    ("address", "shape"),
    [
        ("timeline?limit=1000", schemas.Timeline),
        ("entries/2017-04-21-doj-letters-nine", schemas.EntryShown),
        ("jurisdictions?limit=1000", schemas.Jurisdictions),
        ("jurisdictions/california", schemas.JurisdictionShown),
        ("deadlines?limit=1000", schemas.Deadlines),
        ("jurisdictions/california/deadlines", schemas.Deadlines),
        ("timeline?limit=0", None),
    ],
)
def test_answers_keep_to_their_shapes(world: World, address: str, shape: type[BaseModel] | None) -> None:
    body = world.ask(address).content
    (shape or schemas.ProblemShown).model_validate_json(body)


@pytest.mark.parametrize("day", ["2016-06-15", "2017-06-15", "2017-10-12", "2018-02-01", "2021-05-01", "2025-06-01"])
def test_every_status_keeps_to_its_shape(world: World, day: str) -> None:
    for place in world.get("jurisdictions", limit=1000)["jurisdictions"]:
        answer = world.ask(f"jurisdictions/{place['id']}/status", as_of=day)
        schemas.Status.model_validate_json(answer.content)
