"""A server that may be killed at any moment, and writers that record over HTTP and count what it acknowledged."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, Self

from bench.client import Answer, Connection
from bench.soak_report import FaultsOutcome

from application.keys import add_key
from application.service import Service
from application.verifying.verify import verify

PLACE = {"id": "springfield-zz", "name": "Springfield", "kind": "city", "state": "ZZ", "time_zone": "America/Chicago"}
COMMAND = Path(sys.executable).with_name("dispute-timeline")
# A superuser is refused nothing by a file's mode, unless these capabilities are taken away.
_AS_OTHERS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
STARTED_S, ENDED_S = 120.0, 30.0
"""Seconds in which a server must answer once started, and be gone once killed."""
ANSWERED_S = 180.0
"""Seconds in which everything sent must have been taken once nothing is broken: a claim alone may last for thirty."""
GIVEN_UP_S = 30.0
"""Seconds after which an answer is waited for no longer."""
_IN_A_BATCH, _EVERY = 5, 8
"""Rows of a batch, and how many requests there are to a batch."""


class Server:
    """`dispute-timeline serve` on a database, at the same port each time that it is started."""

    def __init__(self, url: str, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = url
        self.environment = {**os.environ, "DATABASE_URL": url, "REMINDERS": "off", "RATE_LIMIT": "off", **settings}
        service = Service(url)
        self.key = add_key(service, "soak")
        service.close()
        self.answers = threading.Event()
        """Set from its first answer until it is killed: what is sent before waits until it has started."""
        self._said = folder / "server.log"
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        return self._process.pid

    def kill(self) -> None:
        """Ends it with SIGKILL, wherever it is."""
        self.answers.clear()
        self._process.kill()
        self._process.wait(ENDED_S)

    def start(self) -> None:
        """Starts it again; RuntimeError with its last words where it does not answer in time."""
        self._process = self._start()

    def tracebacks(self) -> int:
        """How many errors it did not mean are in what it said so far."""
        return self._said.read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call last)")

    def authorized(self, *fields: str) -> str:
        """The header lines of a request under the key."""
        return "".join(f"{line}\r\n" for line in (f"Authorization: Bearer {self.key}", *fields))

    def _start(self) -> subprocess.Popen[bytes]:
        as_others = _AS_OTHERS if self.url.startswith("sqlite") else []
        command = [*as_others, str(COMMAND), "serve", "--port", str(self.port)]
        with self._said.open("ab") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=self.environment)
        until = monotonic() + STARTED_S
        while monotonic() < until and process.poll() is None:
            with suppress(OSError):
                connection = Connection(self.port, GIVEN_UP_S)
                connection.ask("/healthz")
                connection.close()
                self.answers.set()
                return process
            sleep(0.05)
        process.kill()
        raise RuntimeError(f"the server did not start: {self._said.read_text(encoding='utf-8')[-500:]}")


class Request(NamedTuple):
    """What is recorded: the entries' ids, the idempotency key, and what is sent."""

    ids: tuple[str, ...]
    key: str
    path: str
    media_type: str
    body: bytes


def an_entry(id_: str) -> dict[str, object]:
    """A small entry, as a record file has it."""
    return {"id": id_, "kind": "statement", "occurred": "2026-02-20", "actor": {"party": "federal"},
            "jurisdictions": [PLACE["id"]], "summary": f"Something was said: {id_}.",
            "sources": [{"id": "s1", "title": "A page", "rank": "primary"}]}  # fmt: skip


def a_request(name: str, number: int) -> Request:
    """The nth of a writer: most are an entry, some a batch of rows."""
    if number % _EVERY:
        id_ = f"{name}-{number}"
        return Request((id_,), id_, "/api/v1/entries", "application/json", json.dumps(an_entry(id_)).encode())
    ids = tuple(f"{name}-{number}-{row}" for row in range(_IN_A_BATCH))
    rows = "\n".join(json.dumps(an_entry(id_)) for id_ in ids).encode()
    return Request(ids, f"{name}-{number}", "/api/v1/entries:batch", "application/x-ndjson", rows)


class Writers:
    """Threads that record, each request under a key of its own, and again under it until it is acknowledged."""

    def __init__(self, server: Server, outcome: FaultsOutcome, name: str, count: int) -> None:
        self.sent: set[str] = set()
        self.acknowledged: dict[str, Request] = {}
        self._server, self._outcome = server, outcome
        self._left: deque[Request] = deque()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(f"{name}-{one}",)) for one in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(2 * GIVEN_UP_S)

    def finish(self) -> None:
        """Sends again what is left, until all is acknowledged, and then some of that once more."""
        until = monotonic() + ANSWERED_S
        while self._left and monotonic() < until:
            self._again()
        self._outcome.faults += [f"{request.key}: never taken" for request in self._left]
        for request in list(self.acknowledged.values())[-50:]:
            self._send(request)

    def _write(self, name: str) -> None:
        number = 0
        while not self._done.is_set():
            if not self._server.answers.wait(0.1):
                continue
            number += 1
            request = a_request(name, number)
            self.sent.update(request.ids)
            if not self._send(request):
                self._left.append(request)
                self._again()

    def _again(self) -> None:
        sleep(0.1)
        self._server.answers.wait(STARTED_S)
        with suppress(IndexError):  # another writer took the last
            request = self._left.popleft()
            self._outcome.count("requests sent again under their key")
            if not self._send(request):
                self._left.append(request)

    def _send(self, request: Request) -> bool:
        """Whether it was acknowledged."""
        fields = (f"Idempotency-Key: {request.key}", f"Content-Type: {request.media_type}")
        headers = self._server.authorized(*fields, f"Content-Length: {len(request.body)}")
        what = f"POST {request.path} of {request.key}"
        answer = asked(self._server, self._outcome, what, request.path, headers, request.body)
        if answer is None:
            return False
        if answer.status in (200, 201):
            self.acknowledged.update(dict.fromkeys(request.ids, request))
            return True
        if answer.status not in (409, 429, 503):  # being carried out still, too many, in trouble
            self._outcome.faults.append(f"{what}: {answer.status} {answer.body[:200]!r}")
        return False


def asked(
    server: Server, outcome: FaultsOutcome, what: str, path: str, headers: str = "", body: bytes = b""
) -> Answer | None:
    """The answer to one request on a connection of its own, judged; None where there was none.

    That is no fault of a server that is killed meanwhile.
    """
    begun, pid = monotonic(), server.pid
    answer, silent = None, False
    try:
        connection = Connection(server.port, GIVEN_UP_S)
        try:
            answer = connection.ask(path, "POST" if body else "GET", headers, body)
        finally:
            connection.close()
    except TimeoutError:
        silent = True  # who is killed closes the connection
    except OSError:
        silent = server.answers.is_set() and server.pid == pid
    if answer is not None or silent:
        outcome.judge(what, answer, monotonic() - begun)
    return answer


def held_against_log(sent: Iterable[str], acknowledged: Iterable[str], streams: Counter[str]) -> Iterator[str]:
    """What is wrong: an entry that was acknowledged and is lost, one recorded twice, one that nobody sent.

    `streams`: how many events of each stream are in the log.
    """
    yield from (f"{id_}: acknowledged, and not on record" for id_ in acknowledged if not streams[f"entry:{id_}"])
    entries = {stream: count for stream, count in streams.items() if stream.startswith("entry:")}
    yield from (f"{stream}: recorded {count} times" for stream, count in entries.items() if count > 1)
    yield from (f"{stream}: nobody sent it" for stream in entries.keys() - {f"entry:{id_}" for id_ in sent})


def hold_against_log(
    url: str, outcome: FaultsOutcome, sent: Iterable[str] | None = None, acknowledged: Iterable[str] = ()
) -> None:
    """The same of a database where it is known what was `sent`, and what `verify` says of it."""
    service = Service(url)
    try:
        if sent is not None:
            with service.reading() as connection:
                streams = Counter(event.stream for event in service.log.read(connection))
            outcome.faults += held_against_log(sent, acknowledged, streams)
        outcome.faults += [f"verify: {fault}" for fault in verify(service)]
    finally:
        service.close()


def entries_of(url: str) -> int:
    """How many entries are on record."""
    service = Service(url)
    try:
        with service.reading() as connection:
            return len({event.stream for event in service.log.read(connection) if event.stream.startswith("entry:")})
    finally:
        service.close()


def start_command(url: str, *words: str) -> subprocess.Popen[bytes]:
    """A command on a database, begun."""
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.Popen([str(COMMAND), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)


def run_command(url: str, *words: str) -> None:
    """A command run to its end; RuntimeError with its last words where it fails."""
    process = start_command(url, *words)
    _, said = process.communicate(timeout=ANSWERED_S)
    if process.returncode:
        raise RuntimeError(f"{words[0]} failed: {said.decode(errors='replace')[-500:]}")
