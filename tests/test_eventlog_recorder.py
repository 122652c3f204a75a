"""The library's own recorder test cases, as they are shipped, on both databases."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventsourcing.persistence import EventStore, ProgrammingError, StoredEvent
from eventsourcing.tests import persistence as library
from sqlalchemy import Engine

from eventlog.engine import create_engine_for, reading
from eventlog.log import EventLog, Recorder, StreamRecorder
from eventlog.mapper import Mapper, Placed
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


class RecordsStreams(OnSQLite):
    def create_recorder(self) -> StreamRecorder:
        return StreamRecorder(self.engine, clock=noon)


class RecordsTheLog(OnSQLite):
    def create_recorder(self) -> Recorder:
        return Recorder(self.engine, clock=noon)

    def test_subscribing(self) -> None:
        # The library calls this case optional, because its own SQLite recorder cannot do it.
        self.optional_test_insert_subscribe()  # type: ignore[attr-defined]  # of the test case it is mixed into


class TestStreamsOnSQLite(RecordsStreams, library.AggregateRecorderTestCase):
    pass


class TestStreamsOnPostgreSQL(OnPostgreSQL, RecordsStreams, library.AggregateRecorderTestCase):
    pass


class TestLogOnSQLite(RecordsTheLog, library.ApplicationRecorderTestCase[Recorder]):
    pass


class TestLogOnPostgreSQL(OnPostgreSQL, RecordsTheLog, library.ApplicationRecorderTestCase[Recorder]):
    pass


class TestTransactionsStayTogetherOnSQLite(RecordsTheLog, library.NonInterleavingNotificationIDsBaseCase):
    test_subscribing = None  # type: ignore[assignment]  # not of this case


class TestTransactionsStayTogetherOnPostgreSQL(
    OnPostgreSQL, RecordsTheLog, library.NonInterleavingNotificationIDsBaseCase
):
    test_subscribing = None  # type: ignore[assignment]  # not of this case


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine_for(database_url)
    with engine.begin() as connection:
        create_log(connection)
    yield engine
    engine.dispose()


def test_the_library_inserts_into_an_open_append(engine: Engine) -> None:
    recorder = Recorder(engine)
    with EventLog(engine).appending(recorder="ana", now=noon()) as append:
        positions = recorder.insert_events([StoredEvent("s", 1, "t/1", b"{}")], append=append)
    with reading(engine) as connection:
        assert [event.recorder for event in EventLog(engine).read(connection)] == ["ana"]
    assert positions == [1]


def test_a_recorder_without_a_clock_does_not_make_up_the_time(engine: Engine) -> None:
    with pytest.raises(ProgrammingError, match="without a clock"):
        Recorder(engine).insert_events([StoredEvent("s", 1, "t/1", b"{}")])


def test_the_library_s_event_store_runs_on_our_mapper_and_recorder(engine: Engine) -> None:
    mapper = Mapper[str](lambda event: ("said/1", event.encode()), {"said/1": bytes.decode})
    store = EventStore(mapper, Recorder(engine, clock=noon))
    recordings = store.put([Placed("s", 1, "hello"), Placed("s", 2, "again")])
    assert [recording.notification.id for recording in recordings] == [1, 2]
    assert list(store.get("s")) == [Placed("s", 1, "hello"), Placed("s", 2, "again")]
