"""The page "How to audit us": its commands, run word for word one after another against a server."""

import re
import shutil
from pathlib import Path

import pytest

from command_line import entry, written
from test_readme import HOUSE, environment, run

__all__ = ["environment"]  # the fixture: a server with the real record, at the address that the page prints

PAGE = (HOUSE / "docs" / "audit.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(environment: dict[str, str]) -> dict[str, str]:
    """The server's folder, with the one file that a reporter is given."""
    here = Path(environment["CURL_HOME"])
    (here / "docs").mkdir()
    shutil.copy(HOUSE / "docs" / "verify.py", here / "docs")
    return environment


def test_every_command_of_the_page_does_what_the_page_says(folder: dict[str, str]) -> None:
    here = Path(folder["CURL_HOME"])
    said = []
    for number, block in enumerate(BLOCKS):
        if number == 2:  # "Later": something was recorded meanwhile
            more = written(here / "more.yaml", entry("2026-06-02-more", jurisdictions=["new-orleans-la"]))
            run(f"dispute-timeline load {more}", folder)
        said.append(run(block, folder))
    keep, included, grown, changed, proof, copied, ours = said
    assert "— dispute-timeline/" in keep
    assert re.search(r"In the log: position \d+, version 1 of entry:2017-04-21-doj-letters-nine", included)
    assert "Only added to: the log of 524 events begins with the very 523 events" in grown
    assert '"first_recorded"' in changed or '"changes":[]' in changed
    for one in (included, grown, proof):
        assert one.endswith("Proved.\n")
    assert "Imported 524 events" in copied
    for one in (copied, ours):
        assert "No fault was found.\nThe log begins with the 523 events that the checkpoint is of." in one


def test_what_was_kept_finds_what_was_changed(folder: dict[str, str]) -> None:
    here = Path(folder["CURL_HOME"])
    event = here / "event.json"
    event.write_bytes(event.read_bytes().replace(b"2017-06-30", b"2017-07-01"))
    check = 'python3 docs/verify.py --key "$(cat key.txt)" before.txt event.json proof.json'
    assert run(f"! {check}", folder).startswith("NOT PROVED: ")
