"""What /metrics says of requests and appends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

import api_world
from api.app import create_app
from api_world import World, place
from application.settings import Settings


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def samples(client: TestClient, name: str) -> dict[tuple[str, ...], float]:
    """A metric's values by the values of its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if sample.name == f"dispute_timeline_{name}"
    }


def test_requests_are_counted_by_method_template_and_status(world: World) -> None:
    with TestClient(create_app(world.service), follow_redirects=False) as client:
        status = "/api/v1/jurisdictions/springfield/status"
        tag = client.get(status).headers["etag"]
        assert client.get(status, headers={"If-None-Match": tag}).status_code == 304
        assert client.head(status).status_code == 200
        assert client.get("/api/v1/jurisdictions/nowhere/status").status_code == 404
        assert client.get("/api/v1/nothing").status_code == 404
        assert client.get("/places/springfield").status_code == 200
        assert client.options(status).status_code == 204
        assert client.request("BREW", "/api/v1/timeline").status_code == 405
        counts = samples(client, "http_request_seconds_count")
    template = "/api/v1/jurisdictions/{id}/status"
    assert counts == {
        ("GET", template, "200"): 1,
        ("GET", template, "304"): 1,
        ("HEAD", template, "200"): 1,
        ("GET", template, "404"): 1,
        ("GET", "", "404"): 1,
        ("GET", "/places/{id}", "200"): 1,
        ("OPTIONS", "", "204"): 1,
        ("other", "/api/v1/timeline", "405"): 1,
    }


def test_a_request_is_timed_until_its_response_begins(world: World) -> None:
    with TestClient(create_app(world.service)) as client:
        for _ in range(3):
            client.get("/healthz")
        (seconds,) = samples(client, "http_request_seconds_sum").values()
        buckets = samples(client, "http_request_seconds_bucket")
    assert 0 < seconds < 60
    assert buckets["+Inf", "GET", "/healthz", "200"] == 3


def test_a_request_too_many_is_counted_without_a_route(world: World) -> None:
    with TestClient(create_app(world.service, Settings(rate_limit=1))) as client:
        client.get("/about")
        assert client.get("/about").status_code == 429
        assert client.get("/healthz").status_code == 200, "which is for whoever watches"
    with TestClient(create_app(world.service)) as client:
        assert samples(client, "http_request_seconds_count") == {}, "each app has a registry of its own"


def test_an_append_is_timed(world: World) -> None:
    before = samples(world.client, "append_seconds_count")[()]
    world.post("jurisdictions", place("shelbyville"))
    assert world.client.get("/readyz").status_code == 200, "which takes the lock and appends nothing"
    assert samples(world.client, "append_seconds_count")[()] == before + 1
    assert samples(world.client, "append_seconds_sum")[()] > 0
