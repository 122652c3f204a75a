"""Every address that an answer has in it, a header, a link of the document: each leads to an answer."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import api_world
from api.openapi.document import ENTRIES
from api.openapi.rules import operations
from api_world import World
from conftest import WHOLE

ROOT = "http://testserver"
ADDRESS = re.compile(rf"{ROOT}[^\s\"'<>;\\,|)}}]*[^\s\"'<>;\\,|)}}.]")
# `make soak` asks every address; of those that differ only in an id, these are enough for `make test`.
MOST_OF_A_SHAPE = 100_000 if WHOLE else 2
# Asked with a limit, so that there are further pages; few, so that the walk ends within the minute.
PAGED = ("limit=400", "limit=1000") if WHOLE else ("limit=400",)


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("links")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(scope="module")
def document(record: World) -> dict[str, Any]:
    found: dict[str, Any] = record.client.get("/openapi.json").json()
    return found


def questions(document: dict[str, Any]) -> Iterator[str]:
    """Every operation that anyone may read, as its own examples have it."""
    for path, method, operation in operations(document):
        if method != "get" or operation["security"] or operation["operationId"] == "stream":
            continue
        parameters = [one for one in operation["parameters"] if "$ref" not in one]
        names = {one["name"] for one in parameters}
        formats = next((one["schema"]["enum"] for one in parameters if one["name"] == "format"), [""])
        for suffix in formats:
            asked = path.replace("{format}", suffix)
            for one in parameters:
                if one["in"] == "path" and one["name"] != "format":
                    asked = asked.replace(f"{{{one['name']}}}", one["schema"]["examples"][0])
            if "from" in names and any(one["name"] == "from" and one["required"] for one in parameters):
                yield f"{asked}?from=100"
            elif "limit" in names:
                yield from (f"{asked}?{limit}" for limit in PAGED)
            else:
                yield asked


@pytest.mark.slow
def test_every_published_address_leads_to_an_answer(record: World, document: dict[str, Any]) -> None:
    waiting = [f"{ROOT}{one}" for one in questions(document)]
    assert len(waiting) > 50
    seen: set[str] = set()
    asked: Counter[str] = Counter()
    broken = []
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        asked[shape_of(address)] += 1
        if asked[shape_of(address)] > MOST_OF_A_SHAPE:
            continue
        answer = record.client.get(address)
        if answer.status_code != 200:
            broken.append((answer.status_code, address))
        if answer.headers["content-type"].startswith("text/html"):
            continue  # tests/test_pages_over_http.py follows the links of pages
        # Lines of a calendar are folded, and XML has its own way to write an ampersand.
        text = answer.text.replace("\r\n ", "").replace("&amp;", "&").replace("&quot;", '"')
        text += " ".join(answer.headers.get(name, "") for name in ("link", "content-location"))
        waiting += ADDRESS.findall(text)
        waiting += [f"{ROOT}/api/v1/{one}" for one in subjects(answer)]
    assert broken == []
    ids = {entry["id"] for entry in api_world.pages(record, "timeline", "entries", limit=1000, context="true")}
    missed = {f"{ROOT}/api/v1/entries/{one}" for one in ids} - seen
    assert len(missed) <= (0 if WHOLE else len(ids) / 2), missed


def shape_of(address: str) -> str:
    """Which kind of address it is: its path without the ids in it, and the names of its parameters."""
    parts = urlsplit(address)
    path = re.sub(r"(?<=/)(?=[^/]*[-:0-9])(?!v1)[^/.]+", "{id}", parts.path)
    return f"{path}?{'&'.join(sorted(parse_qs(parts.query)))}"


def subjects(answer: Any) -> list[str]:
    """What the log's events befell: an address below their source."""
    if "/events" not in answer.url.path:
        return []
    return [one["subject"] for one in answer.json()["events"] if one["subject"].startswith(("entries/", "jurisd"))]


def test_what_a_write_points_to_is_there(record: World, document: dict[str, Any]) -> None:
    made = record.post("entries", {**ENTRIES["warning"], "id": "a-linked-letter"})
    assert record.client.get(made.headers["location"]).json() == made.json()
    links = document["paths"]["/api/v1/entries"]["post"]["responses"]["201"]["links"]
    by_id = {operation["operationId"]: (path, method) for path, method, operation in operations(document)}
    for link in links.values():
        path, method = by_id[link["operationId"]]
        address = path.replace("{id}", made.json()["id"])
        answer = record.client.request(method.upper(), address, headers=record.headers)
        # A body is not given: what was made is found all the same, and only then is something wrong with the request.
        assert answer.status_code == {"get": 200, "post": 428}[method], address
