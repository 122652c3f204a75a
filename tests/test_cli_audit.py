"""The commands that put the record right, and those that explain it: `correct`, `history`, `changes`, `replay`, ..."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from application.service import Service
from cli.main import app
from command_line import SEEDS, SPRINGFIELD, Said, entry, run, written

SAID = "2017-said"
SOURCE = {"title": "A letter", "publisher": "DOJ", "rank": "primary"}


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> str:
    """A place, and a demand that was answered."""
    demand = entry(
        SAID,
        kind="warning",
        review={"id": "review", "title": "A review"},
        respond_by={"date": "2017-06-30", "words": "by June 30", "source": "s1"},
        note="A note.",
    )
    answer = entry(
        "2017-answer", kind="response", occurred="2017-06-01", answers=[SAID], actor={"party": "jurisdiction"}
    )
    assert run(sqlite_url, "load", written(tmp_path / "acts.yaml", SPRINGFIELD, demand, answer)).code == 0
    return sqlite_url


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The real record, its corrections after everything else; read and not written to."""
    url = f"sqlite:///{tmp_path_factory.mktemp('audit')}/timeline.db"
    assert run(url, "load", SEEDS / "jurisdictions.yaml", SEEDS / "entries").code == 0
    assert run(url, "load", SEEDS).code == 0
    return url


def answered(url: str, address: str) -> Any:
    service = Service(url)
    with TestClient(create_app(service)) as client:
        answer = client.get(f"/api/v1{address}")
    service.close()
    assert answer.status_code == 200, answer.text
    return answer.json()


def plain(said: Said) -> str:
    assert said.code == 0, said.err
    return " ".join(said.out.split())


def test_a_correction_shows_the_version_the_standing_and_what_changed(small: str) -> None:
    said = run(small, "correct", SAID, "--field", 'summary="Something else was said."', "--field", "note=null",
               "--reason", "The page says so.", "--source-title", "A letter", "--source-publisher", "DOJ",
               "--source-rank", "primary", "--on-version", "1", "--recorder", "An Editor")  # fmt: skip
    text = plain(said)
    assert f"{SAID} is now at version 2 and stands." in text
    assert "EntryCorrected at log position 4, by An Editor: The page says so." in text
    assert "summary was Something was said. is Something else was said." in text
    assert "note was A note. is (left out)" in text
    (_, version) = answered(small, f"/entries/{SAID}/history")["versions"]
    assert (version["source"], version["recorder"]) == (SOURCE, "An Editor")


def test_the_json_of_an_act_on_an_entry_is_what_the_api_answers(small: str) -> None:
    acts = [
        ["correct", SAID, "--field", 'occurred="2017-05-02"', "--reason", "R.", "--source", json.dumps(SOURCE)],
        ["dispute", SAID, "--by", "The mayor", "--what", "It was not said."],
        ["retract", SAID, "--reason", "It was not said."],
        ["reinstate", SAID, "--reason", "It was."],
    ]
    for number, act in enumerate(acts, 2):
        said = run(small, *act, "--on-version", str(number - 1), "--json")
        assert said.json == answered(small, f"/entries/{SAID}")
        assert said.json["log"]["version"] == number
        assert said.json["log"]["revised"]["recorder"] == act[0]
    versions = answered(small, f"/entries/{SAID}/history")["versions"]
    assert [one["standing"] for one in versions] == ["stands", "stands", "disputed", "retracted", "disputed"]
    assert run(small, "verify").code == 0


def test_fields_may_come_from_a_file_or_standard_input(small: str, tmp_path: Path) -> None:
    given = tmp_path / "fields.json"
    given.write_text('{"note": "From a file.", "quotes": []}', encoding="utf-8")
    assert run(small, "correct", SAID, "--fields", given, "--reason", "R.", "--json").json["note"] == "From a file."
    said = CliRunner().invoke(
        app,
        ["correct", SAID, "--fields", "-", "--field", "sequence=2", "--reason", "R.", "--json"],
        input='{"note": "From standard input."}',
        env={"DATABASE_URL": small},
    )
    shown = json.loads(said.stdout)
    assert (shown["note"], shown["sequence"]) == ("From standard input.", 2)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--field", "note=unquoted"], 2, "quotation marks"),
        (["--field", "note"], 2, "NAME=JSON"),
        (["--field", 'note="a"', "--field", 'note="b"'], 2, "twice"),
        ([], 2, "--field"),
        (["--fields", "nowhere.json"], 2, "nowhere.json"),
        (["--field", 'note="a"', "--source", "{}"], 2, "source.title"),
        (["--field", 'note="a"', "--source", "{}", "--source-title", "T"], 2, "--source"),
        (["--field", 'note="a"', "--source-title", "T"], 2, "source.rank"),
        (["--field", 'mood="bad"'], 1, "fields.mood"),
        (["--field", 'id="other"'], 1, "fields.id"),
        (["--field", 'jurisdictions=["atlantis-zz"]'], 1, "atlantis-zz"),
        (["--field", "respond_by=null"], 1, "2017-answer"),
        (["--field", 'note="a"', "--on-version", "3"], 1, "is at version 1, not 3"),
        (["--field", 'note="a"', "--on-version", "0"], 2, "on-version"),
    ],
)
def test_what_cannot_be_recorded_ends_in_one_line_and_leaves_nothing(
    small: str, arguments: list[str], code: int, named: str
) -> None:
    said = run(small, "correct", SAID, "--reason", "R.", *arguments)
    assert (said.code, said.out) == (code, "")
    assert named in said.err
    assert len(answered(small, f"/entries/{SAID}/history")["versions"]) == 1


def test_an_entry_that_nobody_knows_ends_in_one_line(small: str) -> None:
    for command in (
        ["retract", "--reason", "R."],
        ["reinstate", "--reason", "R."],
        ["dispute", "--by", "B", "--what", "W"],
    ):
        said = run(small, command[0], "2017-nothing", *command[1:])
        assert (said.code, said.out) == (1, "")
        assert said.err == "dispute-timeline: no entry '2017-nothing' is on record\n"
    assert run(small, "history", "2017-nothing").err.endswith("no jurisdiction or entry '2017-nothing' is on record\n")
    assert run(small, "reinstate", SAID, "--reason", "R.").err.endswith("entry: is not retracted\n")
    assert run(small, "retract", SAID).code == 2


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("history 2017-new-orleans-response", "/entries/2017-new-orleans-response/history"),
        (
            "history 2017-new-orleans-response --recorded-by 520",
            "/entries/2017-new-orleans-response/history?recorded_by=520",
        ),
        ("history chicago-il --limit 1000", "/jurisdictions/chicago-il/history?limit=1000"),
        ("history geoid:2255000 --limit 4", "/jurisdictions/new-orleans-la/history?limit=4"),
        ("history california --as-of 2018-03-01 --public-by 2018-02-01 --recorded-by 500",
         "/jurisdictions/california/history?as_of=2018-03-01&public_by=2018-02-01&recorded_by=500"),
        ("changes --from 520", "/changes?from=520"),
        ("changes --from 400 --to 500 --jurisdiction california --track stage",
         "/changes?from=400&to=500&jurisdiction=california&track=stage"),
        ("changes --from 400 --limit 3", "/changes?from=400&limit=3"),
    ],
)  # fmt: skip
def test_json_is_what_the_api_answers(seeded: str, command: str, address: str) -> None:
    assert run(seeded, *command.split(), "--json").json == answered(seeded, address)


def test_pages_go_on_where_the_last_one_ended(seeded: str) -> None:
    for command, items in (("history chicago-il", "transitions"), ("changes --from 450", "changes")):
        whole = run(seeded, *command.split(), "--limit", "9", "--json").json[items]
        found, cursor = [], ""
        for _ in range(3):
            more = ["--cursor", cursor] if cursor else []
            part = run(seeded, *command.split(), "--limit", "3", "--json", *more).json
            found += part[items]
            cursor = part["next"]
        assert found == whole
        assert f"--cursor {cursor}" in run(seeded, *command.split(), "--limit", "9").out
        assert run(seeded, *command.split(), "--cursor", "zzz").code == 2


def test_an_entrys_history_says_who_when_why_and_what(seeded: str) -> None:
    text = plain(run(seeded, "history", "2017-new-orleans-response"))
    assert "Version 1: ResponseReceived at log position" in text
    assert "Version 2: EntryCorrected at log position 521" in text
    assert "belong to the mayor's statement of April 21, 2017" in text
    assert "WGNO" in text
    assert "is []" in text


def test_a_places_history_shows_each_transition_and_its_entry(seeded: str) -> None:
    text = "".join(run(seeded, "history", "chicago-il").out.split())
    assert "nothingtoflagged" in text
    assert "2016-05-31-oig-memo" in text


def test_case_8_is_explained_in_one_screen(seeded: str) -> None:
    said = run(seeded, "changes", "--from", "520", "--jurisdiction", "new-orleans-la")
    text = plain(said)
    assert len(said.out.splitlines()) <= 24
    assert "Entry 2017-new-orleans-response says something else." in text
    assert "acting before doing their homework" in text
    assert "because of EntryCorrected of 2017-new-orleans-response, log position 521" in text
    assert "belong to the mayor's statement of April 21, 2017; one article placed them in the June letter" in text
    assert len(run(seeded, "changes", "--from", "520").out.splitlines()) <= 40


def test_case_12_is_explained_in_one_screen(sqlite_url: str, tmp_path: Path) -> None:
    assert run(sqlite_url, "load", SEEDS).code == 0
    found = entry(
        "2018-02-20-found-later",
        kind="response",
        occurred="2018-02-20",
        jurisdictions=["california"],
        actor={"party": "jurisdiction"},
        answers=["2018-01-24-document-demands-23"],
    )
    assert run(sqlite_url, "load", written(tmp_path / "found.yaml", found)).code == 0
    said = run(sqlite_url, "changes", "--from", "523")
    text = plain(said)
    assert len(said.out.splitlines()) <= 24
    assert "california, response of section-1373-jag, from 2018-02-24 to" in text
    assert "was no_response_known since 2018-02-23, by 2018-01-24-document-demands-23" in text
    assert "is responded since 2018-02-20, by 2018-02-20-found-later" in text
    assert "because of ResponseReceived of 2018-02-20-found-later, log position 524, first recorded in between" in text


def test_where_nothing_changed_the_command_says_so(seeded: str) -> None:
    assert plain(run(seeded, "changes", "--from", "523")).endswith("We say the same as before.")
    assert "Its status did not change" in run(seeded, "history", "chicago-il", "--as-of", "2001-01-01").out


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("changes --from yesterday", "from"),
        ("changes --from 999", "the log ends at position 523"),
        ("changes --from 5 --to 4", "from"),
        ("changes --track reviews", "track"),
        ("history chicago-il --as-of noon", "as_of"),
        ("replay --rules nothing", "rules"),
        ("replay", "rules"),
    ],
)
def test_a_malformed_question_is_a_matter_of_usage(seeded: str, command: str, named: str) -> None:
    said = run(seeded, *command.split())
    assert (said.code, said.out) == (2, "")
    assert named in said.err


def test_a_replay_under_the_present_rules_differs_in_nothing(seeded: str) -> None:
    said = run(seeded, "replay", "--rules", "present", "--json").json
    assert (said["rules"], said["differing"], said["changes"]) == ("present", 0, [])
    assert said["places"] > 100


def test_a_replay_lists_every_status_that_would_differ_and_why_and_writes_nothing(seeded: str) -> None:
    before = run(seeded, "status", "chicago-il", "--json").out
    said = run(seeded, "replay", "--rules", "lasting-threats", "--json").json
    assert said["differing"] == len({one["jurisdiction"] for one in said["changes"]}) > 0
    for change in said["changes"]:
        assert change["track"] == "funding"
        assert change["present"]["value"] == "threat_ended"
        assert change["proposed"]["value"] == "threatened"
        assert change["present"]["entry"]
    table = run(seeded, "replay", "--rules", "lasting-threats")
    assert table.code == 0
    assert f"{said['differing']} of {said['places']} places would stand elsewhere" in plain(table)
    assert run(seeded, "status", "chicago-il", "--json").out == before


def test_rules_may_come_from_a_file(seeded: str, tmp_path: Path) -> None:
    rules = tmp_path / "no_lists.py"
    rules.write_text(
        "from domain.status import PRESENT\nRULES = PRESENT.but('no-lists', listing=lambda *_: {})\n", encoding="utf-8"
    )
    said = run(seeded, "replay", "--rules", rules, "--json").json
    assert said["rules"] == "no-lists"
    assert {one["track"] for one in said["changes"]} == {"listing"}
    assert all(one["proposed"] is None for one in said["changes"])
    rules.write_text("RULES = 5\n", encoding="utf-8")
    assert "has no RULES" in run(seeded, "replay", "--rules", rules).err
    rules.write_text("RULES = \n", encoding="utf-8")
    assert run(seeded, "replay", "--rules", rules).code == 2
