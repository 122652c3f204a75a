"""How many of our own files, functions and calls a request enters: `python -m bench.ways [--json]`.

Each request is asked of an app in this process, on SQLite with the seeds loaded, and every call of a function under
src/ is counted. What a reader has to follow from the route to the row is what is entered here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table

import api
from api.app import create_app
from application.bulk.files import load
from application.keys import add_key
from application.service import Service
from application.settings import Settings

_SRC = Path(api.__file__).parent.parent
_SEEDS = _SRC.parent / "seeds"
_PLACE = "/api/v1/jurisdictions/new-orleans-la"
_ENTRY = {
    "id": "2026-06-01-an-example",
    "kind": "statement",
    "occurred": "2026-06-01",
    "actor": {"party": "jurisdiction"},
    "jurisdictions": ["new-orleans-la"],
    "summary": "An example.",
    "sources": [{"id": "s1", "title": "Where it was said", "rank": "primary"}],
}


@dataclass(slots=True)
class Way:
    """What a request entered."""

    calls: int = 0
    functions: set[tuple[str, str]] = field(default_factory=set)

    @property
    def files(self) -> list[str]:
        """Those of our own, in order of name."""
        return sorted({file for file, _ in self.functions})


def followed(ask: Callable[[], Any]) -> Way:
    """Counts every call of a function of ours while something is asked, in whichever thread."""
    way = Way()
    prefix = f"{_SRC}/"

    def entered(frame: FrameType, event: str, _argument: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(prefix) and frame.f_code.co_name != "<module>":
            way.calls += 1
            way.functions.add((file.removeprefix(prefix), frame.f_code.co_qualname))

    threading.setprofile(entered)
    sys.setprofile(entered)
    try:
        ask()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return way


def ways() -> dict[str, Way]:
    """The ways of a write and of three reads."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(f"sqlite:///{folder}/ways.db")
        load(service, [_SEEDS], recorder="ways")
        key = add_key(service, "ways")
        app = create_app(service, Settings())

        def get(address: str) -> Callable[[], Any]:
            return lambda: _asked(TestClient(app).get(address).status_code)

        def post() -> None:
            _asked(
                TestClient(app)
                .post("/api/v1/entries", json=_ENTRY, headers={"Authorization": f"Bearer {key}"})
                .status_code
            )

        get(f"{_PLACE}/timeline")()  # what is made once, at the first request, is no part of a way
        found = {
            "POST /entries": followed(post),
            "GET status, worked out": followed(get(f"{_PLACE}/status")),
            "GET status, remembered": followed(get(f"{_PLACE}/status")),
            "GET timeline.csv": followed(get(f"{_PLACE}/timeline.csv")),
        }
        service.close()
        return found


def _asked(status: int) -> None:
    if status >= 400:
        raise RuntimeError(f"answered {status}")


def main() -> None:
    """Prints the table, or all of it for programs."""
    parser = argparse.ArgumentParser(prog="python -m bench.ways", description=__doc__)
    parser.add_argument("--json", action="store_true", help="with the names of the files")
    as_json = parser.parse_args().json
    measured = ways()
    if as_json:
        print(
            json.dumps(
                {
                    name: {"calls": way.calls, "functions": len(way.functions), "files": way.files}
                    for name, way in measured.items()
                }
            )
        )
        return
    table = Table("request", "files", "functions", "calls")
    for name, way in measured.items():
        table.add_row(name, str(len(way.files)), str(len(way.functions)), str(way.calls))
    Console().print(table)


if __name__ == "__main__":
    main()
