"""Bad input over HTTP: a clear 4xx that names the field, as a problem, and nothing half-recorded."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

import api_world
from api_world import World, act, place


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("errors")) as world:
        world.post("jurisdictions", place("springfield"))
        world.post("entries", act("statement", "2017-04-21", ["springfield"], id="a-speech"))
        yield world


@pytest.fixture(autouse=True)
def nothing_is_recorded(world: World) -> Iterator[None]:
    everything = world.everything()
    yield
    assert world.everything() == everything


def a_statement(**more: Any) -> dict[str, Any]:
    return {**act("statement", "2017-04-21", ["springfield"]), **more}


def fields_at_fault(answer: Any, status: int) -> list[str]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["status"] == status
    errors = body.get("errors", [])
    assert all(error.keys() >= {"field", "value", "message"} for error in errors)
    return [error["field"] for error in errors]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"occurred": "2017-02-30"}, "occurred"),
        ({"occurred": "last week"}, "occurred"),
        ({"occurred": ["2017"]}, "occurred"),
        ({"kind": "speech"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": ["statement"]}, "kind"),
        ({"jurisdictions": "springfield"}, "jurisdictions"),
        ({"jurisdictions": ["Springfield"]}, "jurisdictions.0"),
        ({"jurisdictions": ["springfield\0"]}, "jurisdictions.0"),
        ({"respond_by": {"date": "2017-06-30"}}, "respond_by"),
        ({"kind": "warning", "respond_by": {"date": "30 June"}}, "respond_by.date"),
        ({"kind": "warning", "respond_by": {"date": "2017-06-30", "days": 3}}, "respond_by"),
        ({"quotes": [{"text": "", "source": "s1"}]}, "quotes.0.text"),
        ({"sources": []}, "sources"),
        ({"sources": [{"id": "s1", "rank": "primary"}]}, "sources.0.title"),
        ({"actor": {"party": "aliens"}}, "actor.party"),
        ({"Mood": "angry"}, "Mood"),
        ({"id": "Not A Slug"}, "id"),
        ({"sequence": 10**30}, "sequence"),
        ({"summary": "x" * 30_000}, "summary"),
        ({"kind": "lawsuit_filed", "case": {"id": "a-v-b", "caption": "A v. B", "circuit": 99}}, "case.circuit"),
        ({"kind": "lawsuit_filed", "case": {"id": "a-v-b"}, "roles": {"A B": "plaintiff"}}, "roles.A B"),
        ({"kind": "finding"}, "outcome"),
    ],
)  # fmt: skip
def test_a_malformed_field_is_named(world: World, more: dict[str, Any], field: str) -> None:
    assert field in fields_at_fault(world.post("entries", a_statement(**more)), 422)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"state": "California"}, "state"),
        ({"kind": "planet"}, "kind"),
        ({"geoid": "abc"}, "geoid"),
        ({"population": 3}, "population"),
    ],
)
def test_a_malformed_field_of_a_place_is_named(world: World, more: dict[str, Any], field: str) -> None:
    assert field in fields_at_fault(world.post("jurisdictions", {**place("another"), **more}), 422)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xef\xbb\xbf{}", 400, None),
        (b"[" * 200_000, 400, None),
        (b'{"id": NaN}', 400, None),
        (b'{"claims": 1e999}', 400, None),
        (b'{"sequence": ' + b"9" * 10_000 + b"}", 400, None),
        (b"[]", 422, "(the whole)"),
        (b'"a"', 422, "(the whole)"),
        (b"null", 422, "(the whole)"),
        (b'{"id": "a", "id": "b"}', 400, "id"),
        (b'{"summary": "caf\xe9"}', 400, "summary"),
        (b'{"quotes": [{"text": "\xff\xfe"}]}', 400, "quotes.0.text"),
        (b'{"summary": "\\ud800"}', 400, "summary"),
        (b'{"\xff": 1}', 400, None),
    ],
)
def test_a_body_that_is_no_json_object_in_utf_8(world: World, body: bytes, status: int, field: str | None) -> None:
    fields = fields_at_fault(world.send(body), status)
    assert field is None or fields == [field]


def test_a_value_is_echoed_no_longer_than_is_needed_to_know_it(world: World) -> None:
    answer = world.post("entries", a_statement(Extra="x" * 100_000, occurred="y" * 100_000))
    assert set(fields_at_fault(answer, 422)) == {"Extra", "occurred"}
    assert len(answer.content) < 10_000
    many = world.post("entries", a_statement(jurisdictions=["No Slug"] * 10_000))
    assert len(many.content) < 30_000


def test_a_body_of_three_megabytes_is_too_large(world: World) -> None:
    assert fields_at_fault(world.post("entries", a_statement(note="x" * 3_000_000)), 413) == []


def test_a_body_without_a_length_is_read_no_further_than_it_may_go(world: World) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    answer = world.client.post(
        "/api/v1/entries", content=chunks(), headers={**world.headers, "Content-Type": "application/json"}
    )
    assert fields_at_fault(answer, 413) == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_media_type_is_not_read(world: World, kind: str) -> None:
    body = json.dumps(a_statement()).encode()
    assert fields_at_fault(world.send(body, **{"Content-Type": kind}), 415) == []
    assert fields_at_fault(world.send(body, **{"Content-Encoding": "gzip"}), 415) == []


PARAMETERS = [
    ("as_of", "2017-13-01"), ("as_of", "2017-04"), ("as_of", ""), ("public_by", "yesterday"), ("recorded_by", "-1"),
    ("recorded_by", "2026-11-24T17:00:00"), ("recorded_by", "0001-01-01T00:00:00Z"), ("limit", "0"), ("limit", "1001"),
    ("limit", "many"), ("cursor", "zzz"), ("cursor", "bnVsbA"), ("cursor", "é"), ("kind", "speech"), ("party", "me"),
    ("state", "la"), ("order", "random"), ("from", "2017-4-1"), ("to", "now"), ("q", "x" * 201), ("q", ""),
    ("context", "maybe"), ("unknown", "1"), ("as_of ", "2017-01-01"), ("state", "L\0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), PARAMETERS)
def test_a_malformed_or_unknown_parameter_is_named(world: World, name: str, value: str) -> None:
    for address in ("/api/v1/timeline", "/api/v1/jurisdictions/springfield/timeline"):
        assert fields_at_fault(world.client.get(address, params={name: value}), 400) == [name]


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("timeline?kind=x", "deadline_withdrawn"),
        ("timeline?party=x", "jurisdiction"),
        ("timeline?order=x", "newest"),
        ("deadlines?state=x", "withdrawn"),
        ("jurisdictions?stage=x", "subpoenaed"),
        ("jurisdictions?kind=x", "agency"),
    ],
)
def test_where_only_some_values_are_allowed_they_are_said(world: World, address: str, allowed: str) -> None:
    answer = world.ask(address)
    assert fields_at_fault(answer, 400) == [address.partition("?")[2][:-2]]
    assert allowed in answer.json()["errors"][0]["message"]


def routes(world: World) -> list[tuple[str, str]]:
    """All but the pages behind links in mails, to whose addresses mail programs may add what they like."""
    app: Any = world.client.app
    found = [
        (method, route.path) for route in app.routes if isinstance(route, APIRoute) for method in route.methods or ()
    ]
    return [(method, path) for method, path in found if not path.startswith("/r/")]


IDS = {"entries": "a-speech", "subscriptions": "sub_12345678", "reminders": "rem_12345678"}


def test_every_route_refuses_unknown_and_repeated_parameters(world: World) -> None:
    assert len(routes(world)) >= 12
    for method, path in routes(world):
        address = path.replace("{id}", next((id_ for part, id_ in IDS.items() if part in path), "springfield")).replace(
            "{position}", "1"
        )
        address = re.sub(r"{format:[a-z_]+}", "csv", address)
        body = place("another") if path.endswith("jurisdictions") else a_statement(id="another")
        for query in ("surprise=1", "as_of=2017-01-01&as_of=2017-01-01", "%ff=1"):
            asked = body if method in ("POST", "PATCH") else None
            answer = world.client.request(method, f"{address}?{query}", headers=world.headers, json=asked)
            assert fields_at_fault(answer, 400), (method, address, query)


@pytest.mark.parametrize(
    "address",
    [
        "timeline", "deadlines", "jurisdictions", "entries/a-speech", "jurisdictions/springfield",
        *(f"jurisdictions/springfield/{what}" for what in ("status", "timeline", "deadlines")),
    ],
)  # fmt: skip
def test_every_read_takes_the_three_clocks(world: World, address: str) -> None:
    for recorded_by in (2, "2026-11-25T00:00:00+01:00"):
        answer = world.ask(address, as_of="2017-05-01", public_by="2017-05-01", recorded_by=recorded_by)
        assert answer.status_code == 200, answer.text
        assert answer.headers["log-position"] == "2"


@pytest.mark.parametrize(
    "address",
    [
        "jurisdictions/atlantis", "jurisdictions/atlantis/status", "jurisdictions/atlantis/timeline",
        "jurisdictions/atlantis/deadlines", "jurisdictions/geoid:9999999", "jurisdictions/geoid:9999999/status",
        "jurisdictions/Not%20A%20Slug", "jurisdictions/x%00y", "entries/none", "entries/%00", "entries/" + "x" * 5_000,
        "entries/none?as_of=2017-01-01", "nothing", "timeline/", "timeline?jurisdiction=atlantis",
        "timeline?recorded_by=99999", "timeline?recorded_by=" + "9" * 60, "entries/a-speech?as_of=2017-04-20",
    ],
)  # fmt: skip
def test_what_is_not_on_record_is_not_found(world: World, address: str) -> None:
    fields_at_fault(world.ask(address), 404)


def test_a_method_that_an_address_has_not_is_a_problem_too(world: World) -> None:
    answer = world.client.delete("/api/v1/timeline")
    fields_at_fault(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_bug_of_ours_says_nothing_of_our_insides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret path")

    monkeypatch.setattr("api.resources.entries.read_entry", broken)
    answer = world.ask("entries/a-speech")
    fields_at_fault(answer, 500)
    assert "secret" not in answer.text
