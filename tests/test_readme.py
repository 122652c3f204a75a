"""The README's shell examples, run word for word against a server, and what it says one reads in them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving import COMMAND, served

HOUSE = Path(__file__).parent.parent
README = (HOUSE / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
PRINTED = "127.0.0.1:8000"

# A machine that has Python and make need not have curl: this does what the examples ask of it.
STAND_IN = """\
#!{python}
import sys, urllib.request
arguments = iter(sys.argv[1:])
headers, data, address = {{}}, None, None
for one in arguments:
    if one == "-H":
        name, _, value = next(arguments).partition(": ")
        headers[name] = value
    elif one == "-d":
        data = next(arguments).encode()
    elif one != "-sSf":
        address = one.replace("{printed}", "{real}")
with urllib.request.urlopen(urllib.request.Request(address, data, headers)) as answer:
    sys.stdout.write(answer.read().decode())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A folder in which `make run` has done its work, and the address of the README led to the server there."""
    folder = tmp_path_factory.mktemp("readme")
    database = {"DATABASE_URL": f"sqlite:///{folder}/data/timeline.db"}
    subprocess.run([COMMAND, "load", HOUSE / "seeds"], check=True, capture_output=True, env={**os.environ, **database})
    programs = folder / "bin"
    programs.mkdir()
    with served(folder, **database) as (root, _):
        real = root.removeprefix("http://")
        if shutil.which("curl"):
            (folder / ".curlrc").write_text(f'connect-to = "{PRINTED}:{real}"\nnoproxy = "*"\n', encoding="utf-8")
        else:
            stand_in = programs / "curl"
            stand_in.write_text(STAND_IN.format(python=sys.executable, printed=PRINTED, real=real), encoding="utf-8")
            stand_in.chmod(0o755)
        path = os.pathsep.join((str(programs), str(COMMAND.parent), os.environ["PATH"]))
        yield {**os.environ, **database, "PATH": path, "CURL_HOME": str(folder), "PWD": str(folder)}


def run(example: str, environment: dict[str, str]) -> str:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example],
        cwd=environment["CURL_HOME"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[0][:40])
def test_an_example_runs_as_it_is_printed(example: str, environment: dict[str, str]) -> None:
    assert run(example, environment).strip()


def test_the_first_answers_say_what_the_readme_reads_in_them(environment: dict[str, str]) -> None:
    said = [json.loads(line) for line in run(EXAMPLES[0], environment).splitlines()]
    assert [(one["as_of"], *read(one)) for one in said] == [
        ("2017-07-07", "warned", "responded", None, None),
        ("2017-10-12", "preliminary_concern", "due", "2017-10-27", "responded"),
        ("2017-11-30", "no_evidence_of_violation", "none_demanded", None, None),
    ]
    for day, stage, response, *_ in ((one["as_of"], *read(one)) for one in said):
        assert re.search(rf"^\| {day} \| `{stage}` \| `{response}`", README, re.MULTILINE)


def read(status: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    (review,) = (one for one in status["reviews"] if one["review"] == "section-1373-jag")
    response = review["response"]
    due = response["due"] if response["value"] == "due" else None
    return review["stage"]["value"], response["value"], due, review["possibly"].get("response")


def test_what_the_readme_records_is_on_record(environment: dict[str, str]) -> None:
    (example,) = (one for one in EXAMPLES if " -d " in one and "/entries" in one)
    # The name of a key is taken for good, so another for this run.
    recorded = json.loads(
        run(example.replace("newsroom", "newsroom-too"), environment).splitlines()[0].split("The key")[0]
    )
    assert recorded["id"] == "2026-06-01-an-example"
    assert recorded["log"]["recorder"].startswith("newsroom")


def test_every_link_in_the_documents_leads_somewhere() -> None:
    documents = [
        HOUSE / "README.md",
        HOUSE / "CHANGELOG.md",
        HOUSE / "seeds" / "README.md",
        *HOUSE.glob("docs/**/*.md"),
    ]
    broken = [
        f"{document.relative_to(HOUSE)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
        if not (document.parent / link).exists()
    ]
    assert broken == []
