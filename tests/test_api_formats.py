"""One question, every format: what each holds, how it is asked for, and that a correction reaches all of them."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api.formats.tabular import defused
from api.http.negotiation import best_of
from api.resources.citations import citation
from api_world import World, act, place

TIMELINES = ("timeline", "jurisdictions/springfield/timeline")
LISTS = (
    *TIMELINES, "deadlines", "jurisdictions/springfield/deadlines", "changes", "history",
    "jurisdictions/springfield/history",
)  # fmt: skip
SUFFIXES = ("json", "ndjson", "csv", "atom", "feed.json", "table.json")
MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "atom": "application/atom+xml",
    "feed.json": "application/feed+json",
    "table.json": "application/vnd.dataresource+json",
}
RECORDED = ("timeline", "jurisdictions/new-orleans-la/timeline", "deadlines")


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("formats")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        demand = act("warning", "2017-04-21", ["springfield"], id="a-demand", respond_by={"date": "2017-06-30"})
        assert world.post("entries", demand).status_code == 201
        yield world


def correct(world: World, entry: str, what: str = "corrections", **fields: Any) -> Any:
    answer = world.client.post(
        f"/api/v1/entries/{entry}/{what}", json=fields, headers={**world.headers, "If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("address", LISTS)
def test_a_suffix_and_an_accept_come_to_the_same(world: World, address: str) -> None:
    for suffix in SUFFIXES:
        by_suffix = world.ask(f"{address}.{suffix}")
        by_accept = world.client.get(f"/api/v1/{address}", headers={"Accept": MEDIA_TYPES[suffix].partition(";")[0]})
        assert (by_suffix.status_code, by_accept.status_code) == (200, 200)
        assert by_suffix.headers["content-type"] == by_accept.headers["content-type"] == MEDIA_TYPES[suffix]
        assert by_suffix.content == by_accept.content
        assert "Accept" in by_accept.headers["vary"].split(", ")


@pytest.mark.parametrize("address", RECORDED)
def test_ndjson_and_csv_hold_the_whole_list(record: World, address: str) -> None:
    plural = address.rpartition("/")[2].replace("timeline", "entries")
    whole = api_world.pages(record, address, plural, limit=1000)
    assert lines(record.ask(f"{address}.ndjson")) == whole
    table = rows(record.ask(f"{address}.csv"))
    assert len(table) == len(whole)
    key = "id" if plural == "entries" else "demand"
    assert [row[key] for row in table] == [one[key] for one in whole]


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("timeline", 200),
        ("jurisdictions/new-orleans-la/timeline", 7),
        ("deadlines", 50),
        ("jurisdictions/new-orleans-la/deadlines", 1),
        ("history", 900),
        ("jurisdictions/new-orleans-la/history", 9),
        ("changes", 900),
    ],
)
def test_a_limit_cuts_them_and_a_link_goes_on(record: World, address: str, limit: int) -> None:
    whole = lines(record.ask(f"{address}.ndjson"))
    seen: list[Any] = []
    following = f"/api/v1/{address}.ndjson?limit={limit}"
    while following:
        page = record.client.get(following)
        seen += lines(page)
        following = page.links.get("next", {}).get("url", "").partition("testserver")[2]
        assert len(lines(page)) == limit or not following
    assert seen == whole
    assert len(whole) > limit


def test_changes_are_told_entry_by_entry_and_day_by_day(record: World) -> None:
    whole = record.get("changes", from_=500, limit=1000)
    assert lines(record.ask("changes.ndjson", from_=500)) == [*whole["entries"], *whole["changes"]]
    table = rows(record.ask("changes.csv", from_=500))
    assert {row["what"] for row in table} <= {"entry", "status"}
    assert len([row for row in table if row["what"] == "status"]) == len(whole["changes"])
    assert len([row for row in table if row["what"] == "entry"]) == sum(len(one["fields"]) for one in whole["entries"])


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        (None, 0),
        ("*/*", 0),
        ("text/csv", 2),
        ("application/atom+xml;q=0.5, text/csv;q=0.4", 3),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", 0),
        ("application/*;q=0.2, text/*", 2),
        ("application/json;q=0, */*", 1),
        ("application/feed+json, application/json;q=0.9", 4),
        ("TEXT/CSV;Q=1", 2),
        ("image/png", None),
        ("text/csv;q=0", None),
    ],
)
def test_the_best_liked_format_is_taken(accept: str | None, best: int | None) -> None:
    types = [one.partition(";")[0] for one in MEDIA_TYPES.values()]
    assert best_of(None if accept is None else accept.encode(), types) == best


@pytest.mark.parametrize("address", [*LISTS, "entries/a-demand", "jurisdictions/springfield/status", "jurisdictions"])
def test_what_no_format_fits_is_a_406(world: World, address: str) -> None:
    answer = world.client.get(f"/api/v1/{address}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert answer.json()["type"] == "urn:problem-type:not-acceptable"
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["timeline.xml", "timeline.", "deadlines.timelinejs.json", "entries/a-demand.csv"])
def test_a_suffix_that_there_is_not_is_a_404(world: World, address: str) -> None:
    assert world.ask(address).status_code == 404


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_errors_are_problems_in_every_format(world: World, suffix: str) -> None:
    for address, status in (
        (f"jurisdictions/atlantis/timeline.{suffix}", 404),
        (f"timeline.{suffix}?limit=0", 400),
        (f"timeline.{suffix}?cursor=zzz", 400),
        (f"changes.{suffix}?from=9999", 400),
    ):
        answer = world.ask(address)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), address


@pytest.fixture
def before_texts_were_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control characters are refused now, and may be on record."""
    monkeypatch.setattr("domain.legibility.is_on_record", lambda _: True)


@pytest.mark.usefixtures("before_texts_were_checked")
def test_no_cell_is_a_formula(world: World) -> None:
    beginnings = ("=", "+", "-", "@", "\t", "\r", "＝")
    for number, beginning in enumerate(beginnings):
        dangerous = f"{beginning}HYPERLINK(\"http://x\"), 'a',\nb"
        entry = act("statement", "2017-05-01", ["springfield"], id=f"dangerous-{number}", summary=dangerous)
        entry["sources"][0]["title"] = dangerous
        assert world.post("entries", entry).status_code == 201
    answer = world.ask("timeline.csv")
    found = [row for row in rows(answer) if row["id"].startswith("dangerous")]
    assert len(found) == len(beginnings)
    for row in found:
        assert not any(value.startswith(beginnings) for value in row.values() if value)
        assert row["summary"].startswith("'")
    assert answer.content.count(b"\r\n") >= len(beginnings) + 2
    assert defused("plain") == "plain"


@pytest.mark.usefixtures("before_texts_were_checked")
def test_a_csv_is_as_rfc_4180_has_it(world: World) -> None:
    entry = act("statement", "2017-05-01", [], id="quoted", summary='He said "no", and\r\nwent.')
    world.post("entries", entry)
    answer = world.ask("timeline.csv")
    (row,) = (row for row in csv.reader(io.StringIO(answer.text, newline="")) if row[0] == "quoted")
    assert 'He said "no", and\r\nwent.' in row
    heading, *_ = answer.text.split("\r\n")
    assert heading.startswith("id,kind,occurred")


def texts(world: World, address: str, **parameters: Any) -> dict[str, str]:
    suffixes = (*SUFFIXES, "timelinejs.json") if address.endswith("timeline") else SUFFIXES
    return {suffix: world.ask(f"{address}.{suffix}", **parameters).text for suffix in suffixes}


@pytest.mark.parametrize("address", [*TIMELINES, "deadlines", "changes"])
def test_a_correction_is_seen_by_each_format_and_a_pinned_answer_is_not_moved(world: World, address: str) -> None:
    head = world.get("timeline")["position"]
    now, pin = ({"from": head}, {"to": head}) if address == "changes" else ({}, {"recorded_by": head})
    before, pinned = texts(world, address, **now), texts(world, address, **pin)
    if address == "deadlines":
        correct(world, "a-demand", fields={"respond_by": {"date": "2017-07-15"}}, reason="Another day.")
        seen = {"json": "2017-07-15", "atom": "July 15, 2017", "feed.json": "July 15, 2017"}
    else:
        correct(world, "a-demand", fields={"summary": "Quite another thing."}, reason="It was read again.")
        seen = dict.fromkeys(SUFFIXES, "Quite another thing.") | {"atom": "It was read again."}
    after = texts(world, address, **now)
    for suffix in before:
        assert after[suffix] != before[suffix], suffix
        assert seen.get(suffix, seen["json"]) in after[suffix], suffix
    assert texts(world, address, **pin) == pinned


def test_a_retraction_shows_as_one_in_each_format(world: World) -> None:
    correct(world, "a-demand", "retraction", reason="It was never sent.")
    assert [one["standing"] for one in lines(world.ask("timeline.ndjson"))] == ["retracted"]
    assert rows(world.ask("timeline.csv"))[0]["standing"] == "retracted"
    assert "<title>Retracted: Warning" in world.ask("timeline.atom").text
    (item,) = world.ask("timeline.feed.json").json()["items"]
    assert item["title"].startswith("Retracted: ")
    assert "It was never sent." in item["summary"]
    (event,) = world.ask("timeline.timelinejs.json").json()["events"]
    assert event["text"]["headline"].startswith("Retracted: ")
    assert world.ask("entries/a-demand.jsonld").json()["creativeWorkStatus"] == "retracted"
    assert "(retracted)" in world.get("entries/a-demand/citation")["plain"]


def test_json_ld_tells_our_account_from_the_act(record: World) -> None:
    id_ = "2017-04-21-doj-letters-nine"
    for answer in (
        record.ask(f"entries/{id_}.jsonld"),
        record.client.get(f"/api/v1/entries/{id_}", headers={"Accept": "application/ld+json"}),
    ):
        assert answer.headers["content-type"] == "application/ld+json"
        work = answer.json()
        assert (work["@context"], work["@type"], work["identifier"]) == ("https://schema.org", "CreativeWork", id_)
        event = work["about"]
        assert (event["@type"], event["startDate"], event["endDate"]) == ("Event", "2017-04-21", "2017-04-21")
        assert {"City", "State", "AdministrativeArea", "GovernmentOrganization"} >= {
            one["@type"] for one in event["about"]
        }
        assert len(event["about"]) == 9
        assert all(one["name"] for one in work["citation"])
        assert work["dateModified"] >= work["dateCreated"]
    plain = record.client.get(
        f"/api/v1/entries/{id_}", headers={"Accept": "application/json, application/ld+json;q=0.5"}
    )
    assert plain.headers["etag"].startswith('"1')


def test_a_citation_stays_what_it_was(world: World) -> None:
    first = world.get("entries/a-demand/citation")
    assert first.keys() >= {"plain", "legal", "bibtex", "permalink"}
    assert first["permalink"].startswith("http://testserver/entries/a-demand?recorded_by=")
    pinned = world.client.get(first["permalink"])
    correct(world, "a-demand", fields={"summary": "Quite another thing."}, reason="It was read again.")
    again = world.client.get(first["permalink"])
    said = world.get("entries/a-demand", recorded_by=first["position"])["summary"]
    assert (pinned.status_code, again.status_code) == (200, 200)
    assert said in pinned.text
    assert said in again.text
    assert "Quite another thing" not in again.text
    second = world.get("entries/a-demand/citation")
    assert second["permalink"] != first["permalink"]
    assert "Quite another thing" in second["plain"]
    assert world.get("entries/a-demand/citation", recorded_by=first["position"]) == first


def test_bibtex_keeps_its_braces_in_balance(world: World) -> None:
    entry = world.get("entries/a-demand") | {"summary": "100% of {it} & $5 #1 ~ ^ \\ _ }"}
    said = citation(entry, "http://x/entries/a-demand?recorded_by=2")["bibtex"]
    assert said.count("{") == said.count("}")
    assert r"100\% of" in said
    assert said.startswith("@misc{a-demand,")
