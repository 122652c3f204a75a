"""What a reader clicks is a page, places are called by name, and every answer says how it is to be taken."""

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

import api_world
from api.app import create_app
from api_world import World, act, place
from application.service import Service
from application.settings import Settings

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ["timeline", "deadlines", "history", "changes?from=1", "jurisdictions/springfield/timeline",
         "jurisdictions/springfield/deadlines"]  # fmt: skip


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        demand = act("inquiry", "2026-10-01", ["springfield"], respond_by={"date": "2026-12-15"}, id="asks")
        assert world.post("entries", demand).status_code == 201
        changed = {"fields": {"summary": "Another thing."}, "reason": "It was read again.",
                   "source": {"title": "A page", "rank": "primary"}}  # fmt: skip
        headers = {**world.headers, "If-Match": "*"}
        assert world.client.post("/api/v1/entries/asks/corrections", json=changed, headers=headers).status_code == 200
        yield world


def leads_to_a_page(world: World, address: str) -> None:
    answer = world.client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), address


def with_suffix(address: str, suffix: str) -> str:
    path, mark, query = address.partition("?")
    return f"/api/v1/{path}.{suffix}{mark}{query}"


@pytest.mark.parametrize("address", FEEDS)
def test_what_a_feed_reader_opens_is_a_page(world: World, address: str) -> None:
    feed = ET.fromstring(world.client.get(with_suffix(address, "atom")).content)
    links = [link for link in feed.iter(f"{ATOM}link") if link.get("rel") == "alternate"]
    assert len(links) > 1
    for link in links:
        assert link.get("type") == "text/html"
        leads_to_a_page(world, link.get("href", ""))
    told = world.client.get(with_suffix(address, "feed.json")).json()
    leads_to_a_page(world, told["home_page_url"])
    assert told["items"]
    for item in told["items"]:
        leads_to_a_page(world, item["url"])


def test_what_a_calendar_a_citation_and_a_slide_lead_to_is_a_page(world: World) -> None:
    calendar = world.client.get("/api/v1/deadlines.ics").text.replace("\r\n ", "")
    urls = re.findall(r"^URL[^:]*:(.*)\r$", calendar, re.MULTILINE)
    slides = world.client.get("/api/v1/timeline.timelinejs.json").text
    urls += re.findall(r"href=\\\"([^\\]+)\\\">The entry", slides)
    urls.append(world.get("entries/asks/citation")["permalink"])
    urls.append(world.client.get("/api/v1/entries/asks.jsonld").json()["url"])
    assert len(urls) == 4
    for url in urls:
        leads_to_a_page(world, url)


def test_a_place_is_called_by_its_name_in_its_feeds_and_its_calendar(world: World) -> None:
    name = world.client.get("/api/v1/jurisdictions/springfield").json()["name"]
    for what in ("timeline", "deadlines"):
        told = world.client.get(f"/api/v1/jurisdictions/springfield/{what}.feed.json").json()
        assert told["title"].partition(": ")[2].startswith(f"{name}, ")
    assert world.client.get("/api/v1/deadlines.feed.json").json()["items"][0]["title"].startswith(f"{name}, ")
    calendar = world.client.get("/api/v1/jurisdictions/springfield/deadlines.ics").text
    assert f"X-WR-CALNAME:Deadlines: {name}" in calendar
    assert "X-WR-CALNAME:Deadlines in the dispute" in world.client.get("/api/v1/deadlines.ics").text


@pytest.mark.parametrize("address", ["timeline", "entries/asks", "jurisdictions", "deadlines", "log/checkpoint"])
@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,image/avif;q=0.8"])
def test_a_browser_at_an_address_of_the_api_gets_an_answer(world: World, address: str, accept: str) -> None:
    assert world.client.get(f"/api/v1/{address}", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://testserver/places/springfield", 200),
        ("http://testserver/places/springfield/", 200),
        ("http://testserver/places/springfield?as_of=2026-11-01", 200),
        ("http://testserver/places/nowhere-xx", 404),
        ("http://testserver/places/geoid:0000000", 404),
        ("http://[", 404),
        ("http://testserver:port/places/springfield", 404),
        ("", 404),
    ],
)
def test_oembed_is_of_places_on_record(world: World, url: str, status: int) -> None:
    assert world.client.get("/oembed", params={"url": url}).status_code == status


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("/places/springfield/", "/places/springfield"),
        ("/places/springfield/?as_of=2026-11-01", "/places/springfield?as_of=2026-11-01"),
        ("/entries/asks//", "/entries/asks"),
        ("/deadlines/", "/deadlines"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_address_without(world: World, address: str, plain: str) -> None:
    answer = world.client.get(address, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, plain)


@pytest.mark.parametrize("address", ["//example.org/", "/nothing/", "/api/v1/timeline/", "//places/springfield/"])
def test_no_other_address_leads_anywhere(world: World, address: str) -> None:
    client = world.client
    answer = client.send(client.build_request("GET", f"http://testserver{address}"), follow_redirects=False)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/docs", "/openapi.json", "/api/v1/timeline", "/healthz", "/metrics", "/nothing", "/", "/api/v1/nothing"],
)
def test_every_answer_is_what_it_says_it_is_and_loads_nothing_of_others(world: World, address: str) -> None:
    headers = world.client.get(address).headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "strict-transport-security" not in headers


def test_the_documentations_own_script_is_let_in_by_its_hash(world: World) -> None:
    policy = world.client.get("/docs").headers["content-security-policy"]
    assert re.search(r"script-src 'self' 'sha256-[\w+/]{43}=';", policy)
    assert "unsafe-eval" not in policy


def test_browsers_are_told_to_stay_with_https_where_that_is_the_address(world: World) -> None:
    for url, told in (("https://timeline.example", True), ("http://timeline.example", False)):
        with TestClient(create_app(world.service, Settings(public_url=url))) as client:
            assert ("strict-transport-security" in client.get("/healthz").headers) is told


def test_a_database_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        service = Service(f"sqlite:///{tmp_path}/new/timeline.db")
        with service.reading():
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        service.close()
    finally:
        os.umask(before)
    assert modes["timeline.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_made_up_keys_get_no_bucket_of_their_own(world: World) -> None:
    with TestClient(create_app(world.service, Settings(rate_limit=3))) as client:
        answers = [
            client.post("/api/v1/nothing", headers={"Authorization": f"Bearer dt_{number}"}).status_code
            for number in range(5)
        ]
        assert answers == [404, 404, 404, 429, 429]
        assert client.get("/healthz").status_code == 200


def test_a_batch_of_nothing_says_so_for_every_row(world: World) -> None:
    answer = world.send(json.dumps([{}] * 2_000).encode(), "entries:batch")
    assert answer.status_code == 422
    assert answer.json()["errors_total"] >= 2_000
