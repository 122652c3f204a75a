"""A client that a generator made from the document alone, at work with a server."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from api.openapi.document import A_RESPONSE, A_WARNING
from api.openapi.rules import operations
from conftest import WHOLE
from serving import COMMAND, served

HOUSE = Path(__file__).parent.parent
GENERATOR = Path(sys.executable).with_name("openapi-python-client")
# It knows no linked formats: to it they are text.
PLAIN = ("--meta", "none", "--config", "settings.json")
SETTINGS = {"post_hooks": [], "content_type_overrides": {"application/link-format": "text/plain"}}


class Generated:
    """The generated package, and a client of it with a key."""

    def __init__(self, root: str, key: str) -> None:
        self.client: Any = self.module("client").AuthenticatedClient(base_url=root, token=key)

    def module(self, path: str) -> ModuleType:
        return importlib.import_module(f"timeline_client.{path}")

    def ask(self, operation: str, *path: object, **asked: object) -> Any:
        """The whole answer of an operation, `tag.operation_id`."""
        function = self.module(f"api.{operation}").sync_detailed
        return function(*path, client=self.client, **asked)

    def body(self, model: str, fields: dict[str, Any]) -> Any:
        return getattr(self.module("models"), model).from_dict(fields)


@pytest.fixture(scope="module")
def its(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    folder = tmp_path_factory.mktemp("client")
    database = {"DATABASE_URL": f"sqlite:///{folder}/timeline.db"}
    environment = {**os.environ, **database}
    dispute_timeline("load", str(HOUSE / "seeds"), environment=environment)
    key = json.loads(dispute_timeline("keys", "add", "client", "--json", environment=environment))["key"]
    with served(folder, **database) as (root, _):
        (folder / "settings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
        subprocess.run(
            [GENERATOR, "generate", "--url", f"{root}/openapi.json", *PLAIN, "--output-path", "timeline_client"],
            cwd=folder,
            capture_output=True,
            check=True,
        )
        sys.path.insert(0, str(folder))
        try:
            generated = Generated(root, key)
            yield generated
            generated.client.get_httpx_client().close()
        finally:
            sys.path.remove(str(folder))
            for name in [name for name in sys.modules if name.partition(".")[0] == "timeline_client"]:
                del sys.modules[name]


def dispute_timeline(*arguments: str, environment: dict[str, str]) -> str:
    return subprocess.run([COMMAND, *arguments], check=True, capture_output=True, text=True, env=environment).stdout


def test_it_has_every_operation(its: Generated) -> None:
    document = json.loads(its.client.get_httpx_client().get("/openapi.json").text)
    made = {(operation["tags"][0], operation["operationId"]) for _, _, operation in operations(document)}
    (folder,) = its.module("api").__path__
    assert {(file.parent.name, file.stem) for file in Path(folder).glob("*/[!_]*.py")} == made
    # To load them all takes as long as to make them.
    for tag, name in made if WHOLE else sorted(made)[::8]:
        assert callable(its.module(f"api.{tag}.{name}").sync_detailed)


def test_it_reads_a_timeline_page_by_page(its: Generated) -> None:
    first = its.ask("timeline.timeline_of_a_place", "new-orleans-la", limit=2).parsed
    second = its.ask("timeline.timeline_of_a_place", "new-orleans-la", limit=2, cursor=first.next_).parsed
    ids = [entry.id for page in (first, second) for entry in page.entries]
    assert len(set(ids)) == 4
    assert first.entries[0].occurred.startswith("2016")


def test_it_asks_where_a_place_stood_on_the_clocks(its: Generated) -> None:
    said = its.ask("jurisdictions.status_of_a_place", "new-orleans-la", as_of=date(2017, 10, 12)).parsed
    (review,) = (one for one in said.reviews if one.review == "section-1373-jag")
    assert (review.stage.value.value, review.response.value.value) == ("preliminary_concern", "due")
    assert review.response.due == date(2017, 10, 27)
    none = its.ask("jurisdictions.status_of_a_place", "new-orleans-la", recorded_by="1")
    assert none.status_code == 404
    assert none.parsed.type_ == "urn:problem-type:not-on-record"


def test_it_records_an_entry_once_and_puts_it_right(its: Generated) -> None:
    body = its.body("WarningIssued", {**A_WARNING, "id": "a-letter-of-the-client"})
    made = its.ask("entries.record_an_entry", body=body, idempotency_key="of-the-client")
    assert made.status_code == 201
    assert made.parsed.log.recorder == "client"
    again = its.ask("entries.record_an_entry", body=body, idempotency_key="of-the-client")
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    reason = its.body("Reason", {"reason": "It was made to try this."})
    taken_back = its.ask("audit.retract", made.parsed.id, body=reason, if_match=made.headers["etag"])
    assert taken_back.parsed.standing.value == "retracted"
    stale = its.ask("audit.retract", made.parsed.id, body=reason, if_match=made.headers["etag"])
    assert (stale.status_code, stale.parsed.type_) == (412, "urn:problem-type:stale")


def test_it_gets_a_problem_that_names_what_is_wrong(its: Generated) -> None:
    body = its.body("ResponseReceived", {**A_RESPONSE, "answers": ["no-such-demand"]})
    refused = its.ask("entries.record_an_entry", body=body)
    assert refused.status_code == 422
    assert [error.field for error in refused.parsed.errors] == ["answers"]


def test_it_leads_a_subscription_through_its_life(its: Generated) -> None:
    made = its.ask("reminders.subscribe", body=its.body("Subscription", {"all": True, "channel": "log"}))
    assert made.status_code == 201
    change = its.body("SubscriptionChange", {"plan": [-3]})
    assert its.ask("reminders.change_a_subscription", made.parsed.id, body=change).parsed.plan == [-3]
    assert its.ask("reminders.end_a_subscription", made.parsed.id).status_code == 204
    assert its.ask("reminders.a_subscription", made.parsed.id).status_code == 404
