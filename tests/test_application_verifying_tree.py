"""Tampering, with the database's protection switched off, on both databases: found by `verify`, and named."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select, text, update

import tampering
from application.rebuild import rebuild
from application.service import Service
from application.verifying.verify import verify
from conftest import WHOLE
from domain.errors import Invalid
from eventlog.merkle import hash_of
from eventlog.proofs import proving
from eventlog.records import Recorded
from eventlog.tables import EVENT, log, log_head
from projections.schema import live_tables
from small_record import fill, service_on

HEAD = 11


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = service_on(database_url)
    assert fill(service) == HEAD
    yield service
    service.close()


def faults(service: Service, against: str | None = None) -> list[str]:
    return list(verify(service, against=against))


def of_the_log(service: Service, against: str | None = None) -> list[str]:
    return [fault for fault in faults(service, against) if fault.startswith(("log", "the checkpoint"))]


def checkpoint(service: Service, size: int | None = None) -> str:
    with proving(service.log) as proofs:
        return proofs.checkpoint(size)


def test_a_log_that_nobody_touched_has_no_fault(service: Service) -> None:
    assert faults(service) == []
    for size in range(HEAD + 1):
        assert faults(service, checkpoint(service, size)) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40 if WHOLE else 12)
@given(position=st.integers(1, HEAD), byte=st.integers(0, 10_000))
def test_one_byte_of_one_event_is_found_and_named(service: Service, position: int, byte: int) -> None:
    tampering.flip_a_byte(service.engine, position, byte)
    found = faults(service)
    assert found[0].startswith(f"log position {position}: the event is not the one that was recorded")
    assert [fault for fault in found if fault.startswith("log")] == found[:1]
    tampering.flip_a_byte(service.engine, position, byte)
    assert faults(service) == []


@pytest.mark.parametrize(
    "values",
    [
        {"recorder": "eve"},
        {"recorded_at": "2026-11-24T12:00:04.000001Z"},
        {"topic": "statement-made/2"},
        {"stream": "entry:another"},
        {"version": 7},
    ],
    ids=lambda values: next(iter(values)),
)
def test_whatever_else_of_an_event_is_changed_is_named_too(service: Service, values: dict[str, Any]) -> None:
    tampering.change(service.engine, 5, **values)
    assert "log position 5: the event is not the one that was recorded; its hash is another" in faults(service)


@pytest.mark.parametrize("position", range(1, HEAD + 1))
def test_an_event_changed_with_its_own_hash_is_named_with_its_neighbours(service: Service, position: int) -> None:
    tampering.change(service.engine, position, recorder="eve")
    with service.engine.connect() as connection:
        row = connection.execute(select(*EVENT, log.c.hashes).where(log.c.position == position)).one()
    hashes = hash_of(Recorded._make(row[:-1])) + row.hashes[32:]
    tampering.change(service.engine, position, hashes=hashes)
    first = of_the_log(service)[0]
    if position == HEAD:
        assert first == "log_head: the right edge of the tree is not that of the log's rows"
    else:
        pair = (position - 1) // 2 * 2 + 1
        assert first.startswith(f"log positions {pair} to {pair + 1}: are not what was recorded")


@pytest.mark.parametrize(
    ("positions", "named"),
    [
        ([4], ["log position 4: missing"]),
        ([1], ["log position 1: missing"]),
        ([3, 4, 5, 9], ["log positions 3 to 5: missing", "log position 9: missing"]),
        ([HEAD], [f"log position {HEAD}: missing"]),
        ([HEAD - 1, HEAD], [f"log positions {HEAD - 1} to {HEAD}: missing"]),
        (list(range(1, HEAD + 1)), [f"log positions 1 to {HEAD}: missing"]),
    ],
)
def test_an_event_that_was_taken_out_is_missed(service: Service, positions: list[int], named: list[str]) -> None:
    tampering.remove(service.engine, *positions)
    assert [fault for fault in of_the_log(service) if "missing" in fault and "version" not in fault] == named


Change = Callable[[Engine], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "the hash of an event": (
        lambda engine: tampering.change(engine, 3, hashes=bytes(32)),
        "log position 3: the event is not the one that was recorded",
    ),
    "the hash of four events": (lambda engine: change_last_hash(engine, 4), "log positions 1 to 4: are not"),
    "hashes taken away": (
        lambda engine: tampering.change(engine, 8, hashes=bytes(32)),
        "log position 8: has 32 bytes of hashes, and not 128",
    ),
    "no hashes at all": (lambda engine: tampering.change(engine, 8, hashes=b""), "log position 8: has 0 bytes"),
    "the right edge": (lambda engine: change_head(engine, frontier=bytes(96)), "log_head: the right edge"),
    "the head's stamp": (lambda engine: change_head(engine, recorded_at="2026"), "log_head: says position 11"),
    "the head's position": (lambda engine: change_head(engine, position=10), "log_head: says position 10"),
}


def change_last_hash(engine: Engine, position: int) -> None:
    with engine.connect() as connection:
        hashes = connection.execute(select(log.c.hashes).where(log.c.position == position)).scalar_one()
    tampering.change(engine, position, hashes=hashes[:-32] + bytes(32))


def change_head(engine: Engine, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(update(log_head).values(**values))


@pytest.mark.parametrize(("change", "named"), CHANGES.values(), ids=CHANGES)
def test_a_tree_that_was_changed_is_named_where_it_was(service: Service, change: Change, named: str) -> None:
    change(service.engine)
    found = of_the_log(service)
    assert found
    assert found[0].startswith(named)


def test_a_position_that_no_append_gives_is_named(service: Service) -> None:
    tampering.change(service.engine, 5, position=-5)
    assert of_the_log(service)[:2] == ["log position -5: there is no such position", "log position 5: missing"]
    tampering.change(service.engine, -5, position=10**9)
    assert f"log positions 12 to {10**9 - 1}: missing" in of_the_log(service)


def test_values_of_another_type_are_named_and_break_nothing(sqlite_url: str) -> None:
    service = service_on(sqlite_url)
    fill(service)
    for column, value in (("state", "'text'"), ("state", "7"), ("version", "'x'"), ("recorder", "x'00'")):
        with tampering.unprotected(service.engine) as connection:
            connection.execute(text(f"UPDATE log SET {column} = {value} WHERE position = 6"))
        assert "log position 6: the event is not the one that was recorded" in faults(service)[0]
    service.close()


def test_a_log_rewritten_and_signed_anew_is_found_by_a_checkpoint_kept_elsewhere(service: Service) -> None:
    kept = {size: checkpoint(service, size) for size in (0, 3, 7, HEAD)}
    tampering.change(service.engine, 5, recorder="eve")
    tampering.hash_anew(service.engine)
    rebuild(service)
    assert faults(service) == []
    assert faults(service, checkpoint(service)) == []
    assert faults(service, kept[0]) == faults(service, kept[3]) == []
    for size in (7, HEAD):
        why = f"the log's first {size} events are not those that it was given for; the log was rewritten"
        assert faults(service, kept[size]) == [f"the checkpoint of {size} events: {why}"]


def test_a_log_that_was_cut_off_and_signed_anew_is_found_too(service: Service) -> None:
    kept = checkpoint(service)
    tampering.remove(service.engine, HEAD - 1, HEAD)
    tampering.hash_anew(service.engine)
    rebuild(service)
    assert faults(service) == []
    assert faults(service, kept) == [
        f"the checkpoint of {HEAD} events: the log has {HEAD - 2} events; those from position {HEAD - 1} on are gone"
    ]


def test_a_checkpoint_that_this_log_did_not_sign_is_named(service: Service) -> None:
    forged = checkpoint(service, 7).replace("\n7\n", "\n8\n", 1)
    assert any("has a false signature" in fault for fault in faults(service, forged))


def test_what_is_no_checkpoint_is_refused(service: Service) -> None:
    for nonsense in ("", "a\nb\nc\n", checkpoint(service)[:-1], "{}"):
        with pytest.raises(Invalid, match="against"):
            faults(service, nonsense)


def test_a_read_model_is_still_compared_with_a_log_that_was_changed(service: Service) -> None:
    with service.engine.begin() as connection:
        connection.execute(delete(live_tables().names))
    tampering.change(service.engine, 5, recorder="eve")
    found = faults(service)
    assert found[0].startswith("log position 5")
    assert any(fault.startswith("versions row (5)") for fault in found)
