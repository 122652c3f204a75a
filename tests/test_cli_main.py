"""The command itself, as it is installed: quick, plain, and honest about what is wrong."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import text

from application.service import Service
from command_line import SPRINGFIELD, entry, run, written
from eventlog.limits import Limits
from eventlog.records import NewEvent

COMMAND = Path(sys.executable).with_name("dispute-timeline")


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_help_names_every_command() -> None:
    said = command("--help")
    assert said.returncode == 0
    for name in ("serve", "load", "timeline", "status", "deadlines", "rebuild", "verify", "keys", "deadline"):
        assert f"  {name} " in said.stdout


def test_the_version_is_the_distributions() -> None:
    assert command("--version").stdout == f"dispute-timeline {version('dispute-timeline')}\n"


def test_help_loads_neither_the_database_nor_the_web() -> None:
    program = "import sys; import cli.main; print([m for m in ('sqlalchemy', 'fastapi', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_installed_command_works_on_the_database_that_the_environment_names(
    sqlite_url: str, tmp_path: Path
) -> None:
    acts = written(tmp_path / "acts.yaml", SPRINGFIELD, entry("2017-said", summary="§ 1373 — “said”"))
    assert command("load", str(acts), DATABASE_URL=sqlite_url).returncode == 0
    said = command("timeline", "springfield-zz", DATABASE_URL=sqlite_url, PYTHONIOENCODING="utf-8")
    assert "§ 1373 — “said”" in said.stdout
    poor = command("timeline", "springfield-zz", DATABASE_URL=sqlite_url, PYTHONIOENCODING="ascii")
    assert poor.returncode == 0, "a terminal that lacks a character still gets an answer"
    assert "? 1373 ? ?said?" in poor.stdout
    gone = command("status", "nowhere", DATABASE_URL=sqlite_url)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "dispute-timeline: no jurisdiction 'nowhere' is on record\n"


@pytest.mark.parametrize(
    "url", ["mysql://here/there", "nonsense", "sqlite://", "postgresql://user:secret@127.0.0.1:1/timeline"]
)
def test_a_database_that_cannot_be_used_is_said_in_one_line_without_its_password(url: str) -> None:
    said = run(url, "status", "chicago-il")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("dispute-timeline: the database that DATABASE_URL names cannot be used")
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


def test_verify_names_each_fault_and_rebuild_mends_it(database_url: str, tmp_path: Path) -> None:
    run(database_url, "load", written(tmp_path / "acts.yaml", SPRINGFIELD, entry("2017-said")))
    assert run(database_url, "verify").out == "No fault was found.\n"
    service = Service(database_url)
    with service.engine.begin() as connection:
        connection.execute(text("UPDATE versions SET kind = 'meeting' WHERE entry = '2017-said'"))
        connection.execute(text("DELETE FROM places"))
    service.close()
    found = run(database_url, "verify")
    assert found.code == 1
    assert [line.split()[0] for line in found.out.splitlines()] == ["versions", "places"]
    assert run(database_url, "verify", "--json").json["faults"] == found.out.splitlines()
    assert run(database_url, "rebuild").out == "Rebuilt from 2 events.\n"
    assert run(database_url, "verify", "--json").json == {"faults": []}


def test_an_event_that_nothing_can_read_stops_no_rebuild_and_is_named_by_verify(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    with service.log.appending(recorder="test", now=service.now()) as append:
        append.append([NewEvent("entry:x", 1, "from-the-future/9", b"{}")])
    service.close()
    assert run(sqlite_url, "rebuild").out == "Rebuilt from 1 events.\n"
    said = run(sqlite_url, "verify")
    assert said.code == 1
    assert said.out.startswith("log position 1: from-the-future/9 of 'entry:x' is none that is recorded")
    assert said.out.count("\n") == 1
    assert run(sqlite_url, "status", "chicago-il").err.count("\n") == 1


def test_a_database_that_is_held_by_another_is_said_in_one_line(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlog.limits.PATIENT", Limits(lock_s=0.1, statement_s=60))
    service = Service(sqlite_url)
    with service.log.appending(recorder="test", now=service.now()):
        said = run(sqlite_url, "keys", "add", "newsroom")
    service.close()
    assert (said.code, said.out) == (1, "")
    assert said.err == "dispute-timeline: the database failed: database is locked\n"
