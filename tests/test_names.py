"""The house speaks the field's words: values are called for the thing they are, and a public name means one thing."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src"
MODULES = sorted(path for path in SRC.rglob("*.py") if "migrations" not in path.parts)

BANNED = {"one", "its", "told", "said", "found"}
"""They say nothing of what a value is: an entry, a route, rows, a deadline."""

SAME_MEANING = {
    "router": "FastAPI's own word for a module's routes",
    "log": "a module's logger, and the table of the log",
    "main": "the entry point of a program",
}
"""Public names that stand in several rooms because they mean the same in each."""
NOT_ASKED = {
    SRC / "eventlog" / "verify_proof.py": "reporters run it without the rest, so it says again what a Merkle tree is",
    SRC / "api" / "openapi" / "schemas.py": "its models are the domain's answers, under the names of the document",
}


def values_named(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to a value: variables, parameters, attributes; and to functions and imports."""
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.alias):
            yield node.lineno, node.asname or node.name
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_value_is_called_for_the_thing_it_is(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    assert [f"{path.relative_to(SRC)}:{line} {name}" for line, name in values_named(module) if name in BANNED] == []


@pytest.mark.parametrize(
    "source",
    [
        "one = 1",
        "for its in (): pass",
        "def read(told): pass",
        "self.said = 2",
        "[found for found in ()]",
        "lambda one: 1",
        "with open() as found: pass",
        "import json as said",
        "def told(): pass",
        "if (one := 1): pass",
    ],
)
def test_a_value_without_a_name_of_its_own_is_recognised(source: str) -> None:
    assert any(name in BANNED for _, name in values_named(ast.parse(source)))


def public_names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("TypeVar("):
            continue
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


def test_a_public_name_means_one_thing_in_all_rooms() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        room = path.relative_to(SRC).parts[0]
        if path not in NOT_ASKED and room != "cli":  # commands are named for what they do, as their use cases are
            for name in public_names(ast.parse(path.read_text(encoding="utf-8"))):
                if not name.startswith("_") and name not in SAME_MEANING:
                    rooms[name].add(room)
    alike = {name: sorted(where) for name, where in rooms.items() if len(where) > 1}
    assert alike == {}
