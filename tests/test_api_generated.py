"""Random records and random clocks: every answer over HTTP is the one that a naive reading of the rules gives."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
import generated_records
import naive_rules
from api_world import DATABASES, World
from application.recording import handle, record
from conftest import WHOLE
from domain.decisions import command_for
from domain.events import (
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    JurisdictionUpdated,
    LaterEvent,
)

Log = list[dict[str, Any]]
TODAY = generated_records.TODAY


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        yield world


def keeping_to(right: Any, said: Any) -> Any:
    """What was said of what the naive reading speaks of: an answer may say more."""
    if isinstance(right, dict) and isinstance(said, dict):
        return {name: keeping_to(right[name], said[name]) for name in right if name in said}
    if isinstance(right, list) and isinstance(said, list) and len(right) == len(said):
        return [keeping_to(one, other) for one, other in zip(right, said, strict=True)]
    return said


def status(world: World, place: str, **clocks: Any) -> Any:
    answer = world.get(f"jurisdictions/{place}/status", **clocks)
    for review in answer["reviews"]:
        if not review["possibly"]:
            del review["possibly"]
    return answer


def timeline(world: World, place: str | None, **asked: Any) -> list[tuple[str, bool]]:
    address = "timeline" if place is None else f"jurisdictions/{place}/timeline"
    entries = world.get(address, limit=1000, **asked)["entries"]
    return [(entry["id"], entry["certain"]) for entry in entries]


def compare(world: World, log: Log, places: list[str], clocks: tuple[str, str | None], recorded_by: int | None) -> None:
    """Every answer about some places on one set of clocks, and those about everyone."""
    as_of, public_by = clocks
    asked = {"as_of": as_of, "public_by": public_by, "recorded_by": recorded_by}
    on_record, _ = naive_rules.on_record(log, recorded_by)
    for place in places:
        if place not in on_record:
            assert world.ask(f"jurisdictions/{place}/status", **asked).status_code == 404
            continue
        right: Any = naive_rules.status(log, place, as_of, public_by, recorded_by)
        said = status(world, place, **asked)
        assert keeping_to(right, said) == right, (place, clocks, recorded_by)
        for track in ("reviews", "listing", "funding", "court", "policies"):
            assert [item.keys() >= {"possibly"} for item in said[track]] == [
                item.keys() >= {"possibly"} for item in right[track]
            ], (place, clocks, recorded_by)
        right = naive_rules.deadlines(log, place, as_of, public_by, recorded_by)
        said = world.get(f"jurisdictions/{place}/deadlines", limit=1000, **asked)["deadlines"]
        assert keeping_to(right, said) == right, (place, clocks, recorded_by)
        for context in (False, True):
            right = naive_rules.timeline(log, place, as_of, public_by, recorded_by, context=context)
            assert timeline(world, place, context=context, **asked) == right, (place, clocks, recorded_by)
    right = naive_rules.all_deadlines(log, as_of, public_by, recorded_by)
    said = api_world.pages(world, "deadlines", "deadlines", limit=40, **asked)
    assert keeping_to(right, said) == right, (clocks, recorded_by)
    assert timeline(world, None, **asked) == naive_rules.timeline(log, None, as_of, public_by, recorded_by)


@pytest.mark.parametrize("seed", [11, 12, 13] if WHOLE else [11])
def test_a_record_in_any_order_gives_the_answers_of_the_rules(world: World, seed: int) -> None:
    written = generated_records.generate(seed, acts=160, places=14)
    arriving = generated_records.shuffled(written, seed + 1)
    record(
        world.service,
        list(arriving["entries"]),
        list(arriving["jurisdictions"]),
        recorder="generated",
    )
    log: Log = [{"event": "added", "jurisdiction": place} for place in written["jurisdictions"]]
    log += [{"event": "recorded", "entry": entry} for entry in written["entries"]]
    places = [place["id"] for place in written["jurisdictions"]]
    for clocks in generated_records.clocks(seed, written, 6):
        compare(world, log, places, clocks, None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [21, 22] if WHOLE else [21])
def test_a_log_with_acts_on_the_record_gives_the_answers_of_the_rules_at_any_position(world: World, seed: int) -> None:
    written = generated_records.generate(seed, acts=110, places=12)
    log = generated_records.script(seed, written)
    for event in log:
        recorded(world, event)
    rng = random.Random(seed)
    places = [place["id"] for place in written["jurisdictions"]]
    for clocks in generated_records.clocks(seed, written, 14):
        position = rng.choice([None, rng.randint(1, len(log)), rng.randint(len(log) // 2, len(log))])
        compare(world, log, rng.sample(places, 6), clocks, position)


def recorded(world: World, event: dict[str, Any]) -> None:
    """Records one event of a generated log, as whoever does it would."""
    service = world.service
    match event["event"]:
        case "added":
            record(service, [], [event["jurisdiction"]], recorder="generated")
        case "recorded":
            record(service, [event["entry"]], recorder="generated")
        case "updated":
            its = JurisdictionUpdated(jurisdiction=event["jurisdiction"], fields=event["fields"])
            handle(service, [command_for(its)], recorder="generated")
        case _:
            handle(service, [command_for(later(event))], recorder="generated")


def later(event: dict[str, Any]) -> LaterEvent:
    entry = event["entry"]
    match event["event"]:
        case "corrected":
            return EntryCorrected(entry=entry, fields=event["fields"], reason="A better source.")
        case "disputed":
            return EntryDisputed(entry=entry, by="Somebody", what="All of it.")
        case "retracted":
            return EntryRetracted(entry=entry, reason="It was another place.")
        case other:
            assert other == "reinstated"
            return EntryReinstated(entry=entry, reason="It was that place.")
