"""Ticks: what has come due is recorded once, in order, late where it is, or cancelled where it was overtaken."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_world import place
from application.reminders.due import fire_due, tick
from application.service import Service
from conftest import WHOLE
from domain.reminders import ReminderCancelled, ReminderDue, instant, planned_for
from eventlog.engine import driver_connection
from reminders_world import ON_BOTH_DATABASES, RemindersWorld, reminders_world, url_for

ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RemindersWorld]:
    with reminders_world(url_for(request)) as world:
        yield world


@ON_BOTH_DATABASES
def test_nothing_comes_due_before_its_instant(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    assert world.tick("2026-03-18T15:59:59.999999+00:00") == 0
    assert world.tick("2026-03-18T16:00:00+00:00") == 1
    assert world.tick() == 0
    (event,) = world.fired()
    assert (event.offset, event.planned_for, event.late) == (-14, "2026-03-18T16:00:00.000000Z", False)
    assert event.deadlines[0].words == "by 2026-04-01"
    (message,) = world.messages()
    assert message["id"] == event.reminder
    assert message["deadlines"] == [
        {"demand": "asks", "addressee": "alameda", "due": "2026-04-01", "words": "by 2026-04-01"}
    ]


def test_the_log_names_nobody_who_asked(world: RemindersWorld) -> None:
    world.subscribe(channel="email", target="attorney@alameda.example")
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-18")
    with world.service.reading() as connection:
        assert not any(b"attorney" in event.state for event in world.service.log.read(connection))


def test_what_came_due_in_a_week_in_which_nothing_ran_is_caught_up_in_order_and_marked_late(
    world: RemindersWorld,
) -> None:
    world.subscribe()
    for number in range(40):
        world.demand(f"asks-{number}", f"2026-04-{1 + number % 20:02}", ("alameda", "boston")[number % 2])
    world.tick("2026-03-24")
    before = len(world.fired())
    world.tick("2026-03-31T16:02:00+00:00")
    missed = world.fired()[before:]
    assert len(missed) == 18
    assert [event.planned_for for event in missed] == sorted(event.planned_for for event in missed)
    assert {event.late for event in missed if event.planned_for < "2026-03-31T15:57"} == {True}
    assert {event.late for event in missed if event.planned_for > "2026-03-31T15:58"} == {False}
    world.nothing_twice()


@ON_BOTH_DATABASES
def test_more_than_one_transaction_holds_come_due_all_the_same(world: RemindersWorld) -> None:
    world.places(*(place(f"city-{number}") for number in range(230)))
    world.subscribe()
    world.demand("asks", "2026-04-01", *(f"city-{number}" for number in range(230)))
    assert world.tick("2026-03-18") == 230
    world.nothing_twice()


def test_the_day_after_is_for_those_who_have_not_answered(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("answered", "2026-04-01", "alameda")
    world.demand("unanswered", "2026-04-01", "boston")
    world.tick("2026-04-01")
    world.answer("reply", "answered", "2026-04-01")
    world.tick("2026-04-02")
    after = [event.deadlines[0].demand for event in world.fired() if event.offset == 1]
    assert after == ["unanswered"]
    assert world.reasons() == {"answered by reply"}


@ON_BOTH_DATABASES
def test_an_answer_that_comes_between_the_look_and_the_claim_is_not_overlooked(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-17")
    world.answer("reply", "asks", "2026-03-16")
    world.clock.turn("2026-03-18")
    assert fire_due(world.service) == 0
    assert [event.reason for event in world.events() if isinstance(event, ReminderCancelled)] == ["answered by reply"]
    assert world.tick() == 0
    assert {row.state for row in world.rows()} == {"cancelled"}


@ON_BOTH_DATABASES
def test_what_a_planner_has_not_looked_at_is_still_looked_at_after_a_claim(world: RemindersWorld) -> None:
    world.subscribe()
    world.demand("asks", "2026-04-01")
    world.tick("2026-03-17")
    world.demand("asks-boston", "2026-04-01", "boston")
    world.clock.turn("2026-03-18")
    assert fire_due(world.service) == 1
    world.tick()
    assert {row.addressee for row in world.rows("planned")} == {"alameda", "boston"}


def test_a_demand_whose_day_is_not_certain_yet_is_not_sent_a_reminder_of(world: RemindersWorld) -> None:
    world.subscribe(plan=[-20, -1])
    world.demand("asks", "2026-03-31", occurred="2026-03")
    world.tick("2026-03-11")
    assert world.reasons() == {"asks does not certainly count yet"}
    world.tick("2026-03-30")
    assert world.fired() == []


@ON_BOTH_DATABASES
def test_many_tick_at_once_and_each_comes_due_once(world: RemindersWorld) -> None:
    world.subscribe()
    for number in range(20):
        world.demand(f"asks-{number}", f"2026-04-{number + 1:02}")
    world.clock.turn("2026-05-01")
    with ThreadPoolExecutor(4) as threads:
        fired = sum(threads.map(lambda _: tick(world.service), range(8)))
    assert fired == len(world.fired()) == 120
    world.nothing_twice()


@ON_BOTH_DATABASES
def test_a_tick_with_nothing_due_is_one_statement_that_reads_no_more_than_it_must(world: RemindersWorld) -> None:
    world.subscribe()
    for number in range(20):
        world.demand(f"asks-{number}", f"2026-04-{number + 1:02}")
    world.tick()
    assert len(world.planned()) == 120
    ((sql, values),) = statements_of(world.service, world.tick)
    assert "planned_to" in sql
    with world.service.engine.connect() as connection:
        driver = driver_connection(connection)
        if connection.dialect.name == "sqlite":
            plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}")]
            assert [step for step in plan if "reminders" in step] == ["SEARCH reminders USING INDEX reminders_to_fire"]
            assert not [step for step in plan if step.startswith("SCAN") and step != "SCAN CONSTANT ROW"]
        else:
            driver.execute("ANALYZE reminders")
            plan = [row[0].strip() for row in driver.execute(f"EXPLAIN {sql}", values)]
            assert [step.split("  (")[0] for step in plan if " on reminders" in step] == [
                "->  Index Only Scan using reminders_to_fire on reminders"
            ]
            assert not [step for step in plan if "Seq Scan on reminders" in step]


def statements_of(service: Service, work: Callable[[], object]) -> list[tuple[str, Any]]:
    """The statements that either driver runs meanwhile, with their values, without those that delimit a transaction.

    SQLite writes the values into the statement.
    """
    with service.engine.connect() as connection:
        driver = driver_connection(connection)
    statements: list[tuple[str, Any]] = []
    if isinstance(driver, sqlite3.Connection):
        driver.set_trace_callback(lambda statement: statements.append((statement, None)))
        work()
        driver.set_trace_callback(None)
        return [statement for statement in statements if statement[0] not in ("BEGIN", "ROLLBACK")]
    execute = psycopg.Cursor.execute  # which a connection's own comes to

    def recording(cursor: psycopg.Cursor, query: str, values: Any = None, *rest: object, **more: bool) -> object:
        statements.append((query, values))
        return execute(cursor, query, values, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", recording)
        work()
    return [statement for statement in statements if not statement[0].startswith("BEGIN")]


@given(
    due=st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    offset=st.integers(-40, 10),
    hour=st.times().map(lambda time: f"{time:%H:%M}"),
    zone=st.sampled_from(ZONES),
)
def test_a_planned_instant_is_the_first_at_which_the_clock_on_the_wall_has_come_that_far(
    due: date, offset: int, hour: str, zone: str
) -> None:
    at = planned_for(due.isoformat(), offset, hour, zone)
    day = due + timedelta(days=offset)
    wall = at.astimezone(ZoneInfo(zone))
    assert wall.date() == day
    on_the_wall = datetime.combine(day, datetime.strptime(hour, "%H:%M").time())  # noqa: DTZ007  # the wall has no zone
    assert wall.replace(tzinfo=None) - on_the_wall in (timedelta(0), timedelta(hours=1))
    # Any earlier minute of the two hours before, the clock had not come so far on that day.
    for minutes in range(1, 121):
        earlier = (at - timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert earlier < on_the_wall
    if wall.replace(tzinfo=None) != on_the_wall:  # the clock skipped that hour: it was never on the wall
        assert (
            on_the_wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            != on_the_wall
        )


@pytest.mark.slow
def test_a_simulated_year_of_ticks_skips_and_doubles_nothing(sqlite_url: str) -> None:
    chance = random.Random(1373)
    with reminders_world(sqlite_url) as world:
        names = {f"city-{number}": zone for number, zone in enumerate(ZONES)}
        world.places(*(place(name, time_zone=zone) for name, zone in names.items()))
        hours = ("09:00", "02:30", "01:30")
        hour_of = {world.subscribe(hour=hour): hour for hour in hours}
        first = date(2026, 3, 2)
        dues = [(first + timedelta(days=3 * week)).isoformat() for week in range(1, 123, 1 if WHOLE else 12)]
        for due in (*dues, "2026-03-08", "2026-11-01", "2027-03-14"):
            world.demand(f"asks-{due}", due, *names)
        recorded = instant(world.clock.at)
        wanted = {
            (subscription, name, due, offset): at
            for subscription, hour in hour_of.items()
            for name, zone in names.items()
            for due in {*dues, "2026-03-08", "2026-11-01", "2027-03-14"}
            for offset in (-14, -7, -3, -1, 0, 1)
            if (at := instant(planned_for(due, offset, hour, zone))) > recorded
        }
        moments = set(wanted.values())
        moments |= {
            instant(world.clock.at + timedelta(seconds=chance.randrange(400 * 86_400)))
            for _ in range(300 if WHOLE else 60)
        }
        due_at: dict[str, str] = {}
        for moment in sorted(moments):
            world.tick(moment)
        for row in world.rows():
            key = (row.subscription, row.addressee, row.due, row.offset)
            assert row.planned_for == row.fired_at == wanted.pop(key), key
            due_at[row.id] = row.planned_for
            assert not row.late
        assert wanted == {}
        assert sorted(due_at) == sorted(event.reminder for event in world.events() if isinstance(event, ReminderDue))
        world.nothing_twice()
