"""Memento (RFC 7089) on the recorded clock: what did this service say then? And the addresses at which it stays."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import World, act, place

DAY = timedelta(days=1)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A place on the first day, a speech on the second, corrected on the third; now it is the fourth."""
    with api_world.world_on("sqlite", request, tmp_path) as world:
        now = [api_world.NOW]
        monkeypatch.setattr(world.service, "now", lambda: now[0])
        world.post("jurisdictions", place("springfield"))
        now[0] += DAY
        world.post("entries", act("statement", "2017-04-22", ["springfield"], id="a-speech"))
        now[0] += DAY
        fields = {"fields": {"summary": "Another speech."}, "reason": "It was."}
        headers = {**world.headers, "If-Match": "*"}
        assert (
            world.client.post("/api/v1/entries/a-speech/corrections", json=fields, headers=headers).status_code == 200
        )
        now[0] += DAY
        yield world


def on_day(number: float) -> str:
    return format_datetime((api_world.NOW + number * DAY).astimezone(UTC), usegmt=True)


def ask(world: World, address: str, day: float) -> Any:
    return world.client.get(f"/api/v1/{address}", headers={"Accept-Datetime": on_day(day)})


def test_an_answer_is_had_as_of_an_instant(world: World) -> None:
    first, second = ask(world, "entries/a-speech", 1.5), ask(world, "entries/a-speech", 2.5)
    assert first.json()["summary"] == "A statement of 2017-04-22."
    assert second.json()["summary"] == "Another speech."
    assert first.headers["memento-datetime"] == on_day(1)
    assert second.headers["memento-datetime"] == on_day(2)
    assert "Accept-Datetime" in first.headers["vary"].split(", ")
    assert first.headers["content-location"] == "http://testserver/api/v1/entries/a-speech?recorded_by=2"
    assert first.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "address",
    ["timeline", "timeline.csv", "timeline.atom?limit=5", "jurisdictions/springfield/timeline?kind=statement",
     "deadlines", "jurisdictions", "jurisdictions/springfield/status", "entries/a-speech/citation", "entries/a-speech"],
)  # fmt: skip
def test_the_memento_that_it_names_is_the_same_for_good(world: World, address: str) -> None:
    answer = ask(world, address, 1.5)
    assert answer.status_code == 200
    memento = world.client.get(answer.headers["content-location"])
    assert memento.headers["memento-datetime"] == answer.headers["memento-datetime"] == on_day(1)
    assert "immutable" in memento.headers["cache-control"]
    if not address.startswith("timeline.atom"):  # which says its own address
        assert memento.content == answer.content
    original = next(one["url"] for rel, one in answer.links.items() if "original" in rel.split())
    assert original == f"http://testserver/api/v1/{address}"
    assert "timegate" in next(rel for rel in answer.links if "original" in rel.split())


def test_the_original_says_where_its_past_is(world: World) -> None:
    links = world.ask("entries/a-speech").links
    assert links["original timegate"]["url"] == "http://testserver/api/v1/entries/a-speech"
    assert links["timemap"]["url"] == "http://testserver/api/v1/entries/a-speech/timemap"
    assert links["timemap"]["type"] == "application/link-format"
    assert "memento-datetime" not in world.ask("entries/a-speech").headers


def test_a_timemap_lists_every_version_and_each_date_leads_back_to_it(world: World) -> None:
    for address, positions in (("entries/a-speech", [2, 3]), ("jurisdictions/springfield", [1])):
        answer = world.ask(f"{address}/timemap")
        assert answer.headers["content-type"] == "application/link-format"
        found = re.findall(r'<([^>]+)>; rel="([a-z ]*memento)"; datetime="([^"]+)"', answer.text)
        assert [url for url, _, _ in found] == [
            f"http://testserver/api/v1/{address}?recorded_by={position}" for position in positions
        ]
        assert "first" in found[0][1]
        assert "last" in found[-1][1]
        for url, _, date in found:
            memento = world.client.get(url)
            by_date = world.client.get(f"/api/v1/{address}", headers={"Accept-Datetime": date})
            assert memento.status_code == by_date.status_code == 200
            assert by_date.content == memento.content
            assert memento.headers["memento-datetime"] == date
    assert world.ask("entries/none/timemap").status_code == 404


def test_before_the_first_version_the_first_is_given(world: World) -> None:
    answer = ask(world, "entries/a-speech", -300)
    assert answer.headers["memento-datetime"] == on_day(1)
    assert answer.json()["log"]["version"] == 1
    assert ask(world, "entries/a-speech", 300).json()["log"]["version"] == 2
    assert ask(world, "timeline", -300).json()["entries"] == []
    assert ask(world, "entries/none", 1).status_code == 404


def test_a_second_is_taken_to_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    late = api_world.NOW + 4 * DAY + timedelta(microseconds=999_000)
    monkeypatch.setattr(world.service, "now", lambda: late)
    world.post("entries", act("statement", "2017-04-23", [], id="late"))
    date = world.get("entries/late")["log"]["recorded_at"]
    assert datetime.fromisoformat(date) == late
    assert len(ask(world, "timeline", 4).json()["entries"]) == 2


@pytest.mark.parametrize("written", ["yesterday", "2026-11-24T17:00:00Z", "Tue, 99 Nov 2026 17:00:00 GMT", ""])
def test_what_is_no_date_is_refused(world: World, written: str) -> None:
    answer = world.client.get("/api/v1/timeline", headers={"Accept-Datetime": written})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Accept-Datetime"


def test_a_question_that_has_its_clock_keeps_it(world: World) -> None:
    answer = ask(world, "entries/a-speech?recorded_by=2", 300)
    assert answer.json()["log"]["version"] == 1
