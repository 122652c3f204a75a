"""An exported log: byte for byte the same after any move between databases, and refused when a byte of it is not."""

import io
import json
import tracemalloc
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

import tampering
from api.app import create_app
from application.bulk.files import load
from application.keys import add_key
from application.log_files import export, import_log, leaf_in
from application.recording import record
from application.service import Service
from application.verifying.verify import verify
from domain.errors import Refused
from eventlog.merkle import leaf_hash
from eventlog.proofs import proving
from eventlog.tables import log, log_head
from projections.schema import live_tables
from small_record import fill, said, service_on

SEEDS = Path(__file__).parent.parent / "seeds"
READS = [
    "timeline?as_of=2026-11-24",
    "timeline?as_of=2018-01-01&public_by=2017-12-01&recorded_by=400",
    "jurisdictions/new-orleans-la/timeline?as_of=2026-11-24&limit=1000",
    "jurisdictions/new-orleans-la/status?as_of=2017-10-12",
    "jurisdictions/chicago-il/status?as_of=2018-06-01&recorded_by=520",
    "jurisdictions/new-orleans-la/history?as_of=2026-11-24",
    "jurisdictions/new-orleans-la",
    "entries/2017-04-21-doj-letters-nine?as_of=2026-11-24",
    "entries/2017-04-21-doj-letters-nine/history",
    "deadlines?as_of=2017-12-15",
    "changes?from=500&to=523",
    "log/entries/145",
    "log/entries/145/proof?size=500",
    "log/consistency?from=100&to=500",
]


def exported(service: Service) -> bytes:
    file = io.BytesIO()
    export(service, file)
    return file.getvalue()


def root(service: Service) -> str:
    with proving(service.log) as proofs:
        return proofs.checkpoint().split("\n")[2]


def answers(service: Service) -> list[tuple[int, bytes, str]]:
    with TestClient(create_app(service)) as client:
        found = [client.get(f"/api/v1/{address}") for address in READS]
    return [(one.status_code, one.content, one.headers["log-position"]) for one in found]


def counts(service: Service) -> list[int]:
    with service.engine.connect() as connection:
        tables = [log, *live_tables().tables]
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_a_log_moves_to_postgresql_and_back_and_nothing_is_different(tmp_path: Path, fresh_postgres: str) -> None:
    first = service_on(f"sqlite:///{tmp_path}/first.db")
    load(first, [SEEDS], recorder="load")
    there = service_on(fresh_postgres)
    back = service_on(f"sqlite:///{tmp_path}/back.db")
    import_log(there, io.BytesIO(exported(first)))
    import_log(back, io.BytesIO(exported(there)))
    assert root(first) == root(there) == root(back)
    said_first = answers(first)
    assert [code for code, _, _ in said_first] == [200] * len(READS)
    assert answers(there) == said_first
    assert answers(back) == said_first
    assert list(verify(there)) == list(verify(back)) == []
    lines = [exported(service).splitlines()[1:-1] for service in (first, there, back)]
    assert lines[0] == lines[1] == lines[2]
    for service in (first, there, back):
        service.close()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Service]:
    service = service_on(f"sqlite:///{tmp_path}/source.db")
    fill(service)
    yield service
    service.close()


@pytest.fixture
def target(database_url: str) -> Iterator[Service]:
    service = service_on(database_url)
    yield service
    service.close()


def test_an_imported_log_goes_on_where_it_was(source: Service, target: Service) -> None:
    assert import_log(target, io.BytesIO(exported(source))) == 11
    (outcome,) = record(target, [said(99)], recorder="ana")
    assert outcome.position == 12
    assert list(verify(target)) == []
    with target.engine.connect() as connection:
        stamps = connection.execute(select(log.c.recorded_at).order_by(log.c.position)).scalars().all()
        assert list(stamps) == sorted(stamps)


def test_a_checkpoint_of_the_first_log_holds_for_the_copy(source: Service, target: Service) -> None:
    with proving(source.log) as proofs:
        kept = proofs.checkpoint(7)
    import_log(target, io.BytesIO(exported(source)))
    assert list(verify(target, against=kept)) == []
    with proving(source.log) as mine, proving(target.log) as its:
        assert mine.key != its.key


def test_an_empty_log_is_a_log_too(tmp_path: Path, target: Service) -> None:
    source = service_on(f"sqlite:///{tmp_path}/empty.db")
    assert import_log(target, io.BytesIO(exported(source))) == 0
    assert root(target) == root(source)
    source.close()


def test_keys_that_may_write_stay_with_their_database(source: Service, target: Service) -> None:
    add_key(target, "somebody")
    import_log(target, io.BytesIO(exported(source)))
    assert list(verify(target)) == []


def test_the_lines_of_the_file_are_what_the_interface_says(source: Service) -> None:
    first, *events, last = exported(source).splitlines()
    header, footer = json.loads(first), json.loads(last)
    assert (header["format"], header["version"], header["events"]) == ("dispute-timeline/log", 1, len(events))
    with proving(source.log) as proofs:
        assert header["key"] == proofs.key
        assert footer["checkpoint"] == proofs.checkpoint()
        for position, line in enumerate(events, 1):
            its = json.loads(line)
            assert its["position"] == position
            assert leaf_in(line) == proofs.leaf(position)
            assert b64decode(its["leaf_hash"]) == leaf_hash(proofs.leaf(position))
    assert {one["topic"] for one in map(json.loads, events)} <= set(header["schema"]["properties"]["topic"]["enum"])


def test_only_an_empty_database_takes_a_log(source: Service, target: Service) -> None:
    fill(target, 3)
    before = counts(target)
    with pytest.raises(Refused, match="only into an empty database; this one has 6 events"):
        import_log(target, io.BytesIO(exported(source)))
    assert counts(target) == before


def with_line(number: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(whole: bytes) -> bytes:
        lines = whole.splitlines(keepends=True)
        lines[number - 1] = change(lines[number - 1])
        return b"".join(lines)

    return changed


def without_lines(*numbers: int) -> Callable[[bytes], bytes]:
    def changed(whole: bytes) -> bytes:
        lines = whole.splitlines(keepends=True)
        return b"".join(line for number, line in enumerate(lines, 1) if number not in numbers)

    return changed


def with_two_lines_swapped(whole: bytes) -> bytes:
    lines = whole.splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    return b"".join(lines)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing at all": (lambda _whole: b"", "line 1: the file ends before the end of its header"),
    "not JSON": (lambda _whole: b"position,stream\n1,a\n", "line 1: "),
    "another format": (
        with_line(1, lambda line: line.replace(b"-timeline/log", b"-timeline/map", 1)),
        "line 1: this is",
    ),
    "a later version": (with_line(1, lambda line: line.replace(b'"version":1', b'"version":2', 1)), "line 1: this is"),
    "the header's schema": (with_line(1, lambda line: line.replace(b"Without", b"With no")), "line 13: line 1 is not"),
    "one byte of an event": (with_line(6, lambda line: line.replace(b"was said", b"was sAid")), "line 6: the event is"),
    "a hash": (with_line(6, lambda line: line[:-4] + b'A"}\n'), "line 6: the event is not the one whose hash"),
    "a space": (with_line(6, lambda line: line.replace(b'{"', b'{ "', 1)), "line 6: the event is not the one"),
    "no event": (with_line(6, lambda _line: b"{}\n"), "line 6: "),
    "an empty line": (with_line(6, lambda _line: b"\n"), "line 6: "),
    "cut off within a line": (lambda whole: whole[:-1000], "the file ends before the end of event"),
    "cut off before the checkpoint": (without_lines(13), "line 13: the file ends before the end of its checkpoint"),
    "the last line without its end": (lambda whole: whole[:-1], "line 13: the file ends before"),
    "an event left out": (without_lines(6), "line 6: position 6 where 5 was to come"),
    "the last events left out": (without_lines(11, 12), "line 11: "),
    "two events swapped": (with_two_lines_swapped, "line 4: position 4 where 3 was to come"),
    "something after the end": (lambda whole: whole + b"\n", "line 14: the file goes on after its checkpoint"),
    "the checkpoint's size": (with_line(13, lambda line: line.replace(rb"\n11\n", rb"\n12\n")), "line 13: "),
    "another checkpoint": (with_line(13, lambda _line: b'{"checkpoint":"a","header":"b"}\n'), "line 13: it is no"),
}


@pytest.mark.parametrize(("change", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_naming_the_line_and_nothing_is_imported(
    source: Service, target: Service, change: Callable[[bytes], bytes], why: str
) -> None:
    whole = exported(source)
    broken = change(whole)
    assert broken != whole
    with pytest.raises(Refused) as refused:
        import_log(target, io.BytesIO(broken))
    assert why in refused.value.detail
    assert refused.value.detail.endswith("nothing was imported")
    assert set(counts(target)) == {0}
    import_log(target, io.BytesIO(whole))
    assert list(verify(target)) == []


def test_any_one_bit_of_the_file_is_missed(source: Service, tmp_path: Path) -> None:
    whole = exported(source)
    target = service_on(f"sqlite:///{tmp_path}/target.db")

    @settings(max_examples=150)
    @given(at=st.integers(0, len(whole) - 1), bit=st.integers(0, 7))
    def refused(at: int, bit: int) -> None:
        broken = bytearray(whole)
        broken[at] ^= 1 << bit
        with pytest.raises(Refused, match=r"^lines? \d"):
            import_log(target, io.BytesIO(broken))
        assert set(counts(target)) == {0}

    refused()
    target.close()


def rewritten(source: Service, change: Callable[[Service], None]) -> bytes:
    """A file of a log that was changed and hashed and signed anew: its hashes and its signature hold."""
    change(source)
    tampering.hash_anew(source.engine)
    return exported(source)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"topic": "statement-made/9"}, "line 6: position 5, topic 'statement-made/9': unknown topic"),
        ({"state": b'{"id":"a"}'}, "line 6: position 5, topic"),
        ({"state": b"no JSON"}, "line 6: "),
        ({"recorded_at": "2026-11-24T12:00Z"}, "line 6: recorded_at is '2026-11-24T12:00Z', which is not how"),
        ({"recorded_at": "2026-11-24T11:00:00.000000Z"}, "before the event before it"),
        ({"stream": "entry:2017-04-01-said-3", "version": 1}, "lines 2 to 12: stream 'entry:2017-04-01-said-3'"),
    ],
    ids=["topic", "fields", "state", "form", "order", "version"],
)
def test_what_cannot_be_a_log_is_refused_though_it_is_signed(
    source: Service, tmp_path: Path, values: dict[str, Any], why: str
) -> None:
    target = service_on(f"sqlite:///{tmp_path}/target.db")
    if "version" in values:
        file = exported(source).replace(b"entry:2017-04-01-said-4", b"entry:2017-04-01-said-3")
        file = b"\n".join(_hashed(line) for line in file.splitlines()) + b"\n"
    else:
        file = rewritten(source, lambda service: tampering.change(service.engine, 5, **values))
    with pytest.raises(Refused) as refused:
        import_log(target, io.BytesIO(file))
    assert why in refused.value.detail
    assert set(counts(target)) == {0}
    target.close()


def test_a_stream_with_a_version_left_out_is_refused_though_it_is_signed(source: Service, target: Service) -> None:
    file = rewritten(source, lambda service: tampering.change(service.engine, 10, version=3))
    with pytest.raises(Refused, match="log position 10: version 3 of 'entry:2017-04-01-said-3', whose version 2"):
        import_log(target, io.BytesIO(file))
    assert set(counts(target)) == {0}


def _hashed(line: bytes) -> bytes:
    from application.log_files import line_of  # noqa: PLC0415  # only here is a false line made

    if not line.startswith(b'{"position"'):
        return line
    leaf = line.partition(b',"leaf_hash"')[0] + b"}"
    return line_of(leaf, leaf_hash(leaf))


def test_a_log_signed_by_another_than_expected_is_refused(source: Service, target: Service) -> None:
    with proving(source.log) as proofs, proving(target.log) as others:
        key, other = proofs.key, others.key
    with pytest.raises(Refused, match="not by the key expected"):
        import_log(target, io.BytesIO(exported(source)), key=other)
    assert import_log(target, io.BytesIO(exported(source)), key=f"{key}\n") == 11


def test_a_log_that_was_tampered_with_is_not_exported_under_a_signature(source: Service) -> None:
    tampering.flip_a_byte(source.engine, 5, 10)
    with pytest.raises(Refused, match="log position 5: this is not the event that was recorded"):
        exported(source)
    tampering.flip_a_byte(source.engine, 5, 10)
    tampering.remove(source.engine, 7)
    with pytest.raises(Refused, match="log position 7"):
        exported(source)


def test_a_tree_that_does_not_fit_its_events_is_not_signed(source: Service) -> None:
    with source.reading() as connection:
        hashes = connection.execute(select(log.c.hashes).where(log.c.position == 8)).scalar_one()
    # Of the four hashes in row 8 the last is that of all eight events; the event's own, the first, stays right.
    tampering.change(source.engine, 8, hashes=hashes[:-32] + bytes(32))
    with pytest.raises(Refused, match=r"^the log does not agree with its own tree; see `verify`$"):
        exported(source)


def test_progress_is_told_and_memory_stays_bounded(tmp_path: Path) -> None:
    service = service_on(f"sqlite:///{tmp_path}/long.db")
    fill(service, 3)
    with service.log.appending(recorder="many", now=service.now()) as append:
        (first,) = service.log.stream(append.connection, "entry:2017-04-01-said-2")
        for number in range(20):
            events = [
                first._replace(
                    position=append.position + 1 + n,
                    stream=f"entry:x-{number}-{n}",
                    state=bytes(first.state).replace(b"said-2", b"x-%d-%d" % (number, n)),
                    recorded_at=append.recorded_at,
                )
                for n in range(1_000)
            ]
            append.adopt(events)
    told: list[tuple[int, int]] = []
    path = tmp_path / "log.ndjson"
    tracemalloc.start()
    with path.open("wb") as file:
        assert export(service, file, lambda done, of: told.append((done, of))) == 20_006
    exporting = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told[-1] == (20_006, 20_006)
    assert exporting < path.stat().st_size / 2
    with service.engine.connect() as connection:
        assert connection.execute(select(log_head.c.position)).scalar() == 20_006
    service.close()
