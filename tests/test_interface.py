"""What was promised to other people's programs is still there: the API's document, and the commands with their help."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from api.app import create_app
from application.service import Service
from cli.main import app as command_line

KEPT = Path(__file__).parent / "interface"
ORDERED = {"required", "enum", "tags", "security", "anyOf", "oneOf", "parameters"}
"""Lists of OpenAPI whose order says nothing."""


def lost(kept: Any, present: Any, path: str = "") -> Iterator[str]:
    """The paths at which what was kept is gone or has another value."""
    if isinstance(kept, dict) and isinstance(present, dict):
        for name, value in kept.items():
            if name not in present:
                yield f"{path}/{name} is gone"
            else:
                yield from lost(value, present[name], f"{path}/{name}")
    elif isinstance(kept, list) and isinstance(present, list) and path.rpartition("/")[2] in ORDERED:
        for value in kept:
            if not any(not list(lost(value, candidate)) for candidate in present):
                yield f"{path} lacks {json.dumps(value)[:100]}"
    elif isinstance(kept, list) and isinstance(present, list) and len(kept) == len(present):
        for number, value in enumerate(kept):
            yield from lost(value, present[number], f"{path}/{number}")
    elif kept != present:
        yield f"{path} was {json.dumps(kept)[:100]} and is {json.dumps(present)[:100]}"


@pytest.fixture
def document(sqlite_url: str) -> dict[str, Any]:
    service = Service(sqlite_url)
    made = create_app(service).openapi()
    service.close()
    return made


def test_nothing_that_the_document_promised_has_changed_or_gone(document: dict[str, Any]) -> None:
    kept = json.loads((KEPT / "openapi.json").read_text(encoding="utf-8"))
    assert len(kept["paths"]) > 45
    assert list(lost(kept, document)) == []


@pytest.mark.parametrize(
    ("kept", "present", "what"),
    [
        ({"a": 1}, {}, "/a is gone"),
        ({"a": {"required": ["x", "y"]}}, {"a": {"required": ["y"]}}, '/a/required lacks "x"'),
        ({"type": "string"}, {"type": "integer"}, '/type was "string" and is "integer"'),
        ({"a": [1, 2]}, {"a": [1, 3]}, "/a/1 was 2 and is 3"),
        ({"a": 1}, {"a": 1, "b": 2}, None),
        ({"enum": ["x"]}, {"enum": ["y", "x"]}, None),
    ],
)
def test_what_is_lost_is_named_and_what_is_added_is_not(kept: Any, present: Any, what: str | None) -> None:
    assert list(lost(kept, present)) == ([] if what is None else [what])


def commands(command: Any, path: str = "dispute-timeline") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{path} {name}")


def test_every_command_and_option_is_there_with_its_help() -> None:
    kept = json.loads((KEPT / "commands.json").read_text(encoding="utf-8"))
    present = dict(commands(typer.main.get_command(command_line)))
    assert len(kept) > 20
    assert kept.keys() - present.keys() == set()
    for path, promised in kept.items():
        assert present[path].help == promised["help"], path
        options = {parameter.name: parameter for parameter in present[path].params}
        for option in promised["parameters"]:
            now = options[option["name"]]
            assert list(now.opts) == option["options"], (path, option["name"])
            assert now.required == option["required"], (path, option["name"])
            assert getattr(now, "help", None) == option["help"], (path, option["name"])
            assert now.nargs == option["nargs"], (path, option["name"])
