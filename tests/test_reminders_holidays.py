"""A list of legal holidays that moves a deadline, without an event in the log: what is planned moves with it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from application import rebuild as under_test
from application.legal_holidays.calendar import federal_holidays
from application.rebuild import is_current, rebuild
from application.reminders.due import tick
from application.service import Service
from application.verifying.verify import verify
from domain.periods import LegalHolidays
from domain.reminders import ReminderCancelled
from eventlog.engine import writing
from projections.schema import ReadModels, prefix_of
from reminders_world import ON_BOTH_DATABASES, RemindersWorld, reminders_world, url_for

FRIDAY = "2026-03-13"


def newer_name(day: date) -> str | None:
    return "A New Day" if day.isoformat() == FRIDAY else federal_holidays.name_of(day)


NEWER = LegalHolidays("a newer list", "holidays 99", newer_name)
"""The federal list with one day more."""


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RemindersWorld]:
    with reminders_world(url_for(request)) as world:
        world.subscribe(plan=[-3, 0])
        world.act(
            "inquiry",
            "2026-02-27",
            ["alameda"],
            "a-period",
            respond_by={"days": 14, "words": "within 14 days", "source": "s1"},
        )
        world.demand("a-day", FRIDAY, "boston")
        world.tick()
        yield world


def url_of(world: RemindersWorld) -> str:
    return world.service.engine.url.render_as_string(hide_password=False)


def with_list(world: RemindersWorld, holidays: LegalHolidays) -> Service:
    """Another process on the same database, whose library has another list."""
    return Service(url_of(world), now=world.clock, holidays=holidays)


def planned_of(world: RemindersWorld, place: str) -> list[tuple[str, int]]:
    return [(row.due, row.offset) for row in world.rows("planned") if row.addressee == place]


@ON_BOTH_DATABASES
def test_a_newer_list_that_moves_an_open_deadline_plans_its_reminders_anew_and_says_why(world: RemindersWorld) -> None:
    assert planned_of(world, "alameda") == [(FRIDAY, -3), (FRIDAY, 0)]
    world.clock.turn("2026-03-05")
    with closing(with_list(world, NEWER)) as newer:
        assert not is_current(newer), "the days due are by another list, and are worked out anew when it is opened"
        rebuild(newer)
        assert is_current(newer)
        assert tick(newer) == 0
        assert planned_of(world, "alameda") == [("2026-03-16", -3), ("2026-03-16", 0)]
        assert planned_of(world, "boston") == [(FRIDAY, -3), (FRIDAY, 0)]
        before = federal_holidays.version
        why = f"due on 2026-03-16 now: legal holidays are by holidays 99 now, before by {before}"
        assert world.reasons() == {why}
        events = world.events()
        assert [type(event) for event in events] == [ReminderCancelled] * 2
        assert {event.reason for event in events if isinstance(event, ReminderCancelled)} == {why}
        assert tick(newer) == 0
        assert world.events() == events, "it is planned once"
        assert list(verify(newer)) == []
        world.clock.turn("2026-03-17")
        assert tick(newer) == 4
        world.nothing_twice()


def test_what_had_passed_by_the_new_day_is_not_planned(world: RemindersWorld) -> None:
    world.clock.turn("2026-03-13T05:00:00+00:00")
    assert world.tick() == 2  # three days before, of both
    with closing(with_list(world, NEWER)) as newer:
        rebuild(newer)
        tick(newer)
        assert planned_of(world, "alameda") == [("2026-03-16", -3), ("2026-03-16", 0)]
        world.clock.turn("2026-03-14")
    with closing(with_list(world, replace(NEWER, version="holidays 100"))) as newest:
        rebuild(newest)
        tick(newest)
        assert planned_of(world, "alameda") == [("2026-03-16", 0)]


def test_a_list_that_moves_nothing_changes_nothing_but_what_is_said_of_it(world: RemindersWorld) -> None:
    planned = world.planned()
    with closing(with_list(world, replace(federal_holidays, version="holidays 99"))) as newer:
        rebuild(newer)
        tick(newer)
        assert is_current(newer)
    assert world.planned() == planned
    assert world.events() == []


def test_of_two_processes_with_different_lists_that_which_made_the_days_due_plans(world: RemindersWorld) -> None:
    with closing(with_list(world, NEWER)) as newer:
        rebuild(newer)
        assert world.tick() == 0, "the older process does not plan by a list that it does not have"
        assert planned_of(world, "alameda") == [(FRIDAY, -3), (FRIDAY, 0)]
        tick(newer)
    moved = planned_of(world, "alameda")
    assert moved == [("2026-03-16", -3), ("2026-03-16", 0)]
    assert world.tick() == 0
    assert planned_of(world, "alameda") == moved
    assert len(world.events()) == 2


def test_going_back_to_the_older_list_plans_as_it_was(world: RemindersWorld) -> None:
    planned = world.planned()
    with closing(with_list(world, NEWER)) as newer:
        rebuild(newer)
        tick(newer)
    rebuild(world.service)
    world.tick()
    assert world.planned() == planned


def test_a_rebuild_that_another_list_began_is_begun_again(world: RemindersWorld) -> None:
    with closing(with_list(world, NEWER)) as newer:
        with writing(newer.engine) as connection:
            generation = under_test._begin(connection, NEWER.version)
            fresh = ReadModels(prefix_of(generation))
            built_to = under_test._replay(newer, connection, fresh, 0, 1000)
        assert built_to > 0
        with writing(world.service.engine) as connection:
            assert under_test._begin(connection, world.service.holidays.version) == generation
            assert under_test._claim(connection, generation) == 0
        rebuild(world.service)
        assert list(verify(world.service)) == []
