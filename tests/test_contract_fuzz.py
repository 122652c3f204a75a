"""What the document promises, asked of a server at random: every operation, and chains of them along the links."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import WHOLE
from serving import COMMAND, served

TESTS = Path(__file__).parent
FUZZER = Path(sys.executable).with_name("schemathesis")
# The same questions each time, for half a minute; with FUZZ_S, as in `make fuzz`, others each time, for as long as it
# says.
CHAINS = "15" if WHOLE else "4"
CAMPAIGN_S = os.environ.get("FUZZ_S")


@pytest.mark.slow
def test_every_answer_to_a_question_at_the_edge_is_one_that_the_document_has(sqlite_url: str, tmp_path: Path) -> None:
    fuzzed(sqlite_url, tmp_path, "--phases", "examples,coverage", "--max-time", "40" if WHOLE else "20")


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite_url", "fresh_postgres"] if WHOLE else ["sqlite_url"])
def test_every_answer_in_a_chain_of_questions_is_one_that_the_document_has(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> None:
    fuzzed(
        request.getfixturevalue(database),
        tmp_path,
        "--phases",
        "fuzzing,stateful",
        "--max-examples",
        "15" if WHOLE else "4",
    )


def fuzzed(database_url: str, folder: Path, *asked: str) -> None:
    environment = {**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": str(TESTS), "COLUMNS": "200"}
    command(environment, COMMAND, "load", str(TESTS.parent / "seeds"))
    key = command(environment, COMMAND, "keys", "add", "fuzzer").stdout.split()[0]
    campaign = ["--max-time", CAMPAIGN_S] if CAMPAIGN_S else ["--generation-deterministic"]
    settings = ("--config-file", str(TESTS.parent / "schemathesis.toml"))
    with served(folder, DATABASE_URL=database_url, RATE_LIMIT="off") as (root, _):
        here = (f"{root}/openapi.json", "--header", f"Authorization: Bearer {key}", "--no-color")
        found = command(environment, FUZZER, *settings, "run", *here, *asked, *campaign, cwd=folder, check=False)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
    assert " passed" in found.stdout


def command(
    environment: dict[str, str], program: Path, *arguments: str, cwd: Path | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, check=check, env=environment)
