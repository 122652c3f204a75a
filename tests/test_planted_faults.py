"""`verify` names each of more than thirty faults that are planted into a database past this program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.mark.slow
def test_every_planted_fault_is_named() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])}
    command = [sys.executable, "-m", "bench.planted_faults"]
    result = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=1_800, check=False
    )
    missed = [line for line in result.stdout.splitlines() if line.startswith("MISSED")]
    assert (missed, result.returncode) == ([], 0), result.stdout + result.stderr
    assert result.stdout.count("named ") > 40
