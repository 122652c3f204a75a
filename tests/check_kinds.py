"""Names every kind of entry that is missing somewhere, and where: `make check` runs this in a few seconds.

Lint, types and contracts cannot see such a gap: the classes, the kinds that the folds know, the glossary and the
golden files are separate lists, and a kind that one of them lacks fails only when its first entry is loaded. The steps
that fill the gaps are in docs/architecture.md, under "Add a kind of entry".
"""

import ast
import inspect
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import generated_records
from api.app import create_app
from api.pages.glossary import definitions
from api.pages.labels import KINDS
from application.service import Service
from domain import facts
from domain.acts import Act, AnyAct

HOUSE = Path(__file__).parent.parent
RECIPE = 'docs/architecture.md, "Add a kind of entry", has the steps.'


def kinds() -> dict[str, type[Act]]:
    """Each kind that a class of the domain names, whether or not anything else knows the class."""
    return {
        words[0]: cls
        for cls in subclasses(Act)
        if cls.__module__.startswith("domain.") and (words := get_args(cls.model_fields["kind"].annotation))
    }


def subclasses(cls: type[Act]) -> Iterator[type[Act]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def cases_in(source: str) -> set[str]:
    """The words that some `case` in a source matches."""
    patterns = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.MatchValue)]
    return {str(pattern.value) for pattern in patterns if isinstance(pattern, ast.Constant)}


def openapi_document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        service = Service(f"sqlite:///{folder}/kinds.db")
        try:
            return create_app(service).openapi()
        finally:
            service.close()


class Record:
    """The places where a kind has to be known, read once."""

    def __init__(self) -> None:
        self.glossary = (HOUSE / "docs" / "glossary.md").read_text(encoding="utf-8")
        self.cases = cases_in(inspect.getsource(facts))
        document = openapi_document()
        self.bodies = document["components"]["schemas"]["Entry"]["discriminator"]["mapping"]
        (asked,) = (
            parameter
            for parameter in document["paths"]["/api/v1/timeline"]["get"]["parameters"]
            if parameter.get("name") == "kind"
        )
        self.asked = asked["schema"]["enum"]

    def gaps(self, kind: str, cls: type[Act]) -> Iterator[str]:
        """What a kind lacks, each as the file to open and the thing to put there."""
        topic = getattr(cls, "TOPIC", None)
        if topic is None:
            yield f"src/domain/acts.py: {cls.__name__} has no TOPIC"
        if cls not in get_args(AnyAct):
            yield f"src/domain/acts.py: {cls.__name__} is not in the union AnyAct"
        if kind not in get_args(facts.Kind):
            yield "src/domain/facts.py: not in the Literal Kind"
        if kind not in self.cases:
            yield "src/domain/facts.py: no case in the match of _of_kind"
        line = f"| `{kind}` | {cls.__name__} | `{topic}` |"
        if line not in self.glossary or ("kind", kind) not in definitions():
            yield f'docs/glossary.md: no line "{line} what happened |" under "Kinds of entry"'
        golden = f"tests/golden/{topic}-{cls.VERSION}.json"
        if not (HOUSE / golden).is_file():
            yield f"{golden}: no such file, with one entry of the kind as the log stores it"
        if kind not in generated_records.KINDS:
            yield "tests/generated_records.py: not in KINDS, so that no random record has it"
        if kind not in KINDS:
            yield "src/api/pages/labels.py: no label in KINDS, which follows from AnyAct"
        if kind not in self.bodies:
            yield "/openapi.json: no such body for POST /entries, which follows from AnyAct"
        if kind not in self.asked:
            yield "/openapi.json: GET /timeline does not take it as `kind`, which follows from Kind"


def gaps() -> list[str]:
    """Every gap, a line each, the kind first."""
    record, classes = Record(), kinds()
    lines = [f"{kind}: {gap}" for kind, cls in classes.items() for gap in record.gaps(kind, cls)]
    return lines + [
        f"{kind}: src/domain/acts.py: no class of that kind" for kind in get_args(facts.Kind) if kind not in classes
    ]


def main(lines: Sequence[str]) -> int:
    if not lines:
        return 0
    sys.stderr.write("\n".join(("A kind of entry is not known everywhere:", *lines, RECIPE, "")))
    return 1


if __name__ == "__main__":
    sys.exit(main(gaps()))
