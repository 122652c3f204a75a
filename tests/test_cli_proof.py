"""prove, verify-proof, export, import-log and verify --against, as they are typed."""

import json
from pathlib import Path

import pytest

import tampering
from application.rebuild import rebuild
from command_line import run
from eventlog.proofs import proving
from small_record import CORRECTED, fill, service_on


@pytest.fixture
def url(sqlite_url: str) -> str:
    service = service_on(sqlite_url)
    fill(service)
    service.close()
    return sqlite_url


def key_of(url: str) -> str:
    service = service_on(url)
    with proving(service.log) as proofs:
        key = proofs.key
    service.close()
    return key


def kept_checkpoint(url: str, file: Path) -> Path:
    service = service_on(url)
    with proving(service.log) as proofs:
        file.write_text(proofs.checkpoint(), encoding="utf-8")
    service.close()
    return file


def test_an_entry_is_proved_and_the_proof_checked(url: str, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    said = run(url, "prove", CORRECTED, "--out", file)
    assert (said.code, said.out.replace("\n", " ").strip()) == (
        0,
        f"{file} proves that the log has entry {CORRECTED} at positions 4, 10.",
    )
    checked = run("sqlite:///none/at/all", "verify-proof", file, "--key", key_of(url))
    assert checked.code == 0
    assert checked.out.splitlines()[-1] == "Proved."
    assert "In the log: position 10, version 2 of entry:2017-04-01-said-3" in checked.out


def test_a_proof_goes_to_standard_output_where_no_file_is_named(url: str, tmp_path: Path) -> None:
    said = run(url, "prove", CORRECTED)
    assert [event["position"] for event in said.json["events"]] == [4, 10]
    file = tmp_path / "proof.json"
    file.write_text(said.out, encoding="utf-8")
    checked = run(url, "verify-proof", file, "--json")
    assert (checked.code, checked.json["proved"], checked.json["why_not"]) == (0, True, None)
    assert run(url, "prove", CORRECTED, "--out", file, "--json").json == {
        "file": str(file),
        "entry": CORRECTED,
        "positions": [4, 10],
    }


def test_a_proof_that_was_changed_ends_with_1(url: str, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(run(url, "prove", CORRECTED).out.replace("Nothing was", "Something was"), encoding="utf-8")
    checked = run(url, "verify-proof", file)
    assert (checked.code, checked.out[:11]) == (1, "NOT PROVED:")
    as_json = run(url, "verify-proof", file, "--json")
    assert (as_json.code, as_json.json["proved"], as_json.json["said"]) == (1, False, [])


def test_what_cannot_be_proved_is_said_in_a_line(url: str, tmp_path: Path) -> None:
    unknown = run(url, "prove", "nothing")
    assert (unknown.code, unknown.err) == (1, "dispute-timeline: no entry 'nothing' is on record\n")
    nowhere = run(url, "prove", CORRECTED, "--out", tmp_path / "none" / "proof.json")
    assert nowhere.code == 1
    assert "No such file" in nowhere.err


def test_a_log_is_exported_and_imported_with_the_same_root(url: str, tmp_path: Path) -> None:
    file = tmp_path / "log.ndjson"
    assert run(url, "export", file).out.split() == f"{file} has the log's 11 events.".split()
    assert run(url, "export", file, "--json").json == {"file": str(file), "events": 11}
    assert [one.name for one in tmp_path.glob("log*")] == ["log.ndjson"]
    copy = f"sqlite:///{tmp_path}/copy.db"
    imported = run(copy, "import-log", file, "--key", key_of(url), "--json").json
    root = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["checkpoint"].split("\n")[2]
    assert imported == {"events": 11, "root": root, "key": key_of(copy)}
    assert run(copy, "verify").out == "No fault was found.\n"
    assert run(copy, "timeline", "springfield-zz", "--json").out == run(url, "timeline", "springfield-zz", "--json").out


def test_what_cannot_be_imported_is_said_in_a_line_and_leaves_the_database_empty(url: str, tmp_path: Path) -> None:
    file = tmp_path / "log.ndjson"
    run(url, "export", file)
    copy = f"sqlite:///{tmp_path}/copy.db"
    file.write_text(file.read_text(encoding="utf-8").replace("7 times", "8 times", 1), encoding="utf-8")
    refused = run(copy, "import-log", file)
    assert refused.code == 1
    assert refused.err.startswith("dispute-timeline: line 9: the event is not the one whose hash stands beside it")
    again = run(url, "import-log", file)
    assert (again.code, "only into an empty database" in again.err) == (1, True)
    assert run(copy, "import-log", tmp_path / "none").code == 1
    assert run(copy, "verify", "--json").json == {"faults": []}
    assert run(copy, "import-log", file, "--key", "another").err.startswith("dispute-timeline: line 1: ")


def test_an_export_that_fails_leaves_what_was_there(url: str, tmp_path: Path) -> None:
    file = tmp_path / "log.ndjson"
    file.write_text("what was there", encoding="utf-8")
    service = service_on(url)
    tampering.flip_a_byte(service.engine, 5, 10)
    service.close()
    refused = run(url, "export", file)
    assert (refused.code, "log position 5" in refused.err) == (1, True)
    assert file.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.glob("*.part")) == []
    assert run(url, "export", tmp_path / "none" / "log").code == 1


def test_a_checkpoint_kept_elsewhere_finds_a_log_that_was_rewritten(url: str, tmp_path: Path) -> None:
    kept = kept_checkpoint(url, tmp_path / "kept.txt")
    sound = run(url, "verify", "--against", kept)
    assert (sound.code, sound.out) == (
        0,
        "No fault was found.\nThe log begins with the 11 events that the checkpoint is of.\n",
    )
    service = service_on(url)
    tampering.change(service.engine, 5, recorder="eve")
    tampering.hash_anew(service.engine)
    rebuild(service)
    service.close()
    assert run(url, "verify").code == 0
    found = run(url, "verify", "--against", kept)
    assert (found.code, "the log was rewritten" in found.out) == (1, True)
    assert len(run(url, "verify", "--against", kept, "--json").json["faults"]) == 1


def test_what_is_no_checkpoint_is_a_question_misasked(url: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("", encoding="utf-8")
    for file in (tmp_path / "empty", tmp_path / "none", tmp_path):
        assert run(url, "verify", "--against", file).code == 2
