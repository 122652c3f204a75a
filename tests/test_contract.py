"""The contract: a document that is valid and tidy, with examples that the service gives, for every route."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import browser
import example_answers
from api.app import create_app
from api.openapi.rules import operations
from application.service import Service

PROBLEM = "application/problem+json"
LINTER = "@redocly/cli@2.77.0"
# What the linter recommends, but for a licence, which is the owner's to choose.
LINTED = {"extends": ["recommended-strict"], "rules": {"info-license": "off"}}
Operations = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    service = Service(f"sqlite:///{tmp_path_factory.mktemp('contract')}/timeline.db")
    yield json.loads(json.dumps(create_app(service).openapi()))
    service.close()


@pytest.fixture(scope="module")
def named(document: dict[str, Any]) -> Operations:
    return [(f"{method.upper()} {path}", operation) for path, method, operation in operations(document)]


def at(document: dict[str, Any], its: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to."""
    while "$ref" in its:
        found: Any = document
        for part in its["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        its = found
    return its


def faults(document: dict[str, Any], schema: dict[str, Any], value: object) -> list[str]:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], **schema}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.slow
def test_a_linter_finds_nothing_in_it(document: dict[str, Any], tmp_path: Path) -> None:
    node, packed = browser.program("node"), browser.packed(LINTER, tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "redocly.yaml").write_text(json.dumps(LINTED), encoding="utf-8")
    linter = [node, str(packed / "bin" / "cli.js"), "lint", "--config", "redocly.yaml", "openapi.json"]
    quiet = {"PATH": str(Path(node).parent), "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    ran = subprocess.run(linter, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120, env=quiet)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_operation_has_an_id_that_reads_and_says_what_it_does(
    document: dict[str, Any], named: Operations
) -> None:
    ids = [operation["operationId"] for _, operation in named]
    assert len(named) > 45
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)*", one)] == []
    tags = {one["name"] for one in document["tags"] if one["description"]}
    for name, operation in named:
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        assert set(operation["tags"]) <= tags, f"{name}: a tag has its text in src/api/openapi/texts.py"


def test_every_parameter_and_header_is_described_and_shown(document: dict[str, Any], named: Operations) -> None:
    for name, operation in named:
        for one in (at(document, one) for one in operation["parameters"]):
            schema = one["schema"]
            assert one["description"], (name, one["name"])
            examples = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]
            assert examples or "enum" in schema, (name, one["name"])
            for example in examples:
                assert faults(document, schema, example) == [], (name, one["name"])
    for name, its in document["components"]["headers"].items():
        assert its["description"], name
        assert faults(document, its["schema"], its["example"]) == [], name


def test_every_body_and_every_answer_is_shown_as_its_schema_has_it(document: dict[str, Any], named: Operations) -> None:
    for name, operation in named:
        contents = [("body", operation["requestBody"]["content"])] if "requestBody" in operation else []
        for status, answer in operation["responses"].items():
            its = at(document, answer)
            assert its["description"], (name, status)
            contents += [(status, its["content"])] if "content" in its else []
        for where, content in contents:
            for media_type, shown in content.items():
                examples = [one["value"] for one in shown.get("examples", {}).values()]
                examples += [shown["example"]] if "example" in shown else []
                assert examples, (name, where, media_type)
                for example in examples:
                    assert faults(document, shown["schema"], example) == [], (name, where, media_type)


def test_every_error_is_the_one_problem(document: dict[str, Any], named: Operations) -> None:
    for name, operation in named:
        responses = operation["responses"]
        bad = {status: at(document, its) for status, its in responses.items() if status[0] in "45"}
        assert bad.keys() >= {"400", "429", "500"}, name
        assert ("401" in bad) == bool(operation["security"]), name
        for status, its in bad.items():
            if (name, status) == ("GET /readyz", "503"):
                continue  # which says in its own shape that it is not ready
            (content,) = its["content"].items()
            assert content[0] == PROBLEM, (name, status)
            assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert {one["value"]["status"] for one in content[1]["examples"].values()} == {int(status)}


def test_links_lead_from_what_was_made_or_listed_to_what_can_be_asked_of_it(
    document: dict[str, Any], named: Operations
) -> None:
    by_id = {operation["operationId"]: operation for _, operation in named}
    links = {
        (operation["operationId"], link): its
        for _, operation in named
        for answer in operation["responses"].values()
        for link, its in at(document, answer).get("links", {}).items()
    }
    for where, link in links.items():
        parameters = (at(document, one) for one in by_id[link["operationId"]]["parameters"])
        asked = {f"{one['in']}.{one['name']}" for one in parameters}
        assert link["parameters"].keys() <= asked, where
    assert links.keys() >= {
        ("record_an_entry", "an_entry"),
        ("record_an_entry", "correct"),
        ("add_a_jurisdiction", "status_of_a_place"),
        ("subscribe", "end_a_subscription"),
        ("timeline", "next_page"),
    }


def test_nothing_in_it_is_described_and_not_used(document: dict[str, Any]) -> None:
    written = json.dumps(document)
    unused = [
        f"{kind}/{name}"
        for kind, its in document["components"].items()
        if kind != "securitySchemes"
        for name in its
        if f'"#/components/{kind}/{name}"' not in written
    ]
    assert unused == []


def test_the_answers_shown_are_those_that_the_service_gives() -> None:
    kept = json.loads(example_answers.KEPT.read_text(encoding="utf-8"))
    assert example_answers.masked(example_answers.made()) == example_answers.masked(kept), "run `make examples`"
