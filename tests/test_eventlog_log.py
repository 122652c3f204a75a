"""The log as the application uses it: what is appended, in which order it is read, and what is refused."""

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError
from sqlalchemy import Engine, text

from eventlog.append import stamp
from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog, Head, NewEvent, Recorded, VersionConflict
from eventlog.tables import create_log, drop_log

NOON = datetime(2017, 4, 21, 12, tzinfo=UTC)


class Failed(Exception):
    pass


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        create_log(connection)
    yield engine
    engine.dispose()


def event(stream: str, version: int = 1, state: bytes = b"{}") -> NewEvent:
    return NewEvent(stream, version, "noted/1", state)


def record(engine: Engine, *events: NewEvent, now: datetime = NOON) -> list[Recorded]:
    with EventLog(engine).appending(recorder="ana", now=now) as append:
        return append.append(events)


def whole(engine: Engine) -> list[Recorded]:
    with reading(engine) as connection:
        return list(EventLog(engine).read(connection))


def head(engine: Engine) -> Head:
    with reading(engine) as connection:
        return EventLog(engine).head(connection)


def test_an_empty_log_has_no_head(engine: Engine) -> None:
    assert whole(engine) == []
    assert head(engine) == (0, "")


def test_an_event_comes_back_as_it_went_in_with_its_envelope(engine: Engine) -> None:
    state = '{"quote":"“§ 1373” — <b>\\u0000"}'.encode()
    assert record(engine, event("a", 1, state)) == whole(engine)
    assert whole(engine) == [Recorded(1, "a", 1, "noted/1", state, "2017-04-21T12:00:00.000000Z", "ana")]
    assert head(engine) == (1, "2017-04-21T12:00:00.000000Z")


def test_positions_run_on_within_and_across_appends(engine: Engine) -> None:
    record(engine, event("a"))
    with EventLog(engine).appending(recorder="ana", now=NOON) as append:
        assert append.head == 1
        append.append([event("b"), event("c")])
        append.append([])
        append.append([event("a", 2)])
        assert (append.head, append.position) == (1, 4)
        assert EventLog(engine).head(append.connection).position == 4
    assert [(e.position, e.stream, e.version) for e in whole(engine)] == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "c", 1),
        (4, "a", 2),
    ]


def test_a_stream_is_read_by_version(engine: Engine) -> None:
    record(engine, event("a"), event("b"), event("a", 2))
    with reading(engine) as connection:
        assert [e.position for e in EventLog(engine).stream(connection, "a")] == [1, 3]
        assert EventLog(engine).stream(connection, "nobody") == []


def test_an_append_that_fails_leaves_nothing_and_gives_its_positions_back(engine: Engine) -> None:
    record(engine, event("a"))
    with suppress(Failed), EventLog(engine).appending(recorder="ana", now=NOON) as append:
        append.append([event("b"), event("c")])
        raise Failed
    assert [e.position for e in record(engine, event("d"))] == [2]
    assert [e.stream for e in whole(engine)] == ["a", "d"]


def test_read_models_are_written_in_the_transaction_of_the_append(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (position INTEGER)"))
    log = EventLog(engine)
    with suppress(Failed), log.appending(recorder="ana", now=NOON) as append:
        append.connection.execute(text("INSERT INTO seen VALUES (1)"))
        raise Failed
    with log.appending(recorder="ana", now=NOON) as append:
        append.connection.execute(text("INSERT INTO seen VALUES (2)"))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT position FROM seen")).scalars().all() == [2]


@pytest.mark.parametrize("earlier", [0, 40], ids=["alone", "in a large batch"])
def test_a_version_that_is_taken_is_a_conflict_that_names_it(engine: Engine, earlier: int) -> None:
    record(engine, event("a"), event("a", 2))
    with pytest.raises(VersionConflict, match="stream 'a': expected version 1, found 2") as conflict:
        record(engine, *(event(f"b{n}") for n in range(earlier)), event("a", 2))
    assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == ("a", 1, 2)
    assert isinstance(conflict.value, IntegrityError)
    assert head(engine).position == 2


def test_the_same_version_twice_in_one_append_is_a_conflict(engine: Engine) -> None:
    with pytest.raises(VersionConflict, match="stream 'a': expected version 0, found 1"):
        record(engine, event("a"), event("a"))

    def append_one_by_one() -> None:
        with EventLog(engine).appending(recorder="ana", now=NOON) as append:
            append.append([event("b")])
            append.append([event("b")])

    with pytest.raises(IntegrityError):
        append_one_by_one()
    assert whole(engine) == []


def test_a_conflict_that_is_swallowed_comes_back_at_the_end(engine: Engine) -> None:
    record(engine, event("a"))

    def append_regardless() -> None:
        with EventLog(engine).appending(recorder="ana", now=NOON) as append:
            append.append([event("b")])
            with pytest.raises(VersionConflict):
                append.append([event("a")])
            with pytest.raises(VersionConflict):
                append.append([event("c")])

    with pytest.raises(VersionConflict):
        append_regardless()
    assert [e.stream for e in whole(engine)] == ["a"]


def test_an_error_half_way_through_a_batch_is_not_swallowed_either(engine: Engine) -> None:
    unfit: Any = {"a": "dict is nothing that a driver takes"}

    def append_regardless() -> None:
        with EventLog(engine).appending(recorder="ana", now=NOON) as append, suppress(Exception):
            append.append([event("a"), event("b"), NewEvent("c", unfit, "noted/1", b"{}")])

    with pytest.raises(engine.dialect.loaded_dbapi.Error):
        append_regardless()
    assert whole(engine) == []
    assert [e.position for e in record(engine, event("a"))] == [1]


def test_stamps_rise_from_append_to_append_though_the_clock_goes_back(engine: Engine) -> None:
    record(engine, event("a"), event("b"))
    record(engine, event("c"), now=NOON - timedelta(hours=1))
    record(engine, event("d"), now=NOON)
    record(engine, event("e"), now=NOON + timedelta(seconds=1))
    assert [e.recorded_at[11:] for e in whole(engine)] == [
        "12:00:00.000000Z",
        "12:00:00.000000Z",
        "12:00:00.000001Z",
        "12:00:00.000002Z",
        "12:00:01.000000Z",
    ]


def test_a_stamp_is_in_utc_and_always_as_long() -> None:
    here = timezone(timedelta(hours=-5))
    assert stamp(datetime(2017, 4, 20, 23, 0, 0, 5, tzinfo=here), "") == "2017-04-21T04:00:00.000005Z"
    assert stamp(NOON, "2017-04-21T23:59:59.999999Z") == "2017-04-22T00:00:00.000000Z"


def test_a_time_without_a_zone_is_no_instant(engine: Engine) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        record(engine, event("a"), now=NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("after", "until", "limit", "expected"),
    [
        (0, None, None, range(1, 5001)),
        (4990, None, None, range(4991, 5001)),
        (10, 20, None, range(11, 21)),
        (10, 4500, 2500, range(11, 2511)),
        (10, 20, 2500, range(11, 21)),
        (10, 10**30, None, range(11, 5001)),
        (0, None, 0, range(0)),
        (5000, None, None, range(0)),
        (0, None, 4000, range(1, 4001)),
    ],
)
def test_reading_in_batches_skips_and_repeats_nothing(
    engine: Engine, after: int, until: int | None, limit: int | None, expected: range
) -> None:
    record(engine, *(event("a", n) for n in range(1, 5001)))
    with reading(engine) as connection:
        read = EventLog(engine).read(connection, after=after, until=until, limit=limit)
        assert [e.position for e in read] == list(expected)


def test_reading_holds_a_batch_and_not_the_log(engine: Engine) -> None:
    size, count = 2_000, 20_000
    for start in range(1, count, 1_000):
        record(engine, *(event("a", n, b"x" * size) for n in range(start, start + 1_000)))
    with reading(engine) as connection:
        tracemalloc.start()
        read = sum(1 for _ in EventLog(engine).read(connection))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert read == count
    assert peak < size * count / 2.5


def test_a_log_can_be_dropped_and_made_again(engine: Engine) -> None:
    record(engine, event("a"))
    with engine.begin() as connection:
        drop_log(connection)
        create_log(connection)
    assert head(engine) == (0, "")
    assert [e.position for e in record(engine, event("a"))] == [1]


def test_what_cannot_be_hashed_is_not_swallowed_either(engine: Engine) -> None:
    unfit: Any = {"a": "dict is nothing that has bytes"}

    def append_regardless() -> None:
        with EventLog(engine).appending(recorder="ana", now=NOON) as append, suppress(Exception):
            append.append([event("a"), event("b"), NewEvent("c", 1, "noted/1", unfit)])

    with pytest.raises(TypeError):
        append_regardless()
    assert whole(engine) == []
