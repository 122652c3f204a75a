"""The library's own recorder test cases, as shipped, judge the log that the service holds, on both databases."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import ApplicationRecorder, ProgrammingError, StoredEvent
from eventsourcing.tests import persistence as library
from sqlalchemy import Engine

from application.service import Service
from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog
from eventlog.tables import create_log


def noon() -> datetime:
    return datetime(2017, 4, 21, 12, tzinfo=UTC)


class OnSQLite:
    """Gives a library test case a new SQLite file."""

    engine: Engine

    @pytest.fixture(autouse=True)
    def _database(self, sqlite_url: str) -> Iterator[None]:
        yield from self.connected(sqlite_url)

    def connected(self, url: str) -> Iterator[None]:
        self.engine = create_engine_for(url)
        with self.engine.begin() as connection:
            create_log(connection)
        others = set(threading.enumerate())
        yield
        # The library's concurrency case leaves its readers to stop by themselves; only then are connections back.
        for reader in set(threading.enumerate()) - others:
            reader.join()
        self.engine.dispose()

    def new_originator_id(self) -> str:
        # The library asks here which kind of stream ids a recorder takes: ours are strings.
        return str(uuid4())


class OnPostgreSQL(OnSQLite):
    """Gives a library test case a new PostgreSQL database."""

    @pytest.fixture(autouse=True)
    def _database(self, fresh_postgres: str) -> Iterator[None]:
        yield from self.connected(fresh_postgres)


class RecordsTheLog(OnSQLite):
    def create_recorder(self) -> EventLog:
        return EventLog(self.engine, clock=noon)


class RecordsAndFollowsTheLog(RecordsTheLog):
    def test_subscribing(self) -> None:
        # The library calls this case optional, because its own SQLite recorder cannot do it.
        self.optional_test_insert_subscribe()  # type: ignore[attr-defined]  # of the test case it is mixed into


class WithoutPositions(EventLog):
    """Returns nothing of an insert, as the library's case of streams alone wants it of a recorder without an order."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:  # type: ignore[override]  # the library allows None, the log never returns it
        super().insert_events(stored_events, **kwargs)


class RecordsStreams(OnSQLite):
    def create_recorder(self) -> EventLog:
        return WithoutPositions(self.engine, clock=noon)


class TestStreamsOnSQLite(RecordsStreams, library.AggregateRecorderTestCase):
    pass


class TestStreamsOnPostgreSQL(OnPostgreSQL, RecordsStreams, library.AggregateRecorderTestCase):
    pass


class TestLogOnSQLite(RecordsAndFollowsTheLog, library.ApplicationRecorderTestCase[EventLog]):
    pass


class TestLogOnPostgreSQL(OnPostgreSQL, RecordsAndFollowsTheLog, library.ApplicationRecorderTestCase[EventLog]):
    pass


class TestTransactionsStayTogetherOnSQLite(RecordsTheLog, library.NonInterleavingNotificationIDsBaseCase):
    pass


class TestTransactionsStayTogetherOnPostgreSQL(
    OnPostgreSQL, RecordsTheLog, library.NonInterleavingNotificationIDsBaseCase
):
    pass


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        create_log(connection)
    yield engine
    engine.dispose()


def test_the_library_inserts_into_an_open_append(engine: Engine) -> None:
    log = EventLog(engine)
    with log.appending(recorder="ana", now=noon()) as append:
        positions = log.insert_events([StoredEvent("s", 1, "t/1", b"{}")], append=append)
    with reading(engine) as connection:
        assert [event.recorder for event in log.read(connection)] == ["ana"]
    assert positions == [1]


def test_a_log_without_a_clock_does_not_make_up_the_time(engine: Engine) -> None:
    with pytest.raises(ProgrammingError, match="without a clock"):
        EventLog(engine).insert_events([StoredEvent("s", 1, "t/1", b"{}")])


def test_an_argument_that_the_log_does_not_know_is_refused(engine: Engine) -> None:
    with pytest.raises(TypeError, match="takes no tracking"):
        EventLog(engine, clock=noon).insert_events([], tracking=None)


def test_the_log_that_the_service_holds_is_the_library_s_recorder(database_url: str) -> None:
    service = Service(database_url, now=noon)
    recorder: ApplicationRecorder = service.log
    assert recorder.insert_events([StoredEvent("s", 1, "t/1", b"{}")]) == [1]
    with service.reading() as connection:
        assert [event.recorded_at for event in service.log.read(connection)] == ["2017-04-21T12:00:00.000000Z"]
    service.close()


def test_only_an_append_that_recorded_something_is_measured(engine: Engine) -> None:
    seconds: list[float] = []
    log = EventLog(engine, clock=noon)
    log.append_observers.append(seconds.append)
    log.insert_events([])
    assert seconds == []
    log.insert_events([StoredEvent("s", 1, "t/1", b"{}")])
    assert [0 < measured < 30 for measured in seconds] == [True]
