"""Feeds: readers and validators take them, ids stay, `updated` moves with a correction, and the newest comes first."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

import api_world
from api.formats.feeds import clean
from api_world import DATABASES, World, act, place
from application.recording import handle
from atom_schema import faults
from domain.decisions import RecordEntry, act_of
from domain.web_addresses import link_to

FEEDS = [
    "timeline",
    "jurisdictions/new-orleans-la/timeline",
    "deadlines",
    "jurisdictions/new-orleans-la/deadlines",
    "history",
]
FILTERED = [
    "timeline",
    "timeline?kind=ruling",
    "timeline?q=letter&state=LA",
    "deadlines?state=lapsed",
    "changes?from=500",
    "jurisdictions/new-orleans-la/history",
]


@pytest.fixture(scope="module", params=DATABASES)
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("feeds")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def suffixed(address: str, suffix: str) -> str:
    path, _, query = address.partition("?")
    return f"{path}.{suffix}" + (f"?{query}" if query else "")


def atom(world: World, address: str, **parameters: Any) -> Any:
    answer = world.ask(suffixed(address, "atom"), **parameters)
    assert answer.status_code == 200, answer.text
    assert faults(answer.content) == []
    read = feedparser.parse(answer.content)
    assert not read.bozo, read.get("bozo_exception")
    return read


def json_feed(world: World, address: str, **parameters: Any) -> dict[str, Any]:
    """As JSON Feed 1.1 asks: what must be there, of which type, and nothing else without an underscore."""
    answer = world.ask(suffixed(address, "feed.json"), **parameters)
    assert answer.headers["content-type"] == "application/feed+json"
    feed: dict[str, Any] = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(feed["title"], str)
    known = {"version", "title", "home_page_url", "feed_url", "description", "next_url", "language", "authors", "items"}
    assert all(name in known or name.startswith("_") for name in feed)
    assert all(author.keys() & {"name", "url", "avatar"} for author in feed["authors"])
    of_items = {
        "id", "url", "external_url", "title", "content_html", "content_text", "summary", "date_published",
        "date_modified", "authors", "tags", "language",
    }  # fmt: skip
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["content_html"] or item["content_text"]
        assert all(name in of_items or name.startswith("_") for name in item)
        assert all(re.match("https?://", item[name]) for name in ("url", "external_url") if name in item)
        assert all(datetime.fromisoformat(item[name]).tzinfo for name in ("date_published", "date_modified"))
        assert all(isinstance(tag, str) for tag in item["tags"])
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"])
    return feed


@pytest.mark.parametrize("address", [*FEEDS, *FILTERED[1:]])
def test_readers_take_them(record: World, address: str) -> None:
    for limit in (None, 1000):
        more = {} if limit is None else {"limit": str(limit)}
        joined = "&".join(f"{name}={value}" for name, value in more.items())
        asked = address + (("&" if "?" in address else "?") + joined if joined else "")
        by_atom, by_json = atom(record, asked), json_feed(record, asked)
        assert [one.id for one in by_atom.entries] == [one["id"] for one in by_json["items"]]
        assert [one.updated for one in by_atom.entries] == [one["date_modified"] for one in by_json["items"]]
        assert by_atom.entries
        assert by_atom.version == "atom10"


@pytest.mark.parametrize("address", FILTERED)
def test_pages_of_a_feed_are_the_whole_newest_first(record: World, address: str) -> None:
    whole = json_feed(record, address + ("&" if "?" in address else "?") + "limit=1000")
    seen: list[dict[str, Any]] = []
    url = f"http://testserver/api/v1/{suffixed(address, 'feed.json')}"
    url += ("&" if "?" in url else "?") + "limit=37"
    while url:
        page = record.client.get(url).json()
        seen += page["items"]
        url = page.get("next_url", "")
    if "next_url" not in whole:
        assert seen == whole["items"]
    dates = [one["date_modified"] for one in seen]
    assert dates == sorted(dates, reverse=True)


def test_a_feed_holds_what_the_timeline_does(record: World) -> None:
    for question in ({}, {"kind": "ruling"}, {"state": "LA"}, {"party": "court"}, {"q": "letter"},
                     {"from": "2020-01-01"}, {"as_of": "2017-06-15"}, {"public_by": "2017-06-15"},
                     {"state": "LA", "context": "true"}, {"recorded_by": "300"}):  # fmt: skip
        for address in ("timeline", "jurisdictions/california/timeline"):
            listed = api_world.pages(record, address, "entries", limit=1000, **question)
            feed = record.ask(f"{address}.feed.json", limit=1000, **question).json()
            found = [one["_dispute_timeline"] for one in feed["items"]]
            assert sorted(found, key=lambda one: one["id"]) == sorted(listed, key=lambda one: one["id"]), question


def post(world: World, what: str, fields: Any) -> None:
    answer = world.client.post(f"/api/v1/{what}", json=fields, headers={**world.headers, "If-Match": "*"})
    assert answer.status_code < 300, answer.text


def test_an_id_stays_and_updated_moves_with_a_correction(world: World) -> None:
    for id_ in ("first", "second"):
        post(world, "entries", act("statement", "2017-04-22", ["springfield"], id=id_))
    before = {one.id: one for one in atom(world, "timeline").entries}
    assert list(before) == ["tag:dispute-timeline,2026:entry/second", "tag:dispute-timeline,2026:entry/first"]
    post(world, "entries/first/corrections", {"fields": {"summary": "Other words."}, "reason": "It was read again."})
    after = {one.id: one for one in atom(world, "timeline").entries}
    first, second = "tag:dispute-timeline,2026:entry/first", "tag:dispute-timeline,2026:entry/second"
    assert list(after) == [first, second]
    assert after[first].updated > before[first].updated
    assert after[first].published == before[first].published
    assert after[second].updated == before[second].updated
    assert "It was read again." in after[first].summary
    post(world, "entries/first/retraction", {"reason": "Never said."})
    retracted = atom(world, "timeline").entries[0]
    assert retracted.title.startswith("Retracted: ")
    assert "Never said." in retracted.summary
    assert {one.term for one in retracted.tags} >= {"retracted", "statement", "springfield"}


def test_a_deadline_is_updated_by_what_befalls_it(world: World) -> None:
    demand = act("warning", "2017-04-21", ["springfield"], id="a-demand", respond_by={"date": "2017-06-30"})
    post(world, "entries", demand)
    (lapsed,) = json_feed(world, "deadlines")["items"]
    (open_,) = json_feed(world, "deadlines?as_of=2017-05-01")["items"]
    assert lapsed["id"] == open_["id"] == "tag:dispute-timeline,2026:deadline/a-demand/springfield"
    assert "lapsed" in lapsed["title"]
    answer = {**act("response", "2017-06-01", ["springfield"], id="an-answer", form="letter", answers=["a-demand"])}
    post(world, "entries", {**answer, "actor": {"party": "jurisdiction"}})
    (answered,) = json_feed(world, "deadlines")["items"]
    assert answered["date_modified"] > lapsed["date_modified"]
    assert "answered" in answered["title"]


def test_what_xml_cannot_hold_and_what_would_run_is_shown_as_text(world: World) -> None:
    text = "\u0000\u0008\ufffe <script>alert('</script>')</script> ]]> &amp; 😀 \u2028"
    speech = act("statement", "2017-04-22", [], id="a-speech", summary=text, quotes=[{"text": text, "source": "s1"}])
    speech["sources"][0] |= {"title": text, "url": "javascript:alert(1)"}
    # As what was recorded before texts and addresses were looked at.
    handle(world.service, [RecordEntry(act_of(speech, on_record=True))], recorder="test")
    (entry,) = atom(world, "timeline").entries
    assert "javascript:" not in str(entry.links)
    answer = world.ask("timeline.atom").text
    assert "<script" not in answer
    (item,) = json_feed(world, "timeline")["items"]
    assert "<script" not in item["content_html"]
    assert "javascript" not in item["content_html"]
    assert clean("a\u0000b\ud800c") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://example.org/a?b=c", True), ("http://x", True), ("javascript:alert(1)", False),
     ("data:text/html,x", False), ("https://exa mple.org", False), ("//example.org", False), ("http://[", False),
     (None, False), ("https://é.fr/", True), ("https://[::1", False), ("https://a@b.org", False)],
)  # fmt: skip
def test_only_addresses_of_the_web_become_links(url: str | None, kept: bool) -> None:  # noqa: FBT001  # a row of the table
    assert link_to(url) == (url if kept else None)


def test_an_empty_feed_is_one_too(world: World) -> None:
    assert atom(world, "timeline").entries == []
    assert json_feed(world, "timeline")["items"] == []
    assert atom(world, "timeline", recorded_by=0).entries == []
