"""The README: short, and leading on to every document. Its examples are run with those of the pages in docs/."""

import re

from page_examples import HOUSE, blocks_of, text_of

README = text_of("README.md")
MOST_LINES = 120
WIDEST = 160


def test_it_is_read_in_a_few_minutes() -> None:
    lines = README.splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > WIDEST] == []


def test_it_has_a_picture_the_two_commands_and_a_first_answer() -> None:
    (picture, *_) = re.findall(r"^!\[.+\]\((.+)\)$", README, re.MULTILINE)
    assert (HOUSE / picture).is_file()
    assert "| `make run` |" in README
    assert "| `make test` |" in README
    assert len(blocks_of(README)) == 2, "one address, one command"


def test_it_leads_to_every_document() -> None:
    written = {str(page.relative_to(HOUSE)) for page in (HOUSE / "docs").glob("*.md")}
    assert written - set(re.findall(r"\]\((docs/[^)#]+)\)", README)) == set()
