"""Rebuilding without stopping: killed and gone on with, shared, read and written meanwhile, and stopped by an event."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from application import rebuild as under_test
from application.bulk.files import load
from application.rebuild import is_current, rebuild
from application.service import Service
from application.settings import Settings
from application.verifying.verify import verify
from cli.session import open_record
from command_line import SPRINGFIELD, entry, run, written
from conftest import WHOLE
from eventlog.engine import writing
from eventlog.log import NewEvent
from projections.projector import UnreadableEvent
from projections.schema import SCHEMA_VERSION, generations
from projections.snapshot import AskedClocks, Snapshot
from projections.status import place_status
from projections.timeline import TimelineFilter, timeline_page
from record_scripts import service_at

SRC = Path(__file__).parent.parent / "src"
SEEDS = Path(__file__).parent.parent / "seeds"
ANOTHER = SCHEMA_VERSION + 7
ASKED = [
    ("chicago-il", "2017-06-15"),
    ("new-orleans-la", "2017-10-12"),
    ("california", "2018-03-01"),
    ("connecticut", "2025-09-01"),
]


@pytest.fixture
def seeded(database_url: str) -> Service:
    """A service with the real record, on each kind of database."""
    service = service_at(database_url)
    load(service, [SEEDS], recorder="seeds")
    return service


def built_by_another_version(service: Service) -> None:
    with writing(service.engine) as connection:
        connection.execute(update(generations).values(version=ANOTHER))


def answers(service: Service, pause_s: float = 0) -> list[Any]:
    """What readers ask again and again while tables take over; a pause leaves time for that within one look."""
    said: list[Any] = []
    for place, day in ASKED:
        with service.snapshot(AskedClocks(day)) as snapshot:
            time.sleep(pause_s)
            said += said_of(snapshot, place)
    return said


def said_of(snapshot: Snapshot, place: str) -> list[Any]:
    return [
        place_status(snapshot, place),
        timeline_page(snapshot, TimelineFilter(jurisdiction=place, context=True), 20, None).bodies,
    ]


def state(service: Service) -> Any:
    with service.engine.connect() as connection:
        return connection.execute(select(generations)).one()


def names(service: Service) -> set[str]:
    with service.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        else:
            rows = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        return set(rows.scalars())


def test_tables_of_another_version_are_made_anew_before_a_command_reads_them(
    seeded: Service, database_url: str
) -> None:
    known = run(database_url, "status", "chicago-il", "--as-of", "2017-06-15", "--json").json
    built_by_another_version(seeded)
    with writing(seeded.engine) as connection:
        connection.execute(text("DELETE FROM timeline"))
    assert not is_current(seeded)
    said = run(database_url, "status", "chicago-il", "--as-of", "2017-06-15", "--json")
    assert said.json == known
    assert said.err == ""
    assert is_current(seeded)
    generation = state(seeded).generation
    assert run(database_url, "verify").code == 0
    run(database_url, "rebuild")
    assert state(seeded).generation == generation + 1
    seeded.close()


def test_a_rebuild_by_hand_of_another_versions_tables_is_one_rebuild(seeded: Service, database_url: str) -> None:
    built_by_another_version(seeded)
    assert run(database_url, "rebuild").code == 0
    assert (state(seeded).generation, state(seeded).version) == (1, SCHEMA_VERSION)
    seeded.close()


def test_what_is_current_is_opened_as_it_is(seeded: Service, database_url: str) -> None:
    before = state(seeded)
    settings = Settings(database_url=database_url)
    with open_record(settings):
        assert state(seeded) == before
    built_by_another_version(seeded)
    with open_record(settings):
        assert state(seeded).generation == before.generation + 1
    seeded.close()


SLOWLY = """
import sys, time
sys.path.insert(0, sys.argv[1])
from application.rebuild import rebuild
from application.service import Service
def told(done, total):
    print(done, flush=True)
    time.sleep(0.02)
rebuild(Service(sys.argv[2]), told, batch=10)
"""


def test_a_rebuild_that_was_killed_is_gone_on_with(seeded: Service, database_url: str) -> None:
    known = answers(seeded)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOWLY, str(SRC), database_url], stdout=subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 200:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    half_way = state(seeded)
    assert half_way.building == SCHEMA_VERSION
    assert 200 <= half_way.built_to < 523
    assert answers(seeded) == known
    told: list[int] = []
    rebuild(seeded, lambda done, _total: told.append(done), batch=10)
    assert told[0] == half_way.built_to + 10
    assert state(seeded).building is None
    assert list(verify(seeded)) == []
    assert answers(seeded) == known
    assert not [name for name in names(seeded) if name.startswith("g1_")]
    seeded.close()


def test_two_rebuilds_at_once_share_the_work(seeded: Service, database_url: str) -> None:
    told: dict[str, list[int]] = {"one": [], "other": []}
    ready = threading.Barrier(2)

    def work(name: str) -> None:
        service = service_at(database_url)
        ready.wait()

        def tell(done: int, _total: int) -> None:
            told[name].append(done)
            time.sleep(0.005)

        rebuild(service, tell, batch=20)
        service.close()

    together([lambda name=name: work(name) for name in told])  # type: ignore[misc]  # a default argument, bound now
    assert len(told["one"]) > 2
    assert len(told["other"]) > 2
    batches = [done for its in told.values() for done in its if done < 520]
    assert len(batches) == len(set(batches))
    assert state(seeded).generation == 1
    assert list(verify(seeded)) == []
    seeded.close()


def test_one_that_lags_behind_does_not_write_into_the_next_generation(seeded: Service) -> None:
    """It began a generation that another finished; by now a third process builds the next."""
    with writing(seeded.engine) as connection:
        first = under_test._begin(connection, seeded.holidays.version)
    rebuild(seeded)
    with writing(seeded.engine) as connection:
        assert under_test._begin(connection, seeded.holidays.version) == first + 1
        assert under_test._claim(connection, first) is None
        assert under_test._claim(connection, first + 1) == 0
    rebuild(seeded)
    assert list(verify(seeded)) == []
    seeded.close()


BATCHES = (100, 1000, 250, 1000, 1000, 1000, 1000, 1000) if WHOLE else (100, 1000, 250)


def test_reads_go_on_through_rebuilds_and_never_differ(seeded: Service, database_url: str) -> None:
    known = answers(seeded)
    done = threading.Event()
    reads: list[int] = []

    def read(pause_s: float, *, keeps_its_memory: bool = True) -> None:
        count = 0
        service = service_at(database_url)
        while not done.is_set():
            if not keeps_its_memory:
                service.close()
                service = service_at(database_url)
            assert answers(service, pause_s) == known
            count += 1
        service.close()
        reads.append(count)

    def replace() -> None:
        try:
            for batch in BATCHES:
                rebuild(seeded, batch=batch)
        finally:
            done.set()

    # The slow one begins its look before the last rows of new tables are committed, and ends it when they are in use.
    together([replace, lambda: read(0), lambda: read(0.15), lambda: read(0.003, keeps_its_memory=False)])
    assert all(count > 0 for count in reads)
    assert state(seeded).generation == len(BATCHES)
    seeded.close()


def test_what_is_recorded_during_a_rebuild_is_in_the_result(seeded: Service, tmp_path: Path) -> None:
    load(seeded, [written(tmp_path / "place.yaml", SPRINGFIELD)], recorder="test")
    recorded: list[str] = []

    def record_one(_done: int, _total: int) -> None:
        if len(recorded) < 12:
            recorded.append(f"2017-05-01-meanwhile-{len(recorded)}")
            load(seeded, [written(tmp_path / "one.yaml", entry(recorded[-1]))], recorder="test")

    rebuild(seeded, record_one, batch=60)
    assert len(recorded) > 5
    assert list(verify(seeded)) == []
    with seeded.snapshot(AskedClocks("2018-01-01")) as snapshot:
        found = timeline_page(snapshot, TimelineFilter(jurisdiction="springfield-zz"), 100, None).bodies
    assert len(found) == len(recorded)
    seeded.close()


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (NewEvent("entry:2017-odd", 1, "moon-landed/1", b"{}"), "moon-landed/1"),
        (NewEvent("entry:2017-odd", 1, "statement-made/1", b'{"id": 5}'), "got `int` - at `$.id`"),
    ],
    ids=["of a topic that nobody knows", "that cannot be read"],
)
def test_an_event_that_cannot_be_read_is_named_and_all_others_are_replayed(
    seeded: Service, database_url: str, event: NewEvent, why: str
) -> None:
    known = answers(seeded)
    with seeded.log.appending(recorder="nobody", now=datetime(2027, 1, 1, tzinfo=UTC)) as append:
        append.append([event])
    assert rebuild(seeded, batch=100) == 524
    assert answers_at(seeded, 523) == known
    assert answers_at(seeded, 524) == known
    said = run(database_url, "rebuild")
    assert said.code == 0
    assert "log position 524" in said.err
    assert why in said.err
    built_by_another_version(seeded)
    assert run(database_url, "status", "chicago-il").code == 0
    assert state(seeded).version != ANOTHER
    assert [(event.position, why in event.why) for event in unreadable(seeded)] == [(524, True)]
    seeded.close()


def unreadable(service: Service) -> list[UnreadableEvent]:
    with service.snapshot():
        return service.cache.unreadable


def answers_at(service: Service, position: int) -> list[Any]:
    said: list[Any] = []
    for place, day in ASKED:
        with service.snapshot(AskedClocks(day, None, position)) as snapshot:
            said += said_of(snapshot, place)
    return said


def together(works: list[Callable[[], None]]) -> None:
    """Each in a thread of its own; raises what any of them raised."""
    raised: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # told to the test, whatever it is
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    if raised:
        raise raised[0]
    assert not any(thread.is_alive() for thread in threads)
