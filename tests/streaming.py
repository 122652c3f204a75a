"""Streams as their readers see them: a server in this process to look into, and a reader that is cut anywhere."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2
import uvicorn
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from fastapi import FastAPI

from api_world import act, place
from application.followers import LogFollower
from application.recording import record
from application.service import Service


class Block(NamedTuple):
    """One event as it came."""

    id: int
    name: str
    event: dict[str, Any]


def read_cut(url: str, last: int | None, most_bytes: int) -> list[Block]:
    """The events that came whole before the connection was cut, after so many bytes of the body."""
    got = b""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with httpx2.stream("GET", url, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200, answer.read()
        for data in answer.iter_raw():
            got += data
            if len(got) >= most_bytes:
                break
    return blocks(got[:most_bytes])


def blocks(body: bytes) -> list[Block]:
    """The events of a body, without one that was cut short; comments carry no field at all."""
    found = []
    for block in body.split(b"\n\n")[:-1]:
        lines = [line for line in block.decode().split("\n") if not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            assert list(fields) == ["id", "event", "data"]
            assert len(lines) == 3
            found.append(Block(int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def judged(body: bytes) -> CloudEvent:
    """The event, as the SDK of CloudEvents reads and validates it."""
    message = HTTPMessage({"content-type": "application/cloudevents+json"}, body)
    event = from_structured_event(message, JSONFormat())
    assert isinstance(event, CloudEvent)
    return event


def begin(service: Service) -> None:
    """A place, about which things can be said."""
    record(service, [], [place("alameda")], recorder="tests")


def say(service: Service, *ids: str, **more: object) -> None:
    """Something is recorded of it, all at once."""
    said = [act("statement", "2026-01-01", ["alameda"], id=id_, **more) for id_ in ids]
    record(service, said, recorder="tests")


@contextmanager
def in_this_process(app: FastAPI) -> Iterator[str]:
    """The address of the stream of an app that is served by a thread."""
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    loop = server.servers[0].get_loop()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/api/v1/events/stream"
    finally:
        # An asyncio.Event belongs to its loop: to set it from this thread would be a race.
        live: LogFollower = app.state.live
        loop.call_soon_threadsafe(live.close)
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds; fails where it does not in half a minute."""
    give_up = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.01)
