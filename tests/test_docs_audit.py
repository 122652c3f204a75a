"""The page "How to audit us": its commands, run word for word one after another against a server."""

import re
from collections.abc import Iterator

import pytest

from command_line import entry, written
from page_examples import Reader, blocks_of, reader_in, text_of

BLOCKS = blocks_of(text_of("docs/audit.md"))
LATER = 2
"""Before this block something is recorded, as time would have it: the page says "Later"."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A server with the real record, and one more entry in a file that nobody has loaded yet."""
    with reader_in(tmp_path_factory.mktemp("audit")) as reader:
        written(reader.folder / "more.yaml", entry("2026-06-02-more", jurisdictions=["new-orleans-la"]))
        yield reader


def test_every_command_of_the_page_does_what_the_page_says(reader: Reader) -> None:
    blocks = list(BLOCKS)
    blocks.insert(LATER, "dispute-timeline load more.yaml\n")
    printed = reader.follow(*blocks)
    assert "1          0" in printed.pop(LATER)
    keep, included, grown, changed, proof, copied, ours = printed
    assert "— dispute-timeline/" in keep
    assert re.search(r"In the log: position \d+, version 1 of entry:2017-04-21-doj-letters-nine", included)
    assert "Only added to: the log of 524 events begins with the very 523 events" in grown
    assert '"first_recorded"' in changed or '"changes":[]' in changed
    for output in (included, grown, proof):
        assert output.endswith("Proved.\n")
    assert "Imported 524 events" in copied
    for output in (copied, ours):
        assert "No fault was found.\nThe log begins with the 523 events that the checkpoint is of." in output


def test_what_was_kept_finds_what_was_changed(reader: Reader) -> None:
    event = reader.folder / "event.json"
    event.write_bytes(event.read_bytes().replace(b"2017-06-30", b"2017-07-01"))
    check = 'python3 docs/verify.py --key "$(cat key.txt)" before.txt event.json proof.json'
    (printed,) = reader.follow(f"! {check}")
    assert printed.startswith("NOT PROVED: ")
