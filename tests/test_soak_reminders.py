"""Exactly once, whatever dies: a small run of the campaign that `make soak-reminders` runs in full."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
KILLS = 3
SMALL = ["--deadlines", "100", "--kills", str(KILLS), "--processes", "3", "--weeks", "1"]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_processes_that_are_killed_lose_no_reminder_and_double_none(database: str) -> None:
    command = [sys.executable, "-m", "bench.soak_reminders", "--database", database, *SMALL]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    outcome = json.loads(done.stdout)
    assert outcome["faults"] == []
    assert (outcome["kills"], outcome["died"]) == (KILLS, 0)
    assert outcome["reminders"] == outcome["messages"] > 150
    assert outcome["taken"] >= outcome["messages"]
    assert done.returncode == 0
