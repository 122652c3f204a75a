"""`load` of large files and other formats: dry runs, standard input, suspects, and a process killed in the middle."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from command_line import SPRINGFIELD, entry, run
from eventlog.engine import create_engine_for
from eventlog.tables import log
from tables_of import table


@pytest.mark.parametrize("kind", ["ndjson", "csv", "yaml", "json"])
def test_files_of_every_format_load_together(sqlite_url: str, tmp_path: Path, kind: str) -> None:
    (tmp_path / f"places.{kind}").write_bytes(table([SPRINGFIELD], kind))
    (tmp_path / f"acts.{kind}").write_bytes(table([entry("2017-one"), entry("2017-two", occurred="2017-05-02")], kind))
    tried = run(sqlite_url, "load", tmp_path, "--dry-run", "--json").json
    assert tried == {
        "files": 2, "recorded": 3, "already": 0, "suspected": [], "suspected_total": 0, "dry_run": True
    }  # fmt: skip
    assert run(sqlite_url, "rebuild", "--json").json == {"events": 0}
    assert run(sqlite_url, "load", tmp_path, "--json").json == {
        name: value for name, value in tried.items() if name != "dry_run"
    }


def test_acts_on_the_record_load_from_every_format(sqlite_url: str, tmp_path: Path) -> None:
    acts = [SPRINGFIELD, entry("2017-one"), {"act": "retract", "entry": "2017-one", "reason": "Twice."}]
    for kind in ("ndjson", "csv"):
        path = tmp_path / f"acts.{kind}"
        path.write_bytes(table(acts, kind))
        assert run(sqlite_url, "load", path, "--dry-run").code == 0
        assert run(sqlite_url, "load", path).code == 0
    assert run(sqlite_url, "rebuild", "--json").json == {"events": 3}


def test_what_is_piped_in_needs_its_format_said(sqlite_url: str) -> None:
    said = run(sqlite_url, "load", "-")
    assert said.code == 1
    assert "--format" in said.err
    program = "from cli.main import main; main()"
    piped = subprocess.run(
        [sys.executable, "-c", program, "load", "-", "--format", "ndjson", "--json"],
        input=table([SPRINGFIELD, entry("2017-one")], "ndjson"),
        env={**os.environ, "DATABASE_URL": sqlite_url},
        capture_output=True,
        check=True,
    )
    assert b'"recorded":2' in piped.stdout
    assert piped.stderr == b""


def test_suspects_are_shown_with_their_rows(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "acts.csv"
    path.write_bytes(table([SPRINGFIELD, entry("2017-one"), entry("2017-two")], "csv"))
    tried = run(sqlite_url, "load", path, "--dry-run")
    assert "2017-two" in tried.out
    assert "1 row may be acts recorded before" in tried.err
    (suspect,) = run(sqlite_url, "load", path, "--json").json["suspected"]
    assert (Path(suspect["file"]).name, suspect["row"], suspect["like"]) == ("acts.csv", 4, ["2017-one"])


def test_a_bad_row_is_shown_with_file_and_number(sqlite_url: str, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ndjson", tmp_path / "bad.ndjson"
    good.write_bytes(table([SPRINGFIELD], "ndjson"))
    bad.write_bytes(table([entry("2017-one")], "ndjson") + b'\n{"id": "\xff"}\n')
    said = run(sqlite_url, "load", good, bad, "--json")
    assert said.code == 1
    (error,) = said.json["errors"]
    assert (Path(error["file"]).name, error["row"], error["field"]) == ("bad.ndjson", 3, "id")
    assert run(sqlite_url, "load", good, bad).err == "dispute-timeline: nothing was recorded: 1 error\n"
    assert run(sqlite_url, "rebuild", "--json").json == {"events": 0}


def test_a_load_killed_in_the_middle_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    path.write_bytes(table([SPRINGFIELD, *(entry(f"2017-act-{number}") for number in range(5_000))], "ndjson"))
    run(database_url, "rebuild")  # makes the tables
    program = (
        "import sys, time\n"
        "from application.bulk import files\n"
        "from application.service import Service\n"
        "from pathlib import Path\n"
        "def told(doing, done, of):\n"
        "    if doing == 'Recording':\n"
        "        print(done, flush=True)\n"
        "        time.sleep(60)\n"
        "files.load(Service(sys.argv[1]), [Path(sys.argv[2])], recorder='test', progress=told)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, database_url, str(path)], stdout=subprocess.PIPE) as loader:
        assert loader.stdout is not None
        assert loader.stdout.readline() == b"2000\n"  # a piece is appended, with its read models
        assert count(database_url) == 0
        loader.kill()
    while True:  # PostgreSQL takes a moment to notice
        if count(database_url) == 0 and run(database_url, "verify").code == 0:
            break
        time.sleep(0.1)
    said = run(database_url, "load", path, "--json").json
    assert (said["recorded"], said["already"]) == (5_001, 0)
    assert count(database_url) == 5_001


def count(database_url: str) -> int:
    engine = create_engine_for(database_url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(log)).scalar_one())
    finally:
        engine.dispose()


def test_nothing_of_a_bar_is_in_what_is_piped(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "acts.ndjson"
    path.write_bytes(table([SPRINGFIELD], "ndjson"))
    said = run(sqlite_url, "load", path, "--json")
    assert said.err == ""
    assert said.out.startswith("{")
    assert io.StringIO(said.out).readlines()[1:] == []
