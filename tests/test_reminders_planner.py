"""Planning: which reminders a deadline earns of whom, and what becomes of them when the record changes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import JsonValue

from api_world import act, place
from application.reminders import planner
from domain.reminders import ReminderCancelled
from poison import Poison, plant
from reminders_world import ON_BOTH_DATABASES, RemindersWorld, reminders_world, url_for

ALL = [-14, -7, -3, -1, 0, 1]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RemindersWorld]:
    with reminders_world(url_for(request)) as world:
        yield world


@ON_BOTH_DATABASES
def test_a_deadline_earns_the_default_plan_at_nine_of_its_place(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01", "alameda", "boston")
    world.tick()
    at = {(row.addressee, row.offset): row.planned_for for row in world.rows("planned")}
    assert [offset for name, offset in at if name == "alameda"] == ALL
    assert at["alameda", -14] == "2026-03-18T16:00:00.000000Z"
    assert at["boston", -14] == "2026-03-18T13:00:00.000000Z"
    assert at["boston", 1] == "2026-04-02T13:00:00.000000Z"
    assert world.events() == []


def test_nine_is_nine_on_both_sides_of_a_clock_change(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-03-15", "boston")
    world.tick()
    at = {row.offset: row.planned_for[:16] for row in world.rows("planned")}
    assert (at[-7], at[-3]) == ("2026-03-08T13:00", "2026-03-12T13:00")
    assert world.offsets() == [-7, -3, -1, 0, 1]  # two weeks before had passed
    world.demand("again", "2026-03-21", "boston")
    world.tick()
    assert {row.planned_for[:16] for row in world.rows() if row.due == "2026-03-21"} >= {"2026-03-07T14:00"}


def test_a_subscription_has_a_plan_and_an_hour_of_its_own(world: RemindersWorld) -> None:
    world.subscribe(plan=[-30, -2, 5], hour="17:45")
    world.demand("asks", "2026-04-20", "boston")
    world.tick()
    assert [(row.offset, row.planned_for[:16]) for row in world.rows()] == [
        (-30, "2026-03-21T21:45"),
        (-2, "2026-04-18T21:45"),
        (5, "2026-04-25T21:45"),
    ]


def demands_of(message: dict[str, Any]) -> list[str]:
    return [deadline["demand"] for deadline in message["deadlines"]]


def test_two_deadlines_of_a_place_on_one_day_make_one_reminder_that_names_both(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("the-award", "2026-04-01", "alameda", "boston")
    world.demand("the-letter", "2026-04-01", "alameda")
    world.demand("another-day", "2026-04-02", "alameda")
    world.tick()
    assert len(world.rows("planned")) == 18
    world.tick("2026-03-18")
    named = {
        (message["deadlines"][0]["addressee"], *(deadline["demand"] for deadline in message["deadlines"]))
        for message in world.messages()
    }
    assert named == {("alameda", "the-award", "the-letter"), ("boston", "the-award")}
    world.clock.turn("2026-03-19")
    world.answer("reply", "the-award", "2026-03-19")
    world.tick("2026-03-25")
    named_later = [demands_of(message) for message in world.messages() if message["offset"] == -7]
    assert sorted(named_later) == [["the-award"], ["the-letter"]]
    assert world.reasons() == set()


def test_what_joins_a_day_later_is_named_from_then_on(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("the-award", "2026-04-01")
    world.tick("2026-03-18")
    world.demand("the-letter", "2026-04-01")
    world.tick("2026-03-25")
    assert [demands_of(message) for message in world.messages()] == [
        ["the-award"],
        ["the-award", "the-letter"],
    ]


def test_an_hour_that_had_passed_when_the_deadline_was_recorded_is_not_planned(world: RemindersWorld) -> None:
    world.subscribe()
    world.clock.turn("2026-03-29T15:59:59+00:00")
    world.demand("just-before-nine", "2026-04-01")
    world.clock.turn("2026-03-29T16:00:00+00:00")
    world.demand("at-nine", "2026-04-02", "alameda", occurred="2026-03-01")
    world.demand("of-the-past", "2026-03-20")
    world.tick()
    assert {row.offset for row in world.rows() if row.due == "2026-04-01"} == {-3, -1, 0, 1}
    assert {row.offset for row in world.rows() if row.due == "2026-04-02"} == {-3, -1, 0, 1}
    assert {row.due for row in world.rows()} == {"2026-04-01", "2026-04-02"}


def test_an_hour_that_had_passed_when_somebody_asked_is_not_planned(world: RemindersWorld) -> None:
    world.demand("asks", "2026-04-01")
    world.clock.turn("2026-03-29")
    world.subscribe()
    assert world.offsets() == [-1, 0, 1]
    assert world.tick() == 0


def test_loading_history_plans_nothing_and_sends_nothing(world: RemindersWorld) -> None:
    world.subscribe()
    for year in range(2017, 2026):
        world.demand(f"asks-{year}", f"{year}-06-30", "alameda", occurred=f"{year}-06-01")
    assert world.tick() == 0
    assert world.rows() == []


@ON_BOTH_DATABASES
def test_a_correction_of_the_day_plans_anew_and_sends_nothing_twice(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    assert world.tick("2026-03-18") == 1
    world.move("asks", "2026-04-08")
    world.tick("2026-03-19")
    assert world.reasons() == {"due on 2026-04-08 now"}
    assert world.planned() == [("2026-04-08", offset) for offset in ALL]
    world.move("asks", "2026-04-01")
    world.tick("2026-03-20")
    assert world.planned() == [("2026-04-01", offset) for offset in ALL[1:]]
    for day in range(1, 15):
        world.tick(f"2026-04-{day:02}")
    assert [event.offset for event in world.fired()] == ALL
    world.nothing_twice()


OVERTAKEN: dict[str, tuple[Callable[[RemindersWorld], object], str]] = {
    "answered": (lambda world: world.answer("reply", "asks", "2026-03-19"), "answered by reply"),
    "withdrawn": (lambda world: world.withdraw("never-mind", "asks", "2026-03-19"), "withdrawn by never-mind"),
    "retracted": (lambda world: world.retract("asks"), "asks was retracted"),
    "of another": (
        lambda world: world.correct("asks", jurisdictions=["boston"]),
        "asks is not addressed to it any more",
    ),
    "without a day": (lambda world: world.correct("asks", respond_by={"words": "soon"}), "asks sets no day any more"),
    "extended": (
        lambda world: world.extend("more-time", "asks", "2026-05-01", "2026-03-19"),
        "due on 2026-05-01 now",
    ),
    "found": (
        lambda world: world.act(
            "finding", "2026-03-19", ["alameda"], "all-is-well", outcome="no_evidence", review={"id": "asks"}
        ),
        "its review asks nothing any more",
    ),
    "over": (
        lambda world: world.act("guidance", "2026-03-19", [], "it-is-over", ends_reviews=["asks"]),
        "its review asks nothing any more",
    ),
}


@pytest.mark.parametrize("how", OVERTAKEN)
def test_what_overtakes_a_reminder_cancels_it_and_the_log_says_why(world: RemindersWorld, how: str) -> None:
    overtaken, reason = OVERTAKEN[how]
    world.subscribe()
    asks = {"date": "2026-04-01", "words": "by April 1"}
    world.act("warning", "2026-02-20", ["alameda"], "asks", respond_by=asks)
    world.tick("2026-03-19")
    overtaken(world)
    world.tick()
    assert world.reasons() == {reason}
    cancelled = [event for event in world.events() if isinstance(event, ReminderCancelled)]
    assert {event.reminder for event in cancelled} == {row.id for row in world.rows("cancelled")}
    assert [event.reason for event in cancelled] == [reason] * 5
    assert "alameda" not in {row.addressee for row in world.rows("planned") if row.due == "2026-04-01"}


def test_where_sources_differ_reminders_run_on_the_earliest_day(world: RemindersWorld) -> None:
    world.subscribe()
    days: list[JsonValue] = ["2026-04-03", "2026-03-30", "a week", {"date": "2026-03-31"}, "2026-02-19", "2025-03-30"]
    claims: list[JsonValue] = [{"field": "respond_by", "value": day, "source": "s1"} for day in days]
    world.demand("asks", "2026-04-01", claims=claims)
    world.tick("2026-03-29")
    assert {row.due for row in world.rows()} == {"2026-03-30"}
    assert world.messages()[0]["deadlines"][0]["due"] == "2026-03-30"
    world.correct("asks", claims=None)
    world.tick()
    assert world.planned() == [("2026-04-01", offset) for offset in (-1, 0, 1)]
    world.correct("asks", claims=claims)
    world.extend("more-time", "asks", "2026-05-01", "2026-03-29")
    world.tick()
    assert {row.due for row in world.rows("planned")} == {"2026-05-01"}


def test_an_extension_moves_what_is_to_come(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-20")
    world.extend("more-time", "asks", "2026-05-01", "2026-03-20")
    world.tick()
    assert world.planned() == [("2026-05-01", offset) for offset in ALL]
    world.retract("more-time")
    world.tick("2026-03-27")
    assert world.planned() == [("2026-04-01", offset) for offset in (-3, -1, 0, 1)]


def test_what_is_reinstated_is_planned_again_for_what_is_to_come(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-17")
    world.retract("asks")
    world.tick()
    world.clock.turn("2026-03-26")
    world.reinstate("asks")
    assert world.tick() == 0
    assert world.offsets() == [-3, -1, 0, 1]
    assert world.offsets("cancelled") == [-14, -7]


@ON_BOTH_DATABASES
def test_an_answer_that_is_retracted_brings_back_what_is_to_come_and_no_more(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.answer("reply", "asks", "2026-02-21")
    world.tick()
    assert world.rows() == []
    world.clock.turn("2026-03-26")
    world.retract("reply")
    assert world.tick() == 0
    assert world.offsets() == [-3, -1, 0, 1]


def test_an_act_that_ended_reviews_everywhere_and_is_retracted_brings_back_everyones(world: RemindersWorld) -> None:
    world.subscribe()
    for name in ("alameda", "boston"):
        world.act("warning", "2026-02-20", [name], f"asks-{name}", respond_by={"date": "2026-04-01"})
    world.act("guidance", "2026-02-25", [], "it-is-over", ends_reviews=["asks-alameda", "asks-boston"])
    world.tick()
    assert world.planned() == []
    world.correct("it-is-over", ends_reviews=["asks-boston"])
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"alameda"}
    world.retract("it-is-over")
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"alameda", "boston"}


def test_an_agency_has_deadlines_of_its_own_that_its_state_may_answer(world: RemindersWorld) -> None:
    world.subscribe(jurisdictions=["california"])
    world.demand("asks", "2026-04-01", "board-of-corrections")
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"board-of-corrections"}
    world.answer("reply", "asks", "2026-02-25", "california")
    world.tick()
    assert world.planned() == []


def test_an_agency_that_comes_to_speak_for_a_state_has_answered_for_it(world: RemindersWorld) -> None:
    world.places(place("a-bureau", kind="agency"))
    world.subscribe(jurisdictions=["california"])
    world.demand("asks", "2026-04-01", "california", "a-bureau")
    world.answer("reply", "asks", "2026-02-25", "a-bureau")
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"california"}
    world.update("a-bureau", speaks_for="california")
    world.tick()
    assert world.reasons() == {"answered by reply"}
    world.update("a-bureau", speaks_for=None)
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"california"}


@pytest.mark.parametrize(
    ("wanted", "of"),
    [
        pytest.param({"jurisdictions": ["alameda"]}, {"alameda"}, id="a place"),
        pytest.param({"jurisdictions": ["california"]}, {"california", "board-of-corrections"}, id="its agencies"),
        pytest.param({"states": ["CA"]}, {"alameda", "california", "board-of-corrections"}, id="a state"),
        pytest.param({"states": ["MA"], "jurisdictions": ["alameda"]}, {"alameda", "boston"}, id="both"),
        pytest.param({}, {"alameda", "boston", "california", "board-of-corrections"}, id="all"),
        pytest.param({"kinds": ["entry"]}, set(), id="other kinds"),
    ],
)
def test_a_subscription_covers_places_states_agencies_or_all(
    world: RemindersWorld, wanted: dict[str, Any], of: set[str]
) -> None:
    world.subscribe(**wanted)
    world.demand("asks", "2026-04-01", "alameda", "boston", "california", "board-of-corrections")
    world.tick()
    assert {row.addressee for row in world.rows()} == of


def test_a_plan_that_is_changed_changes_what_is_to_come(world: RemindersWorld) -> None:
    id_ = world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-26")
    world.change(id_, plan=[-10, -3, 2], hour="10:00")
    assert world.offsets() == [-3, 2]  # ten days before had passed when it was asked for
    assert world.rows("planned")[0].planned_for == "2026-03-29T17:00:00.000000Z"
    assert world.reasons() == {"the subscription's plan changed"}
    world.change(id_, ended_at="2026-03-26T17:00:00.000000Z")
    assert world.planned() == []
    assert world.reasons() == {"the subscription's plan changed", "the subscription no longer asks for it"}


def test_a_place_that_turns_out_to_lie_elsewhere_is_reminded_at_its_own_nine(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick()
    world.update("alameda", time_zone="America/Denver")
    world.tick()
    assert world.rows("planned")[0].planned_for == "2026-03-18T15:00:00.000000Z"
    assert world.offsets() == ALL


def test_a_day_at_the_end_of_the_calendar_stops_nothing(world: RemindersWorld) -> None:
    world.subscribe()
    asks = {"date": "9999-12-31", "words": "W.", "source": "s1"}  # as one may be that was recorded before the range was
    fields = act("inquiry", "2026-02-20", ["alameda"], id="never", respond_by=asks)
    planted = Poison("entry:never", "inquiry-made/1", json.dumps(fields).encode())
    plant(world.service, planted)
    world.demand("asks", "2026-04-01")
    world.tick()
    assert world.planned()[:6] == [("2026-04-01", offset) for offset in ALL]


@ON_BOTH_DATABASES
def test_a_planner_that_was_down_plans_what_came_meanwhile(
    world: RemindersWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planner, "_MOST_EVENTS", 2)  # so that it looks at every deadline, not at every event
    world.subscribe()
    world.tick()
    world.clock.turn("2026-03-10")
    world.demand("came-and-went", "2026-03-12")
    world.demand("still-to-come", "2026-04-01")
    world.demand("another", "2026-04-02", "boston")
    world.clock.turn("2026-03-19")
    world.correct("came-and-went", summary="In other words.")
    assert world.tick() == 5  # the day before, the day, and the day after; two weeks before each of the others
    assert [(event.deadlines[0].demand, event.offset) for event in world.fired()] == [
        ("came-and-went", -1),
        ("came-and-went", 0),
        ("came-and-went", 1),
        ("still-to-come", -14),
        ("another", -14),
    ]
    assert all(event.late for event in world.fired())


def test_somebody_who_asks_while_the_planner_is_down_costs_nobody_a_reminder(world: RemindersWorld) -> None:
    world.subscribe(jurisdictions=["alameda"])
    world.demand("asks", "2026-04-01")
    world.clock.turn("2026-03-19")
    world.subscribe(jurisdictions=["boston"])
    assert world.tick() == 1
    assert world.fired()[0].late


@ON_BOTH_DATABASES
def test_what_was_planned_for_is_not_looked_at_again(world: RemindersWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick()
    monkeypatch.setattr(world.service.log, "appending", None)  # so that to lock would fail
    world.tick()
