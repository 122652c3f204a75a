"""The same words in the API and on the command line: what one calls `as_of`, the other calls `--as-of`."""

from typing import Any

import pytest
import typer.main

from api.app import create_app
from api.openapi.rules import operations
from application.service import Service
from cli.main import app as command_line

# Which command asks or does the same as which operations.
SAME = {
    "timeline": ("timeline", "timeline_of_a_place"),
    "status": ("status_of_a_place",),
    "deadlines": ("deadlines", "deadlines_of_a_place"),
    "history": ("history_of_a_place", "history_of_an_entry"),
    "changes": ("changes_between",),
    "correct": ("correct",),
    "dispute": ("dispute",),
    "retract": ("retract",),
    "reinstate": ("reinstate",),
    "reminders": ("reminders",),
    "load": ("record_a_batch",),
}
# What only one of them has: files and tables are the terminal's; over HTTP a key says who it is that records, and the
# `Content-Type` which format and character set a body is in.
ONLY_TERMINAL = {"json", "newest", "paths", "format", "recorder", "charset"}
# The command line writes no CSV, so none with a byte order mark.
ONLY_HTTP = {"bom"}
# A version seen is an `If-Match` over HTTP; a source has its fields one by one, and so has a correction.
OTHERWISE = {"on_version": "If-Match", "field": "fields"} | {
    f"source_{name}": "source" for name in ("title", "publisher", "url", "date", "rank")
}
# Whatever is asked about stands in the path over HTTP, and comes first on the command line.
SUBJECT = {"id", "id_", "entry", "place", "jurisdiction"}


@pytest.fixture
def words(sqlite_url: str) -> dict[str, set[str]]:
    """By operation: its parameters, and the fields of its body."""
    service = Service(sqlite_url)
    document: dict[str, Any] = create_app(service).openapi()
    service.close()
    found = {}
    for _, _, operation in operations(document):
        given = [
            one if "name" in one else document["components"]["parameters"][one["$ref"].rpartition("/")[2]]
            for one in operation["parameters"]
        ]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        fields = document["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], {})
        found[operation["operationId"]] = {one["name"] for one in given} | fields.get("properties", {}).keys()
    return found


def written(command: str) -> set[str]:
    """The options and arguments of a command, by the words that one types."""
    its = getattr(typer.main.get_command(command_line), "commands", {})[command]
    spelled = {name.removeprefix("--") for one in its.params for name in one.opts if name not in {"-h", "--help"}}
    return {name.replace("-", "_") for name in spelled}


@pytest.mark.parametrize(("command", "same"), SAME.items())
def test_a_command_says_what_the_api_says(words: dict[str, set[str]], command: str, same: tuple[str, ...]) -> None:
    api = set[str]().union(*(words[operation] for operation in same))
    strange = {OTHERWISE.get(name, name) for name in written(command) - ONLY_TERMINAL - SUBJECT} - api
    assert strange == set()


@pytest.mark.parametrize(("command", "same"), SAME.items())
def test_a_command_can_say_all_that_the_api_can(
    words: dict[str, set[str]], command: str, same: tuple[str, ...]
) -> None:
    api = set[str]().union(*(words[operation] for operation in same))
    of_http = {name for name in api if name[0].isupper()}
    said = {OTHERWISE.get(name, name) for name in written(command)}
    assert api - of_http - ONLY_HTTP - SUBJECT - said == set()
