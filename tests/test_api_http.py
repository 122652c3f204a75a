"""HTTP as it should be: validators, caching, HEAD and OPTIONS, coding, other origins, limits, and links."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import api_world
from api.app import create_app
from api.http.edge import WINDOW_S, RateLimits
from api_world import World, act, place
from application.settings import Settings

ADDRESSES = [
    "timeline", "jurisdictions/springfield/timeline", "deadlines", "jurisdictions/springfield/deadlines", "changes",
    "jurisdictions", "jurisdictions/springfield", "jurisdictions/springfield/status",
    "jurisdictions/springfield/history", "history",
    "entries/a-speech", "entries/a-speech/history", "entries/a-speech/citation",
    "entries/a-speech/timemap", "jurisdictions/springfield/timemap", "entries/a-speech.jsonld", "log/key",
    "log/entries/1", "log/entries/1/proof", "log/consistency?from=1",
    *(f"{one}.{suffix}" for one in ("timeline", "deadlines", "changes", "history")
      for suffix in ("json", "ndjson", "csv", "atom", "feed.json", "table.json")),
    "timeline.timelinejs.json",
]  # fmt: skip
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        filled(world)
        yield world


@pytest.fixture
def lite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        filled(world)
        yield world


def filled(world: World) -> None:
    world.post("jurisdictions", place("springfield"))
    demand = act("warning", "2017-04-21", ["springfield"], id="a-demand", respond_by={"date": "2017-06-30"})
    assert world.post("entries", demand).status_code == 201
    assert world.post("entries", act("statement", "2017-04-22", ["springfield"], id="a-speech")).status_code == 201


def get(world: World, address: str, **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.client.get(f"/api/v1/{address}", headers={"Accept-Encoding": "identity", **given})


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_has_a_strong_tag_and_is_not_sent_twice(world: World, address: str) -> None:
    first = get(world, address)
    assert first.status_code == 200, first.text
    tag = first.headers["etag"]
    assert re.fullmatch(r'"[^"]+"', tag)
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = get(world, address, If_None_Match=given)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == first.headers["vary"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert "content-type" not in again.headers
    assert get(world, address, If_None_Match='"other"').content == first.content


def test_a_304_reads_no_row_of_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = ["timeline", "jurisdictions/springfield/timeline", "jurisdictions/springfield/status", "deadlines"]
    addresses += [f"{one}?as_of=2017-05-01" for one in addresses]
    addresses += ["timeline.atom", "entries/a-speech", "changes"]
    tags = {address: get(world, address).headers["etag"] for address in addresses}

    def read(*_: object, **__: object) -> None:
        raise AssertionError("a 304 looked at the record")

    monkeypatch.setattr("application.service.Service.snapshot", read)
    for address, tag in tags.items():
        assert get(world, address, If_None_Match=tag).status_code == 304, address


def test_a_tag_moves_with_what_touches_the_answer_and_with_nothing_else(world: World) -> None:
    world.post("jurisdictions", place("elsewhere"))
    addresses = [f"jurisdictions/springfield/{what}" for what in ("timeline", "status", "deadlines", "timeline.atom")]
    tags = {address: get(world, address).headers["etag"] for address in addresses}
    world.post("entries", act("statement", "2017-05-01", ["elsewhere"], id="theirs"))
    for address, tag in tags.items():
        assert get(world, address, If_None_Match=tag).status_code == 304, address
    world.post("entries", act("statement", "2017-05-01", ["springfield"], id="ours"))
    for address in addresses[:1] + addresses[3:]:
        answer = get(world, address, If_None_Match=tags[address])
        assert answer.status_code == 200, address
        assert answer.headers["etag"] != tags[address]


def test_a_page_that_gets_a_successor_has_another_tag(lite: World) -> None:
    address = "jurisdictions/springfield/timeline?limit=2"
    first = get(lite, address)
    assert first.json()["next"] is None
    lite.post("entries", act("statement", "2017-05-01", ["springfield"], id="ours"))
    second = get(lite, address, If_None_Match=first.headers["etag"])
    assert second.status_code == 200
    assert second.json()["next"]


def test_an_answer_that_the_day_moves_is_not_said_to_be_the_same(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.post("entries", act("statement", "2026-11", ["springfield"], id="this-month"))
    tags = {one: get(lite, one).headers["etag"] for one in ("entries/this-month", "timeline", "timeline.csv")}
    assert tags["entries/this-month"] == '"1-maybe"'
    later = api_world.NOW.replace(month=12)
    monkeypatch.setattr(lite.service, "now", lambda: later)
    for address, tag in tags.items():
        answer = get(lite, address, If_None_Match=tag)
        assert answer.status_code == 200, address
    assert get(lite, "entries/this-month").headers["etag"] == '"1"'


@pytest.mark.parametrize("address", [*ADDRESSES, "timeline?limit=1", "entries/none", "timeline?limit=0"])
def test_head_has_the_headers_of_get_and_no_body(lite: World, address: str) -> None:
    for coding in ("identity", "gzip"):
        whole = get(lite, address, Accept_Encoding=coding)
        head = lite.client.head(f"/api/v1/{address}", headers={"Accept-Encoding": coding})
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert {**head.headers} == {**whole.headers}


def test_only_what_can_never_change_is_kept_for_good(lite: World) -> None:
    for address in (
        "timeline?recorded_by=3", "jurisdictions/springfield/status?recorded_by=2", "entries/a-speech?recorded_by=3",
        "timeline.csv?recorded_by=3", "timeline.atom?recorded_by=2&as_of=2017-05-01", "deadlines?recorded_by=3",
        "timeline?recorded_by=0&as_of=2017-01-01", "log/entries/1", "log/entries/1/proof?size=2",
        "log/consistency?from=1&to=2",
    ):  # fmt: skip
        assert get(lite, address).headers["cache-control"] == FOREVER, address
    for address in (
        "timeline", "timeline?as_of=2017-05-01", "timeline?recorded_by=2026-11-24T18:00:00Z", "timeline?recorded_by=0",
        "changes?from=1&to=2", "jurisdictions", "log/entries/1/proof", "log/consistency?from=1",
        "log/checkpoint?size=1",
    ):  # fmt: skip
        assert get(lite, address).headers["cache-control"] == "no-cache", address
    assert "cache-control" not in get(lite, "timeline?recorded_by=99").headers


def test_a_pin_holds_only_once_its_day_has_come(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    yesterday = api_world.NOW.replace(day=23)
    monkeypatch.setattr(lite.service, "now", lambda: yesterday)
    assert get(lite, "timeline?recorded_by=3").headers["cache-control"] == "no-cache"
    assert get(lite, "timeline?recorded_by=3&as_of=2017-05-01").headers["cache-control"] == FOREVER


def test_a_pinned_answer_was_modified_when_it_was_recorded(lite: World) -> None:
    answer = get(lite, "timeline?recorded_by=3")
    modified = answer.headers["last-modified"]
    assert modified == "Tue, 24 Nov 2026 17:00:00 GMT"
    assert get(lite, "timeline?recorded_by=3", If_Modified_Since=modified).status_code == 304
    assert get(lite, "timeline", If_Modified_Since=modified).status_code == 200
    for address in ("timeline", "timeline.csv", "entries/a-speech", "jurisdictions/springfield/status"):
        assert get(lite, address).headers["last-modified"] == modified


def test_the_tag_of_an_entry_is_what_a_correction_needs(lite: World) -> None:
    for coding in ("identity", "gzip"):
        tag = get(lite, "entries/a-speech", Accept_Encoding=coding).headers["etag"]
        fields = {"fields": {"note": f"{coding} " * 400}, "reason": "It was read again."}
        headers = {**lite.headers, "If-Match": tag}
        answer = lite.client.post("/api/v1/entries/a-speech/corrections", json=fields, headers=headers)
        assert answer.status_code == 200, answer.text
        again = lite.client.post("/api/v1/entries/a-speech/corrections", json=fields, headers=headers)
        assert again.status_code == 412
    assert get(lite, "entries/a-speech", Accept_Encoding="gzip").headers["etag"] == '"3-gzip"'


@pytest.mark.parametrize("address", ["timeline", "timeline.ndjson", "timeline.csv", "timeline.atom"])
def test_a_long_body_is_gzipped_and_has_another_tag(lite: World, address: str) -> None:
    for number in range(10):
        lite.post("entries", act("statement", "2017-05-01", [], id=f"one-{number}", note="words " * 50))
    plain, coded = get(lite, address), get(lite, address, Accept_Encoding="br, gzip;q=0.5")
    assert coded.headers["content-encoding"] == "gzip"
    assert coded.content == plain.content
    assert int(coded.headers.get("content-length", "1")) < len(plain.content) / 2
    assert coded.headers["etag"] == f'{plain.headers["etag"][:-1]}-gzip"'
    assert "Accept-Encoding" in plain.headers["vary"].split(", ")
    for tag in (plain.headers["etag"], coded.headers["etag"]):
        assert get(lite, address, If_None_Match=tag).status_code == 304
        assert get(lite, address, If_None_Match=tag, Accept_Encoding="gzip").status_code == 304
    assert "content-encoding" not in get(lite, address, Accept_Encoding="gzip;q=0").headers


def test_gzip_is_the_same_bytes_each_time_and_small_bodies_have_none(lite: World) -> None:
    def raw(address: str) -> bytes:
        with lite.client.stream("GET", f"/api/v1/{address}", headers={"Accept-Encoding": "gzip"}) as answer:
            return b"".join(answer.iter_raw())

    assert raw("timeline") == raw("timeline")
    assert b"a-speech" in gzip.decompress(raw("timeline.ndjson"))
    assert raw("jurisdictions/springfield").startswith(b"{")


@pytest.mark.parametrize(
    ("address", "allow"),
    [
        ("timeline", "GET, HEAD, OPTIONS"),
        ("jurisdictions", "GET, HEAD, POST, OPTIONS"),
        ("entries", "POST, OPTIONS"),
        ("timeline.csv", "GET, HEAD, OPTIONS"),
        ("entries/a-speech/corrections", "POST, OPTIONS"),
    ],
)
def test_options_and_405_say_what_an_address_takes(lite: World, address: str, allow: str) -> None:
    options = lite.client.options(f"/api/v1/{address}")
    assert (options.status_code, options.headers["allow"]) == (204, allow)
    wrong = lite.client.request("PATCH", f"/api/v1/{address}")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, allow)
    assert wrong.headers["content-type"] == "application/problem+json"
    assert lite.client.options("/api/v1/nothing").status_code == 404


def test_any_page_may_read_and_none_may_write(lite: World) -> None:
    origin = {"Origin": "https://newsroom.example"}
    for address in ("timeline", "entries/none", "timeline?limit=0", "timeline.csv"):
        answer = get(lite, address, **origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"Log-Position", "ETag", "Link", "RateLimit", "Memento-Datetime"} <= set(exposed)
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    preflight = lite.client.options("/api/v1/timeline", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "POST" not in preflight.headers["access-control-allow-methods"]
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]
    assert "Authorization" not in preflight.headers["access-control-allow-headers"]
    posted = lite.client.post("/api/v1/entries", json={}, headers={**origin, **lite.headers})
    assert "access-control-allow-origin" not in posted.headers


def test_a_page_may_read_even_that_there_is_a_bug(lite: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.resources.entries.read_entry", broken)
    answer = get(lite, "entries/a-speech")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, "*")


def test_lists_link_to_their_next_page(lite: World) -> None:
    for address in ("timeline", "jurisdictions/springfield/timeline", "jurisdictions/springfield/history"):
        first = get(lite, f"{address}?limit=1&as_of=2020-01-01")
        following = lite.client.get(first.links["next"]["url"])
        assert following.status_code == 200
        assert (
            following.content == get(lite, f"{address}?limit=1&as_of=2020-01-01&cursor={first.json()['next']}").content
        )
    assert "next" not in get(lite, "timeline").links


def test_links_begin_as_set_or_as_the_request_was_addressed(lite: World) -> None:
    assert "http://testserver/api/v1/" in get(lite, "timeline.atom").text
    assert "http://other.example:81/api/v1/" in get(lite, "timeline.atom", Host="other.example:81").text
    strange = get(lite, "timeline.atom", Host='x"><script>')
    assert "script" not in strange.text + strange.headers["link"]
    with TestClient(create_app(lite.service, Settings(public_url="https://timeline.example/here"))) as client:
        assert "https://timeline.example/here/entries/a-speech" in client.get("/api/v1/timeline.atom").text
        assert (
            "testserver"
            not in client.get("/api/v1/timeline.atom").text + client.get("/api/v1/timeline").headers["link"]
        )


def test_every_link_in_an_answer_leads_somewhere(lite: World) -> None:
    waiting = [f"http://testserver/api/v1/{one}" for one in ADDRESSES if "?" not in one]
    waiting += [
        f"{one}?limit=1"
        for one in waiting
        if re.search(r"(timeline|deadlines|changes|v1/history)(\.(atom|feed.json))?$", one)
    ]
    seen: set[str] = set()
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = lite.client.get(address)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith("text/html"):
            continue  # the links of pages are tested with the pages
        text = (answer.text + answer.headers.get("link", "")).replace("&amp;", "&").replace("&quot;", '"')
        waiting += re.findall(r"http://testserver[^\s\"'<>;\\,|)}]*[^\s\"'<>;\\,|)}.]", text)
    assert len(seen) > 50


def test_a_limit_is_told_and_kept(lite: World) -> None:
    with TestClient(create_app(lite.service, Settings(rate_limit=3)), raise_server_exceptions=False) as client:
        answers = [client.get("/api/v1/timeline") for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == f'"default";q=3;w={WINDOW_S}'
        assert answers[0].headers["ratelimit"].startswith('"default";r=2;t=')
        refused = answers[3]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 0 < int(refused.headers["retry-after"]) <= 20
        assert refused.headers["access-control-allow-origin"] == "*"
        # A made-up key has no bucket of its own; one that wrote has.
        assert client.get("/api/v1/timeline", headers={"Authorization": "Bearer dt_made-up"}).status_code == 429
    assert "ratelimit" not in lite.ask("timeline").headers


def test_whoever_wrote_has_a_bucket_of_their_own(lite: World) -> None:
    with TestClient(create_app(lite.service, Settings(rate_limit=3))) as client:
        assert client.post("/api/v1/entries", json={}, headers=lite.headers).status_code == 422
        assert [client.get("/api/v1/timeline").status_code for _ in range(3)] == [200, 200, 429]
        assert client.get("/api/v1/timeline", headers=lite.headers).status_code == 200


def test_a_bucket_fills_up_again() -> None:
    now = [0.0]
    limits = RateLimits(60, lambda: now[0])
    assert [limits.take("here", None)[1] for _ in range(60)] == [0] * 60
    assert limits.take("here", None)[1] == 1
    assert limits.take("elsewhere", None)[1] == 0
    now[0] = 2.0
    assert [limits.take("here", None)[1] for _ in range(3)] == [0, 0, 1]
    assert RateLimits(0).take("here", None) == ([], 0)


@pytest.mark.parametrize(
    "sent",
    [
        {"params": {"key": "dt_0123456789abcdef"}},
        {"params": {"authorization": "Bearer dt_0123456789abcdef"}},
        {"params": {"as_of": "whsec_0123456789abcdef"}},
        {"params": {"Bearer dt_0123456789abcdef": "1"}},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_sent_back(lite: World, sent: dict[str, Any]) -> None:
    answer = lite.client.get("/api/v1/timeline", **sent)
    assert answer.status_code == 400
    assert "0123456789abcdef" not in answer.text
    assert answer.json()["errors"][0]["field"]


def test_a_secret_in_a_body_is_not_sent_back(lite: World) -> None:
    fields = act("statement", "2017-04-21", ["springfield"], password="hunter2", Authorization="Basic aGVsbG86d29ybGQ=")
    answer = lite.post("entries", {**fields, "note": ["whsec_0123456789abcdef"]})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"password", "Authorization", "note"}
    for secret in ("hunter2", "aGVsbG8", "0123456789abcdef"):
        assert secret not in answer.text
