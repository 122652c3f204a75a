"""The log as CloudEvents, a part at a time: every position once, in order, as an SDK of theirs reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import api_world
from api.app import create_app
from api_world import DATABASES, World, act, place, with_the_record
from application.settings import Settings
from streaming import judged


@pytest.fixture(scope="module", params=DATABASES)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("events")) as world:
        yield with_the_record(world)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def all_events(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        part = world.get("events", after=after, limit=100)
        found += part["events"]
        after = part["next"]
    return found


def test_every_position_is_told_once_in_order_and_as_the_log_holds_it(recorded: World) -> None:
    events = all_events(recorded)
    head = int(recorded.ask("events", limit=1).headers["Log-Position"])
    assert [one["id"] for one in events] == [str(position) for position in range(1, head + 1)]
    for one in events[:: max(1, head // 50)]:
        leaf = recorded.get(f"log/entries/{one['id']}")
        assert one["data"] == leaf["state"]
        assert (one["recorder"], one["time"], one["version"]) == (
            leaf["recorder"],
            leaf["recorded_at"],
            leaf["version"],
        )
        assert one["type"] == f"dispute-timeline.{leaf['topic'].replace('/', '.v')}"


def test_the_sdk_of_cloudevents_takes_every_one(recorded: World) -> None:
    for one in all_events(recorded):
        event = judged(json.dumps(one).encode())
        assert event.get_id() == one["id"]
        assert event.get_time() == datetime.fromisoformat(one["time"])
        assert event.get_data() == one["data"]
        assert event.get_datacontenttype() == "application/json"


def test_a_subject_is_an_address_below_the_source(recorded: World) -> None:
    events = all_events(recorded)
    subjects = {one["subject"].partition("/")[0]: one["subject"] for one in events}
    assert set(subjects) == {"entries", "jurisdictions"}
    assert {one["source"] for one in events} == {"/api/v1"}
    for subject in subjects.values():
        assert recorded.client.get(f"/api/v1/{subject}").status_code == 200


def test_a_part_ends_where_the_log_does(world: World) -> None:
    for number in range(3):
        world.post("entries", act("statement", f"2026-01-0{number + 1}", ["springfield"]))
    assert [one["id"] for one in world.get("events", limit=2)["events"]] == ["1", "2"]
    assert world.get("events", limit=2)["next"] == 2
    assert world.get("events", after=2, limit=2)["next"] is None
    assert world.get("events", after=4) == {"events": [], "next": None}


def test_the_source_is_where_the_outside_finds_the_service(world: World) -> None:
    settings = Settings.from_environment({"PUBLIC_URL": "https://timeline.example.org/"})
    with TestClient(create_app(world.service, settings)) as client:
        (event,) = client.get("/api/v1/events").json()["events"]
    assert event["source"] == "https://timeline.example.org/api/v1"
    assert Settings.from_environment({"PORT": "9000"}).source == "/api/v1", "whichever port a process listens on"


@pytest.mark.parametrize("address", ["events", "events/stream"])
@pytest.mark.parametrize("after", ["-1", "1.5", "x", "", "2", "9" * 30, "١"])
def test_a_position_that_is_none_or_not_reached_yet_is_refused(world: World, address: str, after: str) -> None:
    answer = world.ask(address, after=after)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["after"]


@pytest.mark.parametrize("written", [b"-1", b"1.5", b"x", b"", b"2", b"9" * 30, b"+1", b" ", b"1, 1", b"\xb2"])
def test_a_last_event_id_that_is_none_of_ours_is_refused(world: World, written: bytes) -> None:
    answer = world.client.get("/api/v1/events/stream?after=0", headers=[(b"Last-Event-ID", written)])
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == ["Last-Event-ID"]


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_a_limit_beyond_its_bounds_is_refused(world: World, limit: str) -> None:
    assert world.ask("events", limit=limit).status_code == 400
    assert world.ask("events/stream", limit="1").status_code == 400
