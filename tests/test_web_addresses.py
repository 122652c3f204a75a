"""Addresses of sources: which are taken, which are links, and which lead to the same page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import World, act, place
from application.recording import handle
from domain.decisions import RecordEntry, act_of
from domain.web_addresses import link_to, parts_of, same_page

TAKEN = [
    "https://www.justice.gov/opa/pr/letter?id=1&b=%20#page=2", "HTTP://EXAMPLE.ORG", "http://localhost:8000/x",
    "https://[2001:db8::1]:8443/x", "https://münchen.example/straße?q=é", "https://xn--mnchen-3ya.example/",
    "https://example.org/a|b'c(d)", "http://192.0.2.1/",
]  # fmt: skip
REFUSED = [
    "javascript:alert(document.domain)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd",
    "ftp://example.org/x", "mailto:a@example.org", "example.org/letter", "www.justice.gov", "//example.org/x",
    "/letter", "https://", "https:///x", "https:example.org", "https://[::1", "http://[", "https://::1/",
    "https://example.org:port/", "https://exa mple.org/", "https://example.org/a b", "https:\\\\example.org",
    "https://justice.gov@evil.example/", "https://.example.org/", "https://exa<mple.org/", "not at hand",
]  # fmt: skip


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        assert world.post("jurisdictions", place("springfield")).status_code == 201
        yield world


def said(url: str, **more: Any) -> dict[str, Any]:
    source = {"id": "s1", "title": "A paper", "url": url, "rank": "primary"}
    return {"id": "said", **act("statement", "2017-05-01", ["springfield"], sources=[source]), **more}


@pytest.mark.parametrize("url", TAKEN)
def test_an_address_of_the_web_is_taken(url: str) -> None:
    assert act_of(said(url)).sources[0].url == url
    assert link_to(url) is not None


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_address_is_refused_and_never_a_link(url: str) -> None:
    with pytest.raises(ValueError, match="is no web address, which begins with https:// or http://"):
        act_of(said(url))
    assert parts_of(url) is None
    assert link_to(url) is None
    assert same_page(url) is None


def test_an_address_is_trimmed_and_a_site_without_scheme_is_told_how_to_write_it(world: World) -> None:
    assert (
        world.post("entries", said(" https://example.org/x \n")).json()["sources"][0]["url"] == "https://example.org/x"
    )
    (error,) = world.post("entries", said("www.justice.gov/x", id="b")).json()["errors"]
    assert error["field"] == "sources.0.url"
    assert error["message"].endswith(": write https://www.justice.gov/x")
    correction = {"fields": {"note": "x"}, "reason": "x", "source": {"title": "x", "rank": "primary", "url": "data:,x"}}
    refused = world.client.post(
        "/api/v1/entries/said/corrections", json=correction, headers={**world.headers, "If-Match": "*"}
    )
    assert [error["field"] for error in refused.json()["errors"]] == ["source.url"]


def test_what_is_on_record_stays_readable_and_correctable_and_is_no_link(world: World) -> None:
    old = act_of(said("javascript:alert(1)"), on_record=True)
    handle(world.service, [RecordEntry(old)], recorder="long ago")
    answer = {"id": "follows", **act("statement", "2017-05-02", ["springfield"], follows=["said"])}
    assert world.post("entries", answer).status_code == 201
    headers = {**world.headers, "If-Match": "*"}
    correction = {"fields": {"note": "Said in public."}, "reason": "For the record."}
    assert world.client.post("/api/v1/entries/said/corrections", json=correction, headers=headers).status_code == 200
    correction = {
        "fields": {"sources": [{"id": "s1", "title": "A", "url": "data:,x", "rank": "primary"}]},
        "reason": "x",
    }
    refused = world.client.post("/api/v1/entries/said/corrections", json=correction, headers=headers)
    assert [error["field"] for error in refused.json()["errors"]] == ["fields.sources.0.url"]
    assert world.get("entries/said")["sources"][0]["url"] == "javascript:alert(1)"
    for page in ("/entries/said", "/places/springfield"):
        assert 'href="javascript:' not in world.client.get(page).text
    assert '"url":"javascript:' not in world.client.get("/entries/said").text.replace(" ", "")


def test_names_of_sites_in_letters_of_their_own_are_linked(world: World) -> None:
    assert world.post("entries", said("https://münchen.example/straße")).status_code == 201
    assert 'href="https://münchen.example/stra%C3%9Fe"' in world.client.get("/entries/said").text


@pytest.mark.parametrize(
    "url",
    [
        "http://justice.gov/opa/pr/letter", "https://www.justice.gov/opa/pr/letter/", "https://JUSTICE.gov./opa/pr/letter",
        "https://www.justice.gov/opa/pr/letter#page=2", "https://www.justice.gov:443/opa/pr/letter",
        "https://www.justice.gov/opa/pr/letter?utm_source=x&UTM_campaign=y&fbclid=z",
        "https://www.justice.gov/opa/pr/letter/?gclid=1#top", "https://www.justice.gov/opa/pr/%6Cetter",
        "https://web.archive.org/web/20170421000000/https://www.justice.gov/opa/pr/letter",
        "https://web.archive.org/web/2017id_/http:/www.justice.gov/opa/pr/letter",
    ],
)  # fmt: skip
def test_addresses_of_one_page_are_alike(url: str) -> None:
    assert same_page(url) == "justice.gov/opa/pr/letter"


def test_addresses_of_other_pages_are_not_alike() -> None:
    pages = ["https://a.org/x", "https://a.org/y", "https://a.org/x?id=1", "https://a.org/x?id=2", "https://b.org/x",
             "https://a.org/X", "https://a.org:8443/x", "https://a.org"]  # fmt: skip
    assert len({same_page(page) for page in pages}) == len(pages)
    assert same_page("https://a.org/x?b=2&a=1") == same_page("https://a.org/x?a=1&b=2")
    assert same_page("https://münchen.example/") == same_page("https://xn--mnchen-3ya.example")
