"""An event on record that no command makes costs its own entry, and no answer about anything else."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from application import keys
from application.log_files import export
from application.rebuild import rebuild
from application.recording import record
from application.reminders.due import tick
from application.service import Service
from application.verifying.verify import verify
from poison import DEMAND, OTHER, PLACE, POISONS, SOUND, Poison, numbered, plant
from small_record import fill, said, service_on

LISTS = ("timeline", "deadlines", "changes", "history")
FORMATS = ("json", "ndjson", "csv", "atom", "feed.json")
ELSEWHERE = "2017-04-02-said-elsewhere"
API = [
    *(f"/api/v1/{name}.{suffix}" for name in LISTS for suffix in FORMATS),
    *(f"/api/v1/jurisdictions/{place}/{name}.{suffix}" for place in (PLACE, OTHER)
      for name in ("timeline", "deadlines", "history") for suffix in FORMATS),
    *(f"/api/v1/jurisdictions/{place}{rest}" for place in (PLACE, OTHER) for rest in ("", "/status", "/deadlines.ics")),
    "/api/v1/timeline.timelinejs.json", "/api/v1/timeline?facets=kind,jurisdiction,party,year", "/api/v1/deadlines.ics",
    "/api/v1/timeline?q=said", "/api/v1/changes?from=3", "/api/v1/jurisdictions", "/api/v1/events",
    f"/api/v1/entries/{ELSEWHERE}", f"/api/v1/entries/{ELSEWHERE}/history", f"/api/v1/entries/{ELSEWHERE}/citation",
    f"/api/v1/entries/{ELSEWHERE}.jsonld", "/api/v1/log/checkpoint", "/api/v1/log/key",
    "/healthz", "/readyz", "/metrics",
]  # fmt: skip
PAGES = [
    "/", "/places", "/deadlines", "/changes", "/audit", "/about", "/developers", f"/entries/{ELSEWHERE}",
    *(f"{path}{place}{rest}" for place in (PLACE, OTHER)
      for path, rest in (("/places/", ""), ("/embed/places/", ""), ("/places/", "/lanes.svg"),
                         ("/places/", "/lanes.png"))),
]  # fmt: skip
SOME = [
    "/api/v1/timeline.csv", "/api/v1/deadlines.csv", "/api/v1/changes.json", "/api/v1/history.csv", "/api/v1/events",
    f"/api/v1/jurisdictions/{PLACE}/status", f"/api/v1/jurisdictions/{OTHER}/deadlines.ics", "/",
    f"/places/{PLACE}", f"/places/{OTHER}", f"/places/{PLACE}/lanes.svg", "/readyz",
]  # fmt: skip
"""For each poison alone: those that broke for one or another of them."""


def fill_more(service: Service) -> None:
    """The small record, a demand on its place, and another place with an entry of its own."""
    fill(service)
    other = {"id": OTHER, "name": "Shelbyville", "kind": "city", "state": "ZZ", "time_zone": "America/Chicago"}
    elsewhere = said(1) | {"id": ELSEWHERE, "jurisdictions": [OTHER], "occurred": "2017-04-02"}
    demand = said(1) | {
        "id": DEMAND,
        "kind": "warning",
        "occurred": "2017-05-01",
        "respond_by": {"date": "2017-06-30", "words": "by June 30", "source": "s1"},
    }
    record(service, [demand, elsewhere], [other], recorder="ana")


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = service_on(database_url)
    fill_more(service)
    yield service
    service.close()


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Service]:
    service = service_on(sqlite_url)
    fill_more(service)
    yield service
    service.close()


def refused(service: Service, addresses: list[str]) -> list[tuple[str, int]]:
    """The addresses that do not answer with what was asked for, and what they say; an answer that breaks off raises."""
    with TestClient(create_app(service)) as client:
        answers = [(address, client.get(address).status_code) for address in addresses]
    return [(address, status) for address, status in answers if status != 200]


def works(service: Service) -> None:
    """Everything that is done with a record beside asking it."""
    record(service, [said(99)], recorder="ana")
    tick(service)
    export(service, io.BytesIO())
    rebuild(service)


def test_every_page_list_feed_picture_and_proof_answers_whatever_is_on_record(service: Service) -> None:
    with TestClient(create_app(service)) as client:
        before = client.get(f"/api/v1/jurisdictions/{OTHER}/timeline").json()["entries"]
    on_postgresql = service.engine.dialect.name == "postgresql"
    poisons = [poison for poison in POISONS.values() if not (on_postgresql and "\0" in poison.stream)]
    plant(service, *(numbered(poison, number) for number, poison in enumerate(poisons)))
    works(service)
    assert refused(service, API + PAGES) == []
    with TestClient(create_app(service)) as client:
        assert client.get(f"/api/v1/jurisdictions/{OTHER}/timeline").json()["entries"] == before


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
def test_each_poison_is_named_by_verify_and_costs_nothing_else(on_sqlite: Service, poison: Poison) -> None:
    assert list(verify(on_sqlite)) == []
    (position,) = plant(on_sqlite, poison)
    assert refused(on_sqlite, SOME) == []
    works(on_sqlite)
    faults = list(verify(on_sqlite))
    assert any(fault.startswith(f"log position {position}:") for fault in faults), faults
    # A reminder that the log has and no row is another fault of the same poison.
    assert {fault.split(" ")[0] for fault in faults} <= {"log", "reminders"}


@pytest.mark.parametrize("poison", ["garbage bytes", "a topic that nobody knows", "a day that is none"])
def test_the_keeper_sees_on_every_page_and_in_readyz_what_cannot_be_read(on_sqlite: Service, poison: str) -> None:
    (position,) = plant(on_sqlite, POISONS[poison])
    with TestClient(create_app(on_sqlite)) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["unreadable"]) == (200, [position])
        for page in ("/", "/audit", f"/places/{OTHER}"):
            assert f"cannot be read,\nat position {position}." in client.get(page).text


def test_a_record_that_can_be_read_says_nothing_of_it(on_sqlite: Service) -> None:
    with TestClient(create_app(on_sqlite)) as client:
        assert "unreadable" not in client.get("/readyz").json()
        assert "cannot be read" not in client.get("/").text


CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a correction": ("corrections", {"fields": {"summary": "Another."}, "reason": "R."}),
    "a retraction": ("retraction", {"reason": "R."}),
    "a dispute": ("disputes", {"by": "B", "what": "W"}),
}


@pytest.mark.parametrize("poison", ["a correction that is garbage", "a second first event", "a correction to no day"])
@pytest.mark.parametrize(("address", "body"), CHANGES.values(), ids=CHANGES)
def test_a_command_on_a_poisoned_entry_is_refused_in_words(
    on_sqlite: Service, poison: str, address: str, body: dict[str, Any]
) -> None:
    (position,) = plant(on_sqlite, POISONS[poison])
    headers = {"Authorization": f"Bearer {keys.add_key(on_sqlite, 'tests')}", "If-Match": '"1"'}
    with TestClient(create_app(on_sqlite)) as client:
        assert client.get(f"/api/v1/entries/{SOUND}").status_code == 200
        answer = client.post(f"/api/v1/entries/{SOUND}/{address}", json=body, headers=headers)
    assert answer.status_code == 422
    assert f"log position {position}" in answer.json()["detail"]


def test_an_entry_whose_id_is_taken_by_garbage_is_refused_in_words(on_sqlite: Service) -> None:
    (position,) = plant(on_sqlite, POISONS["garbage bytes"])
    headers = {"Authorization": f"Bearer {keys.add_key(on_sqlite, 'tests')}"}
    with TestClient(create_app(on_sqlite)) as client:
        answer = client.post("/api/v1/entries", json=said(1) | {"id": "poison"}, headers=headers)
        assert client.get("/api/v1/entries/poison").status_code == 404
        assert client.get("/entries/poison").status_code == 404
    assert answer.status_code == 409
    assert f"position {position} in a form that cannot be read" in answer.json()["detail"]
