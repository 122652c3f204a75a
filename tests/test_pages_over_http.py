"""The pages through the HTTP edge: asked for again, refused, in other methods, as of another instant; their feeds."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import api_world
from api_world import World, act, place

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ["/", "/places", "/places/springfield", "/entries/said", "/deadlines", "/changes", "/about", "/developers"]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("edge")) as world:
        world.post("jurisdictions", place("springfield"))
        world.post("entries", act("statement", "2017-05-01", ["springfield"], id="said"))
        yield world


def ask(world: World, address: str, method: str = "GET", **headers: str) -> httpx2.Response:
    answer: httpx2.Response = world.client.request(method, address, headers=BROWSER | headers, follow_redirects=False)
    return answer


@pytest.mark.parametrize("address", PAGES)
def test_a_page_that_is_had_already_is_not_sent_again(world: World, address: str) -> None:
    answer = ask(world, address)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["log-position"] == "2"
    again = ask(world, address, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    small = ask(world, address, **{"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert small.text == answer.text


def test_a_page_is_never_stale_however_it_is_asked_for_again(world: World) -> None:
    tag = ask(world, "/places/springfield").headers["etag"]
    assert world.post("entries", act("statement", "2017-06-01", ["springfield"], id="said-again")).status_code == 201
    again = ask(world, "/places/springfield", **{"If-None-Match": tag})
    assert again.status_code == 200
    assert "A statement of 2017-06-01." in again.text


def test_a_page_asked_for_as_of_another_instant_leads_to_the_page_pinned_there(world: World) -> None:
    when = world.client.get("/api/v1/entries/said/timemap").headers["last-modified"]
    answer = ask(world, "/entries/said?as_of=2020-01-01", **{"Accept-Datetime": when})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/entries/said?as_of=2020-01-01&recorded_by=")
    pinned = ask(world, answer.headers["location"])
    assert "memento-datetime" in pinned.headers
    assert pinned.links["original timegate"]["url"] == "http://testserver/entries/said?as_of=2020-01-01"
    assert ask(world, answer.headers["location"]).headers["memento-datetime"] == pinned.headers["memento-datetime"]


def test_a_page_is_html_and_nothing_else(world: World) -> None:
    refused = ask(world, "/places/springfield", Accept="application/json")
    assert (refused.status_code, refused.headers["content-type"]) == (406, "application/problem+json")
    assert ask(world, "/places/springfield", Accept="*/*").status_code == 200
    assert ask(world, "/places/springfield", Accept="text/*").status_code == 200


def test_other_methods_are_refused_with_what_there_is(world: World) -> None:
    refused = ask(world, "/places/springfield", "POST")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert "GET" in refused.headers["allow"]
    program = world.client.post("/places/springfield")
    assert (program.status_code, program.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in ask(world, "/places/springfield", "OPTIONS").headers["allow"]
    assert ask(world, "/places/springfield", "HEAD").content == b""


def test_errors_are_pages_for_browsers_and_problems_for_programs(world: World) -> None:
    for address in ("/no-such-page", "/places/nowhere", "/entries/nothing", "/static/nothing.css"):
        assert ask(world, address).headers["content-type"].startswith("text/html"), address
        assert world.client.get(address).headers["content-type"] == "application/problem+json", address
    for address in ("/api/v1/entries/nothing", "/api/v1/nothing", "/healthz/nothing"):
        assert ask(world, address).headers["content-type"] == "application/problem+json", address


@pytest.mark.parametrize("address", PAGES)
def test_every_feed_and_alternate_that_a_page_announces_is_there(world: World, address: str) -> None:
    page = ask(world, address).text
    alternates = re.findall(r'<link rel="alternate" type="([^"]+)"[^>]* href="([^"]+)"', page)
    links = re.findall(r'href="(/api/v1/[^"]+)"', page)
    for media_type, link in [
        *alternates,
        *((None, link) for link in links if "new-orleans" not in link and "2017-" not in link),
    ]:
        answer = world.client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link
        assert media_type is None or answer.headers["content-type"].partition(";")[0] in (
            media_type,
            "application/json",
        )


def test_the_feeds_of_acts_corrections_deadlines_and_a_place_are_announced(world: World) -> None:
    home, town = ask(world, "/").text, ask(world, "/places/springfield").text
    for link in (
        "/api/v1/timeline.atom",
        "/api/v1/timeline.feed.json",
        "/api/v1/changes.atom",
        "/api/v1/deadlines.atom",
    ):
        assert f'href="{link}"' in home
    for link in ("timeline.atom", "timeline.feed.json", "deadlines.atom", "deadlines.ics"):
        assert f'href="/api/v1/jurisdictions/springfield/{link}"' in town


def test_links_begin_as_the_service_is_told(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        evil = ask(world, "/places/springfield", Host='evil.example"><script>')
        assert "evil.example" not in evil.text
