"""Writers in several processes, refusals in between, a reader at their heels: nothing missed, no gap."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.queues import Queue

import pytest
from sqlalchemy import Engine

from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog, NewEvent, Recorded, VersionConflict
from eventlog.tables import create_log

NOON = datetime(2017, 4, 21, 12, tzinfo=UTC)
PROCESSES, THREADS, APPENDS = 2, 3, 30
# A forked child would share its parent's connections.
spawning = multiprocessing.get_context("spawn")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        create_log(connection)
    yield engine
    engine.dispose()


class Refused(Exception):
    pass


def write_with_refusals(log: EventLog, name: str) -> list[Recorded]:
    """Append, refuse a valid append, and clash, in turn; what was recorded."""
    kept: list[Recorded] = []
    for turn in range(1, APPENDS + 1):
        with log.appending(recorder=name, now=NOON) as append:
            kept += append.append([NewEvent(f"{name}-{turn}", v, "noted/1", b"{}") for v in range(1, 1 + turn % 4)])
        with suppress(Refused), log.appending(recorder=name, now=NOON) as append:
            append.append([NewEvent(f"{name}-refused-{turn}", 1, "noted/1", b"{}")])
            raise Refused
        if turn % 4:
            with pytest.raises(VersionConflict), log.appending(recorder=name, now=NOON) as append:
                append.append([NewEvent(f"{name}-{turn}", 1, "noted/1", b"{}")])
    return kept


def write_in_threads(url: str, process: int, answers: "Queue[list[Recorded]]") -> None:
    engine = create_engine_for(url)
    with ThreadPoolExecutor(THREADS) as pool:
        log = EventLog(engine)
        for kept in pool.map(lambda n: write_with_refusals(log, f"writer-{process}-{n}"), range(THREADS)):
            answers.put(kept)
    engine.dispose()


def test_a_reader_at_the_heels_of_many_writers_misses_nothing(engine: Engine, database_url: str) -> None:
    answers: Queue[list[Recorded]] = spawning.Queue()
    writers = [spawning.Process(target=write_in_threads, args=(database_url, n, answers)) for n in range(PROCESSES)]
    for writer in writers:
        writer.start()

    log, followed = EventLog(engine), list[Recorded]()
    while any(writer.is_alive() for writer in writers) or log_has_more(engine, len(followed)):
        with reading(engine) as connection:
            for event in log.read(connection, after=len(followed)):
                followed.append(event)
                assert event.position == len(followed)

    kept = [event for _ in range(PROCESSES * THREADS) for event in answers.get(timeout=10)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * PROCESSES
    assert followed == sorted(kept)
    assert len(kept) == PROCESSES * THREADS * sum(turn % 4 for turn in range(1, APPENDS + 1))
    stamps = [event.recorded_at for event in followed]
    assert stamps == sorted(stamps)


def log_has_more(engine: Engine, seen: int) -> bool:
    with reading(engine) as connection:
        return EventLog(engine).head(connection).position > seen


def test_a_subscription_follows_what_other_connections_write(engine: Engine) -> None:
    def write() -> None:
        for n in range(1, 51):
            with EventLog(engine).appending(recorder="ana", now=NOON) as append:
                append.append([NewEvent("a", n, "noted/1", b"{}")])

    with ThreadPoolExecutor(1) as pool, EventLog(engine).subscribe(gt=None) as subscription:
        writing = pool.submit(write)
        assert [next(subscription).id for _ in range(50)] == list(range(1, 51))
        writing.result()


def test_two_who_expect_the_same_version_cannot_both_be_right(engine: Engine) -> None:
    def claim(name: str) -> str | None:
        try:
            with EventLog(engine).appending(recorder=name, now=NOON) as append:
                append.append([NewEvent("a", 1, "noted/1", b"{}")])
        except VersionConflict:
            return None
        return name

    with ThreadPoolExecutor(8) as pool:
        winners = [name for name in pool.map(claim, "abcdefgh") if name]
    with reading(engine) as connection:
        assert [event.recorder for event in EventLog(engine).read(connection)] == winners


def hang_in_an_append(url: str, ready: "Queue[str]") -> None:
    with EventLog(create_engine_for(url)).appending(recorder="eve", now=NOON) as append:
        append.append([NewEvent("lost", n, "noted/1", b"{}") for n in range(1, 4)])
        ready.put("appended")
        time.sleep(60)


def test_a_writer_killed_in_the_middle_leaves_neither_events_nor_a_gap(engine: Engine, database_url: str) -> None:
    log = EventLog(engine)
    with log.appending(recorder="ana", now=NOON) as append:
        append.append([NewEvent("a", 1, "noted/1", b"{}")])
    ready: Queue[str] = spawning.Queue()
    writer = spawning.Process(target=hang_in_an_append, args=(database_url, ready))
    writer.start()
    assert ready.get(timeout=30) == "appended"
    writer.kill()
    writer.join()
    with log.appending(recorder="ana", now=NOON) as append:
        append.append([NewEvent("a", 2, "noted/1", b"{}")])
    with reading(engine) as connection:
        assert [(e.position, e.stream) for e in log.read(connection)] == [(1, "a"), (2, "a")]


def append_for_ever(url: str, name: str, started: "Queue[str]") -> None:
    log = EventLog(create_engine_for(url))
    turn = 0
    while True:
        turn += 1
        with log.appending(recorder=name, now=NOON) as append:
            append.append([NewEvent(f"{name}-{turn}", n, "noted/1", b"{}") for n in range(1, 6)])
        if turn == 1:
            started.put(name)


def test_writers_killed_at_any_moment_leave_whole_appends_only(engine: Engine, database_url: str) -> None:
    pauses = random.Random(1373)
    for n in range(4):
        started: Queue[str] = spawning.Queue()
        writer = spawning.Process(target=append_for_ever, args=(database_url, f"w{n}", started))
        writer.start()
        assert started.get(timeout=30) == f"w{n}"
        time.sleep(pauses.uniform(0, 0.1))
        writer.kill()
        writer.join()
    with EventLog(engine).appending(recorder="ana", now=NOON) as append:
        append.append([NewEvent("last", n, "noted/1", b"{}") for n in range(1, 6)])
    with reading(engine) as connection:
        events = list(EventLog(engine).read(connection))
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    assert [event.version for event in events] == [1, 2, 3, 4, 5] * (len(events) // 5)
