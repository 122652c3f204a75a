"""Intervals: what each item of a status was through time, and may have been, is what the status of each day says."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

import api_world
from api_world import World
from domain.answers import ItemKey, PlaceStatus
from domain.history import differing_values
from projections.history import place_history
from projections.snapshot import AskedClocks
from projections.status import place_status

PLACES = ("new-orleans-la", "california", "chicago-il", "connecticut", "oregon", "ca-bscc", "new-york-ny")
DAYS = [(date(2016, 2, 1) + timedelta(days=83 * number)).isoformat() for number in range(46)]


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("courses")) as world:
        yield api_world.with_the_record(world)


def values_in(answer: PlaceStatus) -> dict[ItemKey, tuple[str | None, str | None]]:
    """Value and `possibly` of every item of a status; the value of an item that only may exist is None."""
    certain: dict[ItemKey, str | None] = {}
    for review in answer["reviews"]:
        stage, response = review["stage"], review["response"]
        exists = stage["entry"] is not None or response["entry"] is not None
        certain["stage", review["review"]] = stage["value"] if exists or stage["value"] != "none_known" else None
        certain["response", review["review"]] = (
            response["value"] if exists or response["value"] != "none_demanded" else None
        )
    certain.update({("listing", item["list"]): certain_value(item) for item in answer["listing"]})
    certain.update({("funding", item["grant"]): certain_value(item) for item in answer["funding"]})
    certain.update({("policies", item["policy"]): certain_value(item) for item in answer["policies"]})
    certain.update({("court", f"{line['case']} {line['subject']}"): certain_value(line) for line in answer["court"]})
    possible = differing_values(answer)
    values = {key: (value, possible.get(key)) for key, value in certain.items()}
    return {key: both for key, both in values.items() if both != (None, None)}


def certain_value(item: Mapping[str, Any]) -> str | None:
    return item["value"] if item["entry"] else None


@pytest.mark.parametrize("public_by", [None, "2018-06-01"])
@pytest.mark.parametrize("place", PLACES)
def test_an_interval_says_on_each_day_what_the_status_says(record: World, place: str, public_by: str | None) -> None:
    with record.service.snapshot(AskedClocks(None, public_by)) as snapshot:
        history = place_history(snapshot, place)
    for day in DAYS:
        with record.service.snapshot(AskedClocks(day, public_by)) as snapshot:
            answer = place_status(snapshot, place)
        last = {key: intervals[-1] for key, intervals in history.up_to(day).courses.items()}
        now = {key: (interval.value, interval.possibly) for key, interval in last.items() if interval.last is None}
        assert now == values_in(answer), day


def test_an_answer_known_to_lie_between_two_days_may_have_come_on_each(record: World) -> None:
    with record.service.snapshot() as snapshot:
        intervals = place_history(snapshot, "new-orleans-la").courses["response", "section-1373-jag"]
    (interval,) = (interval for interval in intervals if interval.first == "2017-04-21")
    assert (interval.last, interval.value, interval.possibly) == ("2017-06-29", "due", "responded")


def test_transitions_are_cut_at_the_day_asked(record: World) -> None:
    with record.service.snapshot() as snapshot:
        history = place_history(snapshot, "new-orleans-la")
    shown = record.get("jurisdictions/new-orleans-la/history", as_of="2017-07-07", limit=1000)["transitions"]
    cut = history.up_to("2017-07-07").transitions
    assert [(change.on, change.track, change.key, change.before, change.after) for change in cut] == [
        (change["on"], change["track"], change["key"], change["from"], change["to"]) for change in shown
    ]
