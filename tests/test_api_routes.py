"""How routes are declared: once, by what a handler takes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Response

from api.http.parameters import ClockQuery, PageParameters
from api.http.routes import get
from api_world import World, act, place, world_on


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_on("sqlite", request, tmp_path) as world:
        yield world


def test_a_handler_takes_the_query_that_its_route_declares() -> None:
    def handler(query: PageParameters) -> Response:
        return Response(str(query.limit))

    with pytest.raises(TypeError, match="handler: the query is declared as"):
        get(APIRouter(), "/things", query=ClockQuery, answer=None)(handler)


def test_a_route_without_a_query_model_refuses_parameters(world: World) -> None:
    assert world.ask("log/key").status_code == 200
    refused = world.ask("log/key", size="1")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "size")


@pytest.mark.parametrize("address", ["history", "timeline", "deadlines.ics", "jurisdictions/new-orleans-la/status"])
def test_every_answer_from_the_record_is_remembered(
    world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.post("jurisdictions", place("new-orleans-la"))
    world.post("entries", act("warning", "2017-04-21", ["new-orleans-la"]))
    answer = world.ask(address)
    monkeypatch.setattr(world.service, "snapshot", None)  # a 304 reads no more than the head of the log
    again = world.client.get(f"/api/v1/{address}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (answer.status_code, again.status_code, again.headers["ETag"]) == (200, 304, answer.headers["ETag"])
