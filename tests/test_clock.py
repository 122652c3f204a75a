"""A clock that leaps ahead stamps nothing until the keeper accepts it; one that steps back is said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from application import clock, keys
from application.log_files import export, import_log
from application.rebuild import rebuild
from application.service import Service
from application.verifying.verify import verify
from command_line import run
from domain.errors import Refused
from eventlog.log import ClockLeapt, NewEvent

NOW = datetime(2026, 11, 24, 17, tzinfo=UTC)
A_PLACE = {"id": "springfield-la", "name": "Springfield", "kind": "city", "state": "LA", "time_zone": "America/Chicago"}
ANOTHER_PLACE = {**A_PLACE, "id": "shelbyville-la", "name": "Shelbyville"}
YEAR = timedelta(days=365)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


class World:
    def __init__(self, service: Service, client: TestClient, set_clock: Clock) -> None:
        self.service, self.client, self.clock = service, client, set_clock
        self.headers = {"Authorization": f"Bearer {keys.add_key(service, 'A Newsroom')}"}

    def record(self, place: dict[str, str]) -> int:
        answer = self.client.post("/api/v1/jurisdictions", json=place, headers=self.headers)
        if answer.status_code == 503:
            assert answer.json()["type"] == "urn:problem-type:clock-leapt"
            assert "accept-clock" in answer.json()["detail"]
            assert int(answer.headers["retry-after"]) > 0
        return int(answer.status_code)


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    set_clock = Clock()
    service = Service(sqlite_url, now=set_clock)
    with TestClient(create_app(service)) as client:
        world = World(service, client, set_clock)
        assert world.record(A_PLACE) == 201
        yield world
    service.close()


def test_a_leap_of_a_year_records_nothing_and_is_said_until_the_clock_is_set_right(world: World) -> None:
    world.clock.time += YEAR
    assert world.record(ANOTHER_PLACE) == 503
    ready = world.client.get("/readyz")
    assert ready.status_code == 503
    assert "2027-11-24" in ready.json()["why"][0]
    assert world.client.get("/api/v1/jurisdictions").status_code == 200
    world.clock.time -= YEAR - timedelta(minutes=1)
    assert world.client.get("/readyz").json()["status"] == "ready"
    assert world.record(ANOTHER_PLACE) == 201


def test_the_keeper_accepts_a_clock_as_an_event_and_the_log_goes_on(world: World, tmp_path: Path) -> None:
    world.clock.time += YEAR
    event = clock.accept(world.service, "The service was off.", recorder="keeper")
    assert (event.last[:10], event.now[:10]) == ("2026-11-24", "2027-11-24")
    assert world.record(ANOTHER_PLACE) == 201
    assert world.client.get("/readyz").status_code == 200
    audit = world.client.get("/api/v1/events", params={"after": 0}).json()
    assert [one["type"].split(".")[1] for one in audit["events"]].count("clock-accepted") == 1
    assert rebuild(world.service) == 3
    assert list(verify(world.service)) == []
    with (tmp_path / "log.ndjson").open("w+b") as file:
        export(world.service, file)
        file.seek(0)
        copy = Service(f"sqlite:///{tmp_path}/copy.db", now=world.clock)
        assert import_log(copy, file) == 3
        copy.close()


def test_a_clock_that_has_not_leapt_needs_no_accepting(world: World) -> None:
    world.clock.time += timedelta(days=179)
    with pytest.raises(Refused, match="needs no accepting"):
        clock.accept(world.service, "To be sure.", recorder="keeper")


@pytest.mark.parametrize(("ahead", "leapt"), [(timedelta(days=30), False), (timedelta(days=30, seconds=1), True)])
def test_the_measure_is_a_setting(sqlite_url: str, ahead: timedelta, *, leapt: bool) -> None:
    set_clock = Clock()
    service = Service(sqlite_url, now=set_clock, most_leap=timedelta(days=30))
    for number in (1, 2):
        try:
            with service.log.appending(recorder="test", now=set_clock()) as append:
                append.append([NewEvent(f"entry:{number}", 1, "test/1", b"{}")])
        except ClockLeapt:
            assert (number, leapt) == (2, True)
        else:
            assert (number, leapt) != (2, True)
        set_clock.time += ahead
    service.close()


def test_a_step_back_is_said_and_stops_nothing(world: World) -> None:
    world.clock.time -= timedelta(hours=1)
    ready = world.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "3,600 s behind the last stamp" in ready.json()["why"][0]
    assert world.record(ANOTHER_PLACE) == 201


def test_the_command_accepts_a_clock(sqlite_url: str) -> None:
    service = Service(sqlite_url, now=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    with service.log.appending(recorder="test", now=service.now()) as append:
        append.append([NewEvent("reminder:x", 1, "test/1", b"{}")])
    service.close()
    said = run(sqlite_url, "accept-clock", "--reason", "It was off.")
    assert said.code == 0, said.err
    assert "after the last stamp, 2020-01-01" in said.out
    again = run(sqlite_url, "accept-clock", "--reason", "It was off.")
    assert (again.code, again.err.count("\n")) == (1, 1)
