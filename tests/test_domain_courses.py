"""Courses: what each item of a status was through time, and may have been, says what the status of each day says."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

import api_world
from api_world import World
from domain.history import ItemKey, possibly
from projections.history import place_history
from projections.snapshot import AskedClocks
from projections.status import place_status

PLACES = ("new-orleans-la", "california", "chicago-il", "connecticut", "oregon", "ca-bscc", "new-york-ny")
DAYS = [(date(2016, 2, 1) + timedelta(days=83 * number)).isoformat() for number in range(46)]
ITEMS = (("listing", "list"), ("funding", "grant"), ("policies", "policy"))


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("courses")) as world:
        yield api_world.with_the_record(world)


def said(answer: dict[str, Any]) -> dict[ItemKey, tuple[str | None, str | None]]:
    """Value and `possibly` of every item of a status; the value of an item that only may exist is None."""
    maybe = possibly(answer)
    found: dict[ItemKey, tuple[str | None, str | None]] = {}
    for review in answer["reviews"]:
        exists = review["stage"]["entry"] is not None or review["response"]["entry"] is not None
        for part in ("stage", "response"):
            certain = exists or review[part]["value"] not in ("none_known", "none_demanded")
            found[part, review["review"]] = (
                review[part]["value"] if certain else None,
                maybe.get((part, review["review"])),
            )
    for track, name in ITEMS:
        for item in answer[track]:
            key = track, item[name]
            found[key] = (item["value"] if item["entry"] else None, maybe.get(key))
    for line in answer["court"]:
        key = "court", f"{line['case']} {line['subject']}"
        found[key] = (line["value"] if line["entry"] else None, maybe.get(key))
    return {key: values for key, values in found.items() if values != (None, None)}


@pytest.mark.parametrize("public_by", [None, "2018-06-01"])
@pytest.mark.parametrize("place", PLACES)
def test_a_course_says_on_each_day_what_the_status_says(record: World, place: str, public_by: str | None) -> None:
    with record.service.snapshot(AskedClocks(None, public_by)) as snapshot:
        through = place_history(snapshot, place)
    for day in DAYS:
        with record.service.snapshot(AskedClocks(day, public_by)) as snapshot:
            answer = place_status(snapshot, place)
        courses = through.up_to(day).courses
        now = {key: (spans[-1].value, spans[-1].possibly) for key, spans in courses.items() if spans[-1].last is None}
        assert now == said(answer), day


def test_an_answer_known_to_lie_between_two_days_may_have_come_on_each(record: World) -> None:
    with record.service.snapshot() as snapshot:
        course = place_history(snapshot, "new-orleans-la").courses["response", "section-1373-jag"]
    (span,) = (one for one in course if one.first == "2017-04-21")
    assert (span.last, span.value, span.possibly) == ("2017-06-29", "due", "responded")


def test_transitions_are_cut_at_the_day_asked(record: World) -> None:
    with record.service.snapshot() as snapshot:
        through = place_history(snapshot, "new-orleans-la")
    known = record.get("jurisdictions/new-orleans-la/history", as_of="2017-07-07", limit=1000)["transitions"]
    cut = through.up_to("2017-07-07").transitions
    assert [(one.on, one.track, one.key, one.before, one.after) for one in cut] == [
        (one["on"], one["track"], one["key"], one["from"], one["to"]) for one in known
    ]
