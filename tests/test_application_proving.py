"""What the log proves of itself, checked by hand, and by the one file that reporters are given."""

import ast
import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

import tampering
from application.log_files import export
from application.recording import record
from application.service import Service
from domain.errors import Invalid, NotFound, Refused
from eventlog.engine import reading
from eventlog.merkle import LeafRefused, event_from_leaf, leaf_hash, leaf_of, node_hash
from eventlog.proofs import proving
from small_record import CORRECTED, fill, said, service_on

HOUSE = Path(__file__).parent.parent
PROGRAM = HOUSE / "docs" / "verify.py"


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = service_on(database_url)
    fill(service)
    yield service
    service.close()


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Service]:
    service = service_on(sqlite_url)
    fill(service)
    yield service
    service.close()


def checkpoint(service: Service, size: int | None = None) -> str:
    with proving(service.log) as proofs:
        return proofs.checkpoint(size)


def test_a_checkpoint_is_a_signed_note_that_anyone_can_check_by_hand(service: Service) -> None:
    with proving(service.log) as proofs:
        note, key = proofs.checkpoint(), proofs.key
        leaves = [proofs.leaf(position) for position in range(1, proofs.head + 1)]
    signed, _, signature_line = note.partition("\n\n")
    origin, size, root = signed.split("\n")
    dash, name, signature = signature_line.rstrip("\n").split(" ")
    key_name, key_hash, public = key.split("+", 2)
    assert (origin, dash, note[-1]) == (key_name, "—", "\n")
    assert name == key_name
    assert int(size) == len(leaves)
    public_bytes = b64decode(public)
    assert public_bytes[:1] == b"\x01"
    expected = sha256(key_name.encode() + b"\n" + public_bytes).digest()[:4]
    assert expected.hex() == key_hash
    assert b64decode(signature)[:4] == expected
    Ed25519PublicKey.from_public_bytes(public_bytes[1:]).verify(b64decode(signature)[4:], f"{signed}\n".encode())
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public_bytes[1:]).verify(b64decode(signature)[4:], b"another text\n")
    assert b64decode(root) == naive_root(leaves)


def naive_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def test_the_checkpoint_of_an_earlier_size_is_the_one_that_was_signed_then(database_url: str) -> None:
    service = service_on(database_url)
    signed = [checkpoint(service)]
    fill(service, 3)
    for number in range(4, 9):
        record(service, [said(number)], recorder="ana")
        signed.append(checkpoint(service))
    sizes = [int(note.split("\n")[1]) for note in signed]
    assert [checkpoint(service, size) for size in sizes] == signed
    service.close()


def test_a_leaf_is_all_that_the_log_keeps_of_an_event(service: Service) -> None:
    with proving(service.log) as proofs:
        leaf = proofs.leaf(4)
        (event,) = proofs.log.read(proofs.connection, after=3, limit=1)
    assert list(json.loads(leaf)) == ["position", "stream", "version", "topic", "recorded_at", "recorder", "state"]
    assert leaf.endswith(b',"state":' + bytes(event.state) + b"}")
    assert json.loads(leaf) | {"state": None} == event._asdict() | {"state": None}
    assert event_from_leaf(leaf) == event


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "a space before": lambda leaf: b" " + leaf,
    "a line's end": lambda leaf: leaf + b"\n",
    "in a list": lambda leaf: b"[" + leaf + b"]",
    "cut off": lambda leaf: leaf[:-1],
    "a space within": lambda leaf: leaf.replace(b'":', b'": ', 1),
    "another escape": lambda leaf: leaf.replace("“".encode(), b"\\u201c"),
    "another number": lambda leaf: leaf.replace(b'"version":1', b'"version":1.0'),
    "one more member": lambda leaf: leaf.replace(b'"recorder":', b'"more":1,"recorder":'),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_bytes_that_the_log_would_not_have_written_are_no_leaf(
    on_sqlite: Service, written: Callable[[bytes], bytes]
) -> None:
    with proving(on_sqlite.log) as proofs:
        leaf = proofs.leaf(4)
    with pytest.raises(LeafRefused):
        event_from_leaf(written(leaf))


def test_a_leaf_stays_what_it_is_for_ever() -> None:
    leaf = (
        b'{"position":7,"stream":"entry:a","version":2,"topic":"entry-retracted/1",'
        b'"recorded_at":"2026-11-24T12:00:00.000000Z","recorder":"\xe2\x80\x9cAna\xe2\x80\x9d",'
        b'"state":{"entry":"a","reason":"No."}}'
    )
    assert leaf_of(event_from_leaf(leaf)) == leaf
    assert leaf_hash(leaf).hex() == sha256(b"\0" + leaf).hexdigest()


# The program of one file


def run(*arguments: str | Path, folder: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-I", PROGRAM, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.fixture
def given(on_sqlite: Service, tmp_path: Path) -> Path:
    """A folder with everything that a reporter might have fetched."""
    with proving(on_sqlite.log) as proofs:
        files: dict[str, Any] = {
            "proof.json": proofs.entry(CORRECTED),
            "inclusion.json": proofs.inclusion(2, 6),
            "consistency.json": proofs.consistency(6, proofs.head),
            "event.json": proofs.leaf(2),
            "old.txt": proofs.checkpoint(6),
            "new.txt": proofs.checkpoint(),
            "key.txt": proofs.key,
        }
    for name, content in files.items():
        written = json.dumps(content) if isinstance(content, dict) else content
        (tmp_path / name).write_bytes(written if isinstance(written, bytes) else written.encode())
    return tmp_path


def test_a_proof_is_checked_offline_by_one_file(given: Path) -> None:
    code, output = run("proof.json", folder=given)
    assert code == 0
    assert output.endswith("Proved.\n")
    assert "position 4, version 1 of entry:2017-04-01-said-3" in output
    assert "position 10, version 2" in output
    assert "The key is the proof's own" in output


def test_events_and_checkpoints_as_fetched_are_checked_together(given: Path) -> None:
    key = (given / "key.txt").read_text()
    everything = ["proof.json", "inclusion.json", "consistency.json", "event.json", "old.txt", "new.txt"]
    code, output = run("--key", key, *everything, folder=given)
    assert code == 0, output
    assert "begins with the very 6 events" in output
    assert "In the log: position 2" in output


def key_of(name: str, public: bytes) -> str:
    its = b"\x01" + public
    return f"{name}+{sha256(name.encode() + bytes([10]) + its).hexdigest()[:8]}+{b64encode(its).decode()}"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (["old.txt"], "there is no key"),
        (["inclusion.json"], "there is no checkpoint"),
        (["--key", "KEY", "event.json", "old.txt"], "nothing shows that this event is in the log"),
        (["--key", "KEY", "inclusion.json", "new.txt"], "for 6 events, of which there is no checkpoint"),
        (["--key", "KEY", "old.txt", "new.txt"], "nothing shows that the log of 11 events goes on from that of 6"),
        (["--key", "KEY", "consistency.json", "new.txt"], "needs the checkpoints of both sizes"),
        (["--key", "OTHER", "proof.json"], "has another key"),
        (["--key", "OTHER", "old.txt"], "is not signed by"),
        (["--key", "nonsense", "old.txt"], "the key is not base64"),
        (["nothing.json"], "No such file"),
        (["key.txt"], "it is no checkpoint"),
    ],
)
def test_what_is_not_proved_is_said_and_nothing_else(given: Path, files: list[str], why: str) -> None:
    key = (given / "key.txt").read_text()
    named = {"KEY": key, "OTHER": key_of(key.split("+")[0], bytes(range(32)))}
    code, output = run(*(named.get(one, one) for one in files), folder=given)
    assert code == 1
    assert output.startswith("NOT PROVED: ")
    assert why in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("proof.json", "Nothing was said", "Something was said"),
        ("proof.json", '"position": 10', '"position": 9'),
        ("proof.json", '"version": 1', '"version": 2'),
        ("proof.json", '"hashes": ["', '"hashes": ["A'),
        ("proof.json", '"entry": "2017-04-01-said-3"', '"entry": "2017-04-01-said-4"'),
        ("proof.json", "\\n11\\n", "\\n12\\n"),
        ("old.txt", "\n6\n", "\n7\n"),
        ("old.txt", "\n6\n", "\n06\n"),
        ("old.txt", "\n\n", "\n"),
        ("event.json", "said-1", "said-9"),
        ("event.json", '"position":2', '"position":3'),
        ("inclusion.json", '"position": 2', '"position": 3'),
        ("consistency.json", '"hashes": ["', '"hashes": ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "'),
        ("consistency.json", '"from": 6', '"from": 5'),
    ],
)
def test_whatever_was_changed_is_not_proved(given: Path, file: str, old: str, new: str) -> None:
    before = (given / file).read_text()
    assert old in before
    (given / file).write_text(before.replace(old, new))
    key = (given / "key.txt").read_text()
    everything = ["proof.json", "inclusion.json", "consistency.json", "event.json", "old.txt", "new.txt"]
    code, output = run("--key", key, *everything, folder=given)
    assert (code, output.partition(":")[0]) == (1, "NOT PROVED"), output


def test_a_log_that_signed_two_histories_is_found_out(given: Path, on_sqlite: Service) -> None:
    tampering.change(on_sqlite.engine, 3, recorder="eve")
    tampering.hash_anew(on_sqlite.engine)
    (given / "again.txt").write_text(checkpoint(on_sqlite))
    code, output = run("--key", (given / "key.txt").read_text(), "new.txt", "again.txt", folder=given)
    assert (code, output) == (1, "NOT PROVED: the log signed two different histories of 11 events\n")


def test_what_a_terminal_would_obey_is_not_written(given: Path) -> None:
    (given / "evil.txt").write_text("a\x1b[2J\n1\nAA==\n\n— a AAAA\n")
    code, output = run("evil.txt", "\x1b[2J.json", folder=given)
    assert code == 1
    assert "\x1b" not in output


def test_the_file_needs_the_standard_library_and_cryptography_alone() -> None:
    roots = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8")))
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}


# What is refused


def test_no_proof_is_made_of_an_event_that_was_changed(on_sqlite: Service) -> None:
    tampering.flip_a_byte(on_sqlite.engine, 4, 20)
    with proving(on_sqlite.log) as proofs, pytest.raises(Refused, match="log position 4"):
        proofs.inclusion(4)


def test_positions_and_sizes_are_those_that_the_log_has(on_sqlite: Service) -> None:
    with proving(on_sqlite.log) as proofs:
        for position in (0, 12, 10**17):
            with pytest.raises(NotFound, match="positions 1 to 11"):
                proofs.leaf(position)
        for size in (-1, 12, 10**17):
            with pytest.raises(NotFound, match="the log has 11 events"):
                proofs.checkpoint(size)
        with pytest.raises(Invalid, match="position 5 is not among the first 4 events"):
            proofs.inclusion(5, 4)
        with pytest.raises(Invalid, match="does not grow"):
            proofs.consistency(5, 4)
        with pytest.raises(NotFound, match="no entry 'nothing'"):
            proofs.entry("nothing")


def test_the_private_key_is_in_no_answer_and_not_in_the_log(service: Service, tmp_path: Path) -> None:
    with reading(service.engine) as connection:
        private = bytes(connection.execute(text("SELECT private FROM log_key")).scalar_one())
    with (tmp_path / "log").open("wb") as file:
        export(service, file)
    with proving(service.log) as proofs:
        answers = [json.dumps(proofs.entry(CORRECTED)), proofs.key, proofs.checkpoint()]
    shown = (tmp_path / "log").read_bytes() + "".join(answers).encode()
    for secret in (private, private.hex().encode(), b64encode(private).rstrip(b"=")[:-1]):
        assert secret not in shown


def test_each_database_has_a_key_and_a_name_of_its_own(tmp_path: Path) -> None:
    keys = set()
    for number in range(3):
        service = service_on(f"sqlite:///{tmp_path}/{number}.db")
        with proving(service.log) as proofs:
            keys.add(proofs.key)
        service.close()
    assert len({key.split("+")[0] for key in keys}) == len(keys) == 3
