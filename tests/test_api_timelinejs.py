"""TimelineJS: what is exported is what its documentation asks for, and the real TimelineJS 3 shows all of it."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import api_world
import browser
from api_world import World, act

ADDRESSES = ["timeline", "jurisdictions/new-orleans-la/timeline"]
_PAGE = """<!doctype html><meta charset="utf-8"><title>A test</title>
<link rel="stylesheet" href="dist/css/timeline.css"><script src="dist/js/timeline.js"></script>
<body><div id="timeline" style="width: 1100px; height: 700px"></div><pre id="result"></pre>
<script>
const errors = [];
window.onerror = (message) => errors.push(String(message));
const tell = () => {
  const ids = (selector, end) => [...document.querySelectorAll(selector)].map((one) => one.id.replace(end, ""));
  document.getElementById("result").textContent = JSON.stringify({
    errors, message: (document.querySelector(".tl-message-content") || {}).textContent || "",
    slides: ids(".tl-slide", ""), markers: ids(".tl-timemarker", "-marker"),
    scripts: document.querySelectorAll("#timeline script, #timeline iframe").length,
    headlines: [...document.querySelectorAll(".tl-slide .tl-headline")].map((one) => one.textContent.trim()),
  });
};
fetch("data.json").then((answer) => answer.json()).then((data) => {
  const timeline = new TL.Timeline("timeline", data, {font: null, hash_bookmark: false, script_path: "dist/js"});
  timeline.on("ready", () => setTimeout(tell, 500));
  setTimeout(tell, 20000);
});
</script></body>
"""


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("timelinejs")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has TimelineJS in it."""
    folder = tmp_path_factory.mktemp("viewer")
    browser.timelinejs(folder).rename(folder / "dist")
    (folder / "page.html").write_text(_PAGE, encoding="utf-8")
    return folder


def a_date(written: dict[str, int]) -> date:
    assert written.keys() <= {"year", "month", "day"}
    return date(written["year"], written.get("month", 1), written.get("day", 1))


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_keeps_to_what_is_documented(record: World, address: str) -> None:
    exported = record.ask(f"{address}.timelinejs.json").json()
    assert exported.keys() == {"title", "events"}
    assert "start_date" not in exported["title"]
    listed = api_world.pages(record, address, "entries", limit=1000)
    assert [one["unique_id"] for one in exported["events"]] == [one["id"] for one in listed]
    for event in exported["events"]:
        assert event.keys() <= {"start_date", "end_date", "display_date", "text", "group", "unique_id", "media"}
        assert event["text"].keys() == {"headline", "text"}
        assert a_date(event["start_date"]) <= a_date(event.get("end_date", event["start_date"]))
        assert not re.search("<(?!/?(p|em|strong|blockquote|ul|li|a)[ >])", event["text"]["text"])


def shown(viewer: Path, exported: dict[str, Any]) -> dict[str, Any]:
    (viewer / "data.json").write_text(json.dumps(exported), encoding="utf-8")
    with browser.serving(viewer) as address:
        said: dict[str, Any] = json.loads(browser.result_on(f"{address}/page.html"))
    assert (said["errors"], said["message"]) == ([], "")
    return said


@pytest.mark.slow
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_real_timelinejs_shows_every_event(record: World, viewer: Path, address: str) -> None:
    exported = record.ask(f"{address}.timelinejs.json").json()
    said = shown(viewer, exported)
    ids = {one["unique_id"] for one in exported["events"]}
    assert len(ids) == len(exported["events"]) >= 20
    assert ids <= set(said["slides"])
    assert set(said["markers"]) == ids


@pytest.mark.slow
def test_what_would_run_is_shown_as_text(viewer: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    text = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script> &amp;"
    with api_world.world_on("sqlite", request, tmp_path) as world:
        entry = act("statement", "2017-04", [], id="a-speech", summary=text, quotes=[{"text": text, "source": "s1"}])
        assert world.post("entries", entry).status_code == 201
        said = shown(viewer, world.ask("timeline.timelinejs.json").json())
    assert said["scripts"] == 0
    assert any("<script>" in headline for headline in said["headlines"])
