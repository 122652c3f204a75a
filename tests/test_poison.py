"""An event on record that no command makes costs its own entry, and no answer about anything else."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from application import keys
from application.log_files import export
from application.recording import record
from application.rebuild import rebuild
from application.reminders.due import tick
from application.service import Service
from application.verify import verify
from poison import DEMAND, OTHER, PLACE, POISONS, SOUND, Poison, plant
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
    "/healthz", "/readyz", "/metrics", "/openapi.json",
]  # fmt: skip
PAGES = [
    "/", "/places", "/deadlines", "/changes", "/audit", "/about", "/developers", f"/entries/{ELSEWHERE}",
    *(f"{path}{place}{rest}" for place in (PLACE, OTHER)
      for path, rest in (("/places/", ""), ("/embed/places/", ""), ("/places/", "/lanes.svg"),
                         ("/places/", "/lanes.png"))),
]  # fmt: skip


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


def problems_of(service: Service, addresses: list[str] = API + PAGES) -> list[str]:
    """The addresses whose answer is none, or breaks off."""
    found = []
    with TestClient(create_app(service), raise_server_exceptions=True) as client:
        for address in addresses:
            try:
                answer = client.get(address)
                if answer.status_code != 200:
                    found.append(f"{address}: {answer.status_code} {answer.text[:200]}")
            except Exception as error:  # noqa: BLE001
                import traceback

                at = traceback.extract_tb(error.__traceback__)[-1]
                found.append(f"{address}: {type(error).__name__} {error} at {at.filename[-40:]}:{at.lineno}")
    return found
