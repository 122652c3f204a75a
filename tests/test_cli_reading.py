"""`timeline`, `status` and `deadlines`: tables for people, the API's own answers for programs."""

import base64
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from application.service import Service
from command_line import SEEDS, SPRINGFIELD, entry, run, written


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('seeded')}/timeline.db"
    assert run(url, "load", SEEDS).code == 0
    return url


def test_a_status_shows_value_reason_and_what_may_be(seeded: str) -> None:
    said = run(seeded, "status", "new-orleans-la", "--as-of", "2017-10-12")
    assert said.code == 0
    words = said.out.split()
    for word in ("preliminary_concern", "due", "responded", "2017-10-27", "covered_non_party", "section-1373-jag"):
        assert word in words
    assert all(len(line.rstrip()) <= 80 for line in said.out.splitlines())


def test_a_table_of_deadlines_says_when_who_and_what_became_of_it(seeded: str) -> None:
    said = run(seeded, "deadlines", "chicago-il", "--as-of", "2017-12-01")
    assert said.code == 0
    assert "2017-06-30" in said.out
    assert "answered" in said.out
    assert "June 30, 2017" in " ".join(said.out.split())


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("status new-orleans-la", "/jurisdictions/new-orleans-la/status"),
        (
            "status chicago-il --as-of 2017-06-15 --public-by 2017-06-20",
            "/jurisdictions/chicago-il/status?as_of=2017-06-15&public_by=2017-06-20",
        ),
        ("status geoid:2255000 --recorded-by 300", "/jurisdictions/geoid:2255000/status?recorded_by=300"),
        ("timeline", "/timeline"),
        ("timeline new-orleans-la --context", "/jurisdictions/new-orleans-la/timeline?context=true"),
        ("timeline --jurisdiction california --limit 7", "/timeline?jurisdiction=california&limit=7"),
        (
            "timeline --state CA --kind warning --party federal --from 2017-01-01 --to 2018-12-31",
            "/timeline?state=CA&kind=warning&party=federal&from=2017-01-01&to=2018-12-31",
        ),
        ("timeline --q jag --newest --limit 3", "/timeline?q=jag&order=newest&limit=3"),
        ("timeline chicago-il --q letter* --limit 3", "/jurisdictions/chicago-il/timeline?q=letter*&limit=3"),
        ("timeline --q jag --order oldest --facets kind,year", "/timeline?q=jag&order=oldest&facets=kind,year"),
        ("deadlines", "/deadlines"),
        (
            "deadlines california --state lapsed --as-of 2018-03-01",
            "/jurisdictions/california/deadlines?state=lapsed&as_of=2018-03-01",
        ),
        ("deadlines --from 2017-06-01 --to 2017-12-31 --limit 5", "/deadlines?from=2017-06-01&to=2017-12-31&limit=5"),
        ("deadlines --state open --as-of 2001-01-01", "/deadlines?state=open&as_of=2001-01-01"),
    ],
)
def test_json_is_what_the_api_answers(seeded: str, command: str, address: str) -> None:
    service = Service(seeded)
    with TestClient(create_app(service)) as client:
        answer = client.get(f"/api/v1{address}")
    service.close()
    assert answer.status_code == 200
    assert run(seeded, *command.split(), "--json").json == answer.json()


@pytest.mark.parametrize("command", ["timeline", "deadlines"])
def test_pages_go_on_where_the_last_one_ended(seeded: str, command: str) -> None:
    whole = run(seeded, command, "--limit", "30", "--json").json[
        {"timeline": "entries", "deadlines": "deadlines"}[command]
    ]
    pages, cursor = [], ""
    for _ in range(3):
        page = run(seeded, command, "--limit", "10", "--json", *(["--cursor", cursor] if cursor else [])).json
        pages += page["entries" if command == "timeline" else "deadlines"]
        cursor = page["next"]
    assert pages == whole
    assert f"--cursor {cursor}" in run(seeded, command, "--limit", "30").out


def test_a_place_that_nobody_knows_ends_in_one_line(seeded: str) -> None:
    for command in ("status", "timeline", "deadlines"):
        said = run(seeded, command, "atlantis-zz")
        assert (said.code, said.out) == (1, "")
        assert said.err == "dispute-timeline: no jurisdiction 'atlantis-zz' is on record\n"


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("status chicago-il --as-of yesterday", "as_of"),
        ("status chicago-il --public-by 2017-02-30", "public_by"),
        ("status chicago-il --recorded-by noon", "recorded_by"),
        ("timeline --from 2017", "from"),
        ("timeline --kind threat", "kind"),
        ("timeline --party us", "party"),
        ("timeline --q -", "q"),
        ("timeline --facets kind,colour", "facets"),
        ("timeline --order best", "order"),
        ("timeline --order relevance", "order"),
        ("timeline --state California", "state"),
        ("timeline --limit 0", "limit"),
        ("timeline --cursor zzz", "cursor"),
        ("timeline chicago-il --jurisdiction boston-ma", "chicago-il"),
        ("deadlines --state late", "state"),
        ("status", "JURISDICTION"),
    ],
)
def test_a_malformed_question_is_a_matter_of_usage(seeded: str, command: str, named: str) -> None:
    said = run(seeded, *command.split())
    assert (said.code, said.out) == (2, "")
    assert named in said.err


def test_a_cursor_of_another_list_is_refused(seeded: str) -> None:
    for key in (b'["2017-01-01","a"]', b'["a","b",1,"\\u0000"]', b'["a","b",99999999999999999999,"c"]', b"{}"):
        cursor = base64.urlsafe_b64encode(key).decode().rstrip("=")
        assert run(seeded, "timeline", "--cursor", cursor).code == 2


def test_a_position_beyond_the_log_is_not_on_record(seeded: str) -> None:
    said = run(seeded, "status", "chicago-il", "--recorded-by", "1000000")
    assert said.code == 1
    assert "nothing is recorded at 1000000" in said.err


def test_stored_text_is_printed_as_it_is(sqlite_url: str, tmp_path: Path) -> None:
    text = "[bold red]no[/bold red] <script>alert(1)</script> :smile: [link=x]"
    act = entry(
        "2017-odd",
        kind="warning",
        summary=text,
        quotes=[{"text": text, "source": "s1"}],
        respond_by={"date": "2017-06-30", "words": text},
    )
    assert run(sqlite_url, "load", written(tmp_path / "acts.yaml", SPRINGFIELD, act)).code == 0
    for command, times in (("timeline", 2), ("deadlines", 1)):
        said = " ".join(run(sqlite_url, command, "springfield-zz").out.split())
        assert said.count(text) == times


def test_no_stored_text_gives_orders_to_a_terminal(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.legibility.is_on_record", lambda _: True)  # as recorded before it was refused
    summary = "red \x1b[31m, bell \x07, back \x9b, turned \u202e."
    act = entry("2017-odd", summary=summary)
    written(tmp_path / "acts.yaml", SPRINGFIELD, act)
    assert run(sqlite_url, "load", tmp_path / "acts.yaml").code == 0
    said = run(sqlite_url, "timeline").out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(said)
    assert r"red \x1b[31m, bell \x07, back \x9b, turned \u202e." in " ".join(said.split())
    assert run(sqlite_url, "timeline", "--json").json["entries"][0]["summary"] == summary


def test_an_empty_record_says_so(sqlite_url: str) -> None:
    assert "Nothing is on record" in run(sqlite_url, "timeline").out
    assert "No deadline is on record" in run(sqlite_url, "deadlines").out


def test_a_search_goes_on_where_its_page_ended(seeded: str) -> None:
    asked = ("timeline", "--q", "letter*", "--json", "--limit")
    whole = run(seeded, *asked, "6").json["entries"]
    first = run(seeded, *asked, "3").json
    assert first["entries"] + run(seeded, *asked, "3", "--cursor", first["next"]).json["entries"] == whole


def test_facets_are_said_below_the_table(seeded: str) -> None:
    said = run(seeded, "timeline", "--q", "letter", "--facets", "party,year", "--limit", "1").out
    counts = run(seeded, "timeline", "--q", "letter", "--facets", "party,year", "--json").json["facets"]
    first = next(iter(counts["party"].items()))
    assert f"party: {first[0]} {first[1]}, " in said
    assert f"year: {' '.join(map(str, next(iter(counts['year'].items()))))}, " in said
