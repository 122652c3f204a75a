"""The README and the pages in docs/: run word for word, true in what they show, and without a trace in the record."""

import json
import re
import shlex
import sqlite3
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import command_line
from page_examples import HOUSE, Reader, blocks_of, reader_in, text_of

# docs/audit.md, docs/notebook.md and docs/rules.md are run by tests of their own.
PAGES = ["README.md", *(f"docs/{page}.md" for page in ("reading", "writing", "publishing", "following", "running"))]


@pytest.mark.slow
def test_the_pages_run_word_for_word_and_leave_the_record_as_it_was(tmp_path: Path) -> None:
    with reader_in(tmp_path) as reader:
        before = state_of(reader)
        assert before["position"] == "523"
        printed = {page: reader.follow(*blocks_of(text_of(page))) for page in PAGES}
        assert state_of(reader) == before
        assert not (tmp_path / "scratch").exists()
        for page in PAGES:
            expect_an_answer_from_each_command(page, printed[page])
        expect_the_answer_that_the_readme_shows(*printed["README.md"])
        expect_what_the_page_on_reading_reads_in_the_answers(printed["docs/reading.md"])
        expect_what_the_page_on_writing_records(printed["docs/writing.md"])
        expect_an_answer_to_every_question(reader)


def state_of(reader: Reader) -> dict[str, Any]:
    """The signed checkpoint, which binds the whole log, and the rows of every table: keys and subscriptions, too."""
    with urllib.request.urlopen(f"{reader.root}/api/v1/log/checkpoint") as answer:
        state = {"checkpoint": answer.read().decode(), "position": answer.headers["Log-Position"]}
    database = sqlite3.connect(reader.folder / "data" / "timeline.db")
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        state[table] = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    database.close()
    return state


def expect_an_answer_from_each_command(page: str, printed: list[str]) -> None:
    silent = [
        block
        for block, output in zip(blocks_of(text_of(page)), printed, strict=True)
        if re.search(r"^(curl|dispute-timeline)\b", block, re.MULTILINE) and not output.strip()
    ]
    assert silent == [], page


def expect_the_answer_that_the_readme_shows(answer: str, table: str) -> None:
    (shown,) = blocks_of(text_of("README.md"), "json")
    assert json.loads(answer)["reviews"][0] == json.loads(shown)
    assert "new-orleans-la as of 2017-10-12" in table


def expect_what_the_page_on_reading_reads_in_the_answers(printed: list[str]) -> None:
    page = text_of("docs/reading.md")
    (number,) = (number for number, block in enumerate(blocks_of(page)) if block.startswith("for day in"))
    answers = [json.loads(line) for line in printed[number].splitlines()]
    expected = [
        ("2017-07-07", "warned", "responded", None, None),
        ("2017-10-12", "preliminary_concern", "due", "2017-10-27", "responded"),
        ("2017-11-30", "no_evidence_of_violation", "none_demanded", None, None),
    ]
    assert [(status["as_of"], *jag_review(status)) for status in answers] == expected
    for day, stage, response, *_ in expected:
        assert re.search(rf"^\| {day} \| `{stage}` \| `{response}`", page, re.MULTILINE)


def jag_review(status: dict[str, Any]) -> tuple[str, str, str | None, str | None]:
    (review,) = (review for review in status["reviews"] if review["review"] == "section-1373-jag")
    response = review["response"]
    due = response["due"] if response["value"] == "due" else None
    return review["stage"]["value"], response["value"], due, review["possibly"].get("response")


def expect_what_the_page_on_writing_records(printed: list[str]) -> None:
    for part in (
        '"id":"2026-06-01-an-example"',
        '"recorder":"newsroom"',
        '"dry_run":true',
        "Version 3: EntryCorrected",
    ):
        assert part in "".join(printed)


def expect_an_answer_to_every_question(reader: Reader) -> None:
    """What each command beside a question prints; nothing is on record only where nobody has subscribed."""
    question = r"^\| .*\? [^|]*\| .*\| `dispute-timeline ([^`]*)`[^|]*\|$"
    rows = re.findall(question, text_of("docs/reading.md"), re.MULTILINE)
    commands = [shlex.split(command) for command in rows if "FILE" not in command]
    assert len(commands) > 10
    url = f"sqlite:///{reader.folder}/data/timeline.db"
    printed = {" ".join(command): command_line.run(url, *command) for command in commands}
    assert [command for command, result in printed.items() if result.code != 0] == []
    empty = re.compile(r"\A\Z|^No(?:thing| \w+).* is ", re.MULTILINE)
    assert [command for command, result in printed.items() if empty.search(result.out)] == ["reminders"]


def test_what_writes_asks_a_copy() -> None:
    blocks = [block for page in PAGES for block in blocks_of(text_of(page))]
    writing = [block for block in blocks if "keys add" in block or " -d " in block or "--data-binary" in block]
    assert len(writing) > 3
    assert [block for block in writing if "127.0.0.1:8000" in block] == []


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
        for link in re.findall(r"\]\(([^):]+)\)", document.read_text(encoding="utf-8"))
        if not leads_somewhere(document, link)
    ]
    assert broken == []


def test_every_file_that_the_page_on_architecture_names_is_there() -> None:
    names = re.findall(r"`((?:src|tests|docs|seeds)/[\w./-]*)`", text_of("docs/architecture.md"))
    assert len(names) > 50
    assert [name for name in names if not (HOUSE / name).exists()] == []


def leads_somewhere(document: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = document.parent / file if file else document
    return target.exists() and (not anchor or anchor in anchors_of(target.read_text(encoding="utf-8")))


def anchors_of(text: str) -> set[str]:
    """The headings of a page, as those who show Markdown make anchors of them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
