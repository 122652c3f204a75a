"""The command line as the tests use it: in this process, on the database they name."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from cli.main import app

SEEDS = Path(__file__).parent.parent / "seeds"
_runner = CliRunner()


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # whatever JSON can say
        return json.loads(self.out)


def run(database_url: str, *arguments: str | Path) -> Said:
    """Runs a command at 80 columns; what it did not mean to raise is raised here."""
    environment = {"DATABASE_URL": database_url, "COLUMNS": "80", "PORT": None}
    result = _runner.invoke(app, [str(one) for one in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def entry(id_: str, **fields: Any) -> dict[str, Any]:  # an entry's fields are of many types
    """A small valid entry; a field given as None is left out."""
    whole = {
        "id": id_,
        "kind": "statement",
        "occurred": "2017-05-01",
        "actor": {"party": "federal"},
        "jurisdictions": ["springfield-zz"],
        "summary": "Something was said.",
        "sources": [{"id": "s1", "title": "A page", "rank": "primary"}],
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not None}


SPRINGFIELD = {
    "id": "springfield-zz",
    "name": "Springfield",
    "kind": "city",
    "state": "ZZ",
    "time_zone": "America/Chicago",
    "geoid": "9900001",
}


def written(path: Path, *items: dict[str, Any]) -> Path:
    """A file of the record with these items."""
    path.write_text(yaml.safe_dump(list(items), sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
