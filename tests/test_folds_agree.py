"""Folds agree: whatever the order of arrival, and rebuilt or live, the same record gives the same answers."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import generated_records
from application.rebuild import rebuild
from application.recording import record
from application.service import Service
from application.verifying.verify import verify
from conftest import WHOLE
from domain.history import transitions, value_history
from projections.status import own_acts
from record_scripts import asked, play, said_deadlines, said_status, said_timeline, service_at

Answers = list[Any]
ACTS = 90 if WHOLE else 60


def answers(service: Service, written: generated_records.Record, seed: int) -> Answers:
    """What the service says of every place on days that matter, and of everyone."""
    given: Answers = []
    for as_of, public_by in generated_records.clocks(seed, written, 5):
        clocks = asked(as_of, public_by)
        for place in (place["id"] for place in written["jurisdictions"]):
            given += [
                said_status(service, place, clocks),
                said_deadlines(service, place, clocks),
                said_timeline(service, place, clocks, context=True),
            ]
        given.append(said_timeline(service, None, clocks))
    with service.snapshot() as snapshot:
        for place in (snapshot.place(place["id"]) for place in written["jurisdictions"]):
            own = own_acts(snapshot, place)
            given.append(transitions(value_history(place, own, snapshot.cache.law, snapshot.clocks(place.time_zone))))
    return given


def load_in_parts(service: Service, written: generated_records.Record, seed: int) -> None:
    """Places first, then acts in a random order in which each finds what it names, some together, some alone."""
    rng = random.Random(seed)
    script = generated_records.script(seed, written, revisions=0)
    places = [event["jurisdiction"] for event in script if event["event"] == "added"]
    entries = [event["entry"] for event in script if event["event"] == "recorded"]
    record(service, [], places, recorder="parts")
    while entries:
        size = rng.choice([1, 1, 3, 20])
        record(service, entries[:size], recorder="parts")
        del entries[:size]


def load_together(service: Service, written: generated_records.Record, seed: int) -> None:
    """Everything in one act of recording, in a random order that refers forward."""
    shuffled = generated_records.shuffled(written, seed)
    record(
        service,
        list(shuffled["entries"]),
        list(shuffled["jurisdictions"]),
        recorder="together",
    )


LOADS = (load_together, load_in_parts) * (2 if WHOLE else 1)


@pytest.mark.parametrize("seed", [3, 14] if WHOLE else [3])
def test_any_order_of_arrival_gives_the_same_answers(seed: int, another_url: Callable[[], str]) -> None:
    written = generated_records.generate(seed, acts=ACTS, places=14)
    every = []
    for number, load in enumerate(LOADS):
        service = service_at(another_url())
        load(service, written, seed + number)
        every.append(answers(service, written, seed))
        assert list(verify(service)) == []
        service.close()
    assert all(answer == every[0] for answer in every)


@pytest.mark.parametrize("seed", [5, 26] if WHOLE else [5])
def test_what_is_rebuilt_is_what_was_live(seed: int, another_url: Callable[[], str]) -> None:
    written = generated_records.generate(seed, acts=ACTS, places=14)
    service = service_at(another_url())
    play(service, generated_records.script(seed, written, revisions=2))
    live = answers(service, written, seed)
    assert list(verify(service)) == []
    for batch in (7, 1000) if WHOLE else (7,):
        rebuild(service, batch=batch)
        assert list(verify(service)) == []
    service.close()
    again = service_at(service.engine.url.render_as_string(hide_password=False))
    assert answers(again, written, seed) == live
    again.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def another_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """As many empty databases of a kind as a test asks for."""
    if request.param == "postgresql":
        urls: Iterator[str] = request.getfixturevalue("another_postgres")
        return lambda: next(urls)
    folder = request.getfixturevalue("tmp_path")
    numbers = iter(range(1000))
    return lambda: f"sqlite:///{folder}/{next(numbers)}.db"
