"""The log over HTTP: whoever can fetch can check, with the one file and nothing of ours."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_world import DATABASES, World, act, place, world_on
from eventlog.merkle import leaf_hash
from eventlog.proofs import proving
from eventlog.verify_proof import Checkpoint, Key, NotProved, check_consistency, proved, root_by_inclusion

SIZE = 8


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_on(request.param, request, tmp_path) as world:
        assert world.post("jurisdictions", place("springfield-ca")).status_code == 201
        for number in range(1, SIZE):
            assert world.post("entries", act("statement", f"2017-04-0{number}", ["springfield-ca"])).status_code == 201
        yield world


def test_a_reporter_checks_an_entry_with_what_can_be_fetched(world: World, tmp_path: Path) -> None:
    position = world.get("timeline", limit=1)["entries"][0]["log"]["position"]
    for name, address in {
        "checkpoint": "log/checkpoint",
        "older": "log/checkpoint?size=3",
        "event": f"log/entries/{position}",
        "proof": f"log/entries/{position}/proof",
        "consistency": f"log/consistency?from=3&to={SIZE}",
    }.items():
        (tmp_path / name).write_bytes(world.ask(address).content)
    key = world.ask("log/key").text
    sentences = proved([tmp_path / name for name in ("checkpoint", "older", "event", "proof", "consistency")], key)
    assert any(f"In the log: position {position}" in sentence for sentence in sentences)
    assert any("begins with the very 3 events" in sentence for sentence in sentences)
    (tmp_path / "event").write_bytes((tmp_path / "event").read_bytes().replace(b"statement", b"stAtement"))
    with pytest.raises(NotProved):
        proved([tmp_path / name for name in ("checkpoint", "event", "proof")], key)


def test_each_event_is_proved_at_each_size(world: World) -> None:
    roots = {}
    key = Key.read(world.ask("log/key").text)
    for size in range(SIZE + 1):
        checkpoint = Checkpoint.read(world.ask("log/checkpoint", size=size).text)
        checkpoint.check(key)
        assert checkpoint.size == size
        roots[size] = checkpoint.root
    for position in range(1, SIZE + 1):
        leaf = world.ask(f"log/entries/{position}").content
        for size in range(position, SIZE + 1):
            proof = world.get(f"log/entries/{position}/proof", size=size)
            assert list(proof) == ["position", "size", "leaf_hash", "root", "hashes"]
            assert (proof["position"], proof["size"]) == (position, size)
            assert b64decode(proof["leaf_hash"]) == leaf_hash(leaf)
            path = [b64decode(one) for one in proof["hashes"]]
            assert root_by_inclusion(leaf_hash(leaf), position - 1, size, path) == roots[size]
            assert b64decode(proof["root"]) == roots[size]
    for first in range(SIZE + 1):
        for second in range(first, SIZE + 1):
            grown = world.get("log/consistency", from_=first, to=second)
            path = [b64decode(one) for one in grown.pop("hashes")]
            assert grown == {"from": first, "to": second}
            check_consistency(first, second, (roots[first], roots[second]), path)


def test_left_out_a_size_is_that_of_the_whole_log(world: World) -> None:
    assert world.ask("log/checkpoint").text == world.ask("log/checkpoint", size=SIZE).text
    assert world.get("log/entries/2/proof") == world.get("log/entries/2/proof", size=SIZE)
    assert world.get("log/consistency", from_=3) == world.get("log/consistency", from_=3, to=SIZE)


def test_the_event_is_sent_as_it_was_hashed(world: World) -> None:
    answer = world.ask("log/entries/1")
    with proving(world.service.log) as proofs:
        assert answer.content == proofs.leaf(1)
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content)["stream"] == "jurisdiction:springfield-ca"


@pytest.mark.parametrize(
    "address", ["checkpoint", "key", "entries/1", "entries/1/proof", f"consistency?from=1&to={SIZE}"]
)
def test_every_answer_says_where_the_log_ended(world: World, address: str) -> None:
    answer = world.ask(f"log/{address}")
    assert answer.headers["log-position"] == str(SIZE)
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = address in {"checkpoint", "key"}
    assert answer.headers["content-type"] == ("text/plain; charset=utf-8" if text else "application/json")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("checkpoint?size=9", 404),
        ("checkpoint?size=-1", 400),
        ("checkpoint?size=x", 400),
        ("checkpoint?size=99999999999999999999", 400),
        ("checkpoint?size=1&size=2", 400),
        ("checkpoint?sizes=1", 400),
        ("key?size=1", 400),
        ("entries/9", 404),
        ("entries/0", 404),
        ("entries/01", 404),
        ("entries/x", 404),
        ("entries/99999999999999999999", 404),
        ("entries/1?size=1", 400),
        ("entries/9/proof", 404),
        ("entries/5/proof?size=4", 400),
        ("entries/5/proof?size=9", 404),
        ("consistency", 400),
        ("consistency?from=5&to=4", 400),
        ("consistency?from=5&to=9", 404),
        ("consistency?from=9", 404),
        ("consistency?from=-1", 400),
    ],
)
def test_what_the_log_does_not_have_is_a_problem(world: World, address: str, status: int) -> None:
    answer = world.ask(f"log/{address}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
