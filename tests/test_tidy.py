"""The house rules that no other tool checks."""

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, get_args

import pytest
import typer.main
from fastapi.routing import APIRoute

import check_kinds
from api.app import create_app
from application.service import Service
from cli.main import app as command_line
from domain import facts, values
from domain.acts import Act
from domain.decisions import Standing
from domain.events import ACT_CLASSES, EVENT_CLASSES
from domain.values import Party

HOUSE = Path(__file__).parent.parent
SRC = HOUSE / "src"
CLOCK = SRC / "application" / "clock.py"
LONGEST = 350
WEAK_NAMES = {"utils", "helpers", "common", "base", "manager", "warnings"}
CLOCK_READINGS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
}
NOT_OURS = {".git", ".venv", ".venv-run", ".hypothesis", "__pycache__", "build", "data", "dist"}

# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = [
    "/sim" + "ple/",
    "index-" + "url",
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    ".." + "/shared",
    *("/wo" + f"rk/{folder}" for folder in ("main", "shared", "steering", ".library")),
    "sub" + "agent",
]


def parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(HOUSE).parts


def made(path: Path) -> bool:
    return any(part in NOT_OURS or part.endswith("_cache") for part in parts(path))


def kept_files() -> list[Path]:
    """What git keeps or would keep; without git, all that a set-up did not make."""
    git = shutil.which("git")
    if git and (HOUSE / ".git").exists():
        listing = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=HOUSE, capture_output=True, check=True, text=True).stdout
        paths = [HOUSE / name for name in names.split("\0") if name]
    else:
        paths = [path for path in HOUSE.rglob("*") if not made(path)]
    return sorted(path for path in paths if path.is_file())


KEPT = kept_files()
PYTHON = [path for path in KEPT if path.suffix == ".py"]
IN_SRC = [path for path in PYTHON if path.is_relative_to(SRC)]


def where(path: Path, line: int | None = None) -> str:
    return f"{path.relative_to(HOUSE)}:{line}" if line else str(path.relative_to(HOUSE))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def test_a_source_file_holds_one_subject() -> None:
    long = [where(path) for path in IN_SRC if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST]
    assert long == []


def test_every_module_opens_with_what_lives_here() -> None:
    silent = [where(path) for path in PYTHON if not ast.get_docstring(tree(path))]
    assert silent == []


def test_a_module_is_named_for_its_subject() -> None:
    weak = [where(path) for path in PYTHON if WEAK_NAMES.intersection({path.stem, *parts(path)})]
    assert weak == []


def test_only_the_composition_root_reads_a_clock() -> None:
    found = [where(path, line) for path in IN_SRC if path != CLOCK for line in clock_readings(tree(path))]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "date.today()",
        "time.time()",
        "f = datetime.now",
        "from time import time",
    ],
)
def test_a_clock_is_recognised(line: str) -> None:
    assert list(clock_readings(ast.parse(line))) == [1]


def clock_readings(module: ast.Module) -> Iterator[int]:
    """The lines that read a clock or take hold of one; measuring how long something takes is not one."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            if any(dotted == reading or dotted.endswith(f".{reading}") for reading in CLOCK_READINGS):
                yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if f"time.{alias.name}" in CLOCK_READINGS)


def test_the_domain_imports_only_the_standard_library_and_pydantic() -> None:
    allowed = {*sys.stdlib_module_names, "domain", "pydantic", "pydantic_core"}
    strange = [
        f"{where(path)} imports {name}"
        for path in IN_SRC
        if path.is_relative_to(SRC / "domain")
        for name in imports(tree(path))
        if name.partition(".")[0] not in allowed
    ]
    assert strange == []


def imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_whoever_silences_a_check_says_why() -> None:
    bare = [where(path, line) for path in PYTHON for line in unexplained(path.read_text(encoding="utf-8"))]
    assert bare == []


@pytest.mark.parametrize(
    ("comment", "explained"),
    [
        ("# noqa: S608", False),
        ("# type: " + "ignore[arg-type]", False),
        ("# ruff: " + "noqa", False),
        ("# noqa: S608  # the name is one of ours", True),
        ("# type: " + "ignore[arg-type]  # None before a connection", True),
        ("# an ordinary comment", True),
    ],
)
def test_a_bare_silencer_is_recognised(comment: str, explained: bool) -> None:  # noqa: FBT001  # a row of the table
    assert (list(unexplained(f"x = 1  {comment}\n")) == []) is explained


SILENCER = re.compile(r"type:\s*ignore(\[[\w\s,-]*\])?|(ruff:\s*)?noqa(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?")


def unexplained(source: str) -> Iterator[int]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and SILENCER.search(token.string):
            reason = re.findall(r"[a-z]{2,}", SILENCER.sub("", token.string))
            if len(reason) < 2:
                yield token.start[0]


def test_no_file_names_a_place_that_only_one_machine_has() -> None:
    leaks = [
        f"{where(path)} has {word}" for path in KEPT for word in FORBIDDEN if word.encode() in path.read_bytes().lower()
    ]
    assert leaks == []


def test_a_decision_says_why_and_what_follows() -> None:
    wanted = ["Status", "Context", "Decision", "Consequences"]
    gaps = [
        f"{where(path)} lacks {part}"
        for path in KEPT
        if path.parent == HOUSE / "docs" / "adr"
        for part in wanted
        if not re.search(rf"^(#+ |\*\*|- )?{part}\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert gaps == []


def test_every_make_target_is_introduced_by_a_sentence() -> None:
    lines = (HOUSE / "Makefile").read_text(encoding="utf-8").splitlines()
    silent = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if re.match(r"[a-z-]+:(?!=)", line) and not re.match(r"# [A-Z].*[.]$", before)
    ]
    assert silent == []


def pages() -> str:
    """The README, and every page in docs/ that it leads to."""
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"\]\((docs/[\w-]+\.md)\)", readme)))
    return "\n".join([readme, *((HOUSE / name).read_text(encoding="utf-8") for name in names)])


def glossary() -> str:
    return (HOUSE / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_every_kind_of_entry_is_known_everywhere() -> None:
    assert check_kinds.gaps() == []


def test_a_kind_that_only_has_a_class_is_named_with_all_that_it_lacks() -> None:
    class Invented(Act):
        TOPIC = "invented"
        kind: Literal["invented"]

    lacking = [gap.partition(":")[0] for gap in check_kinds.Record().gaps("invented", Invented)]
    assert lacking == [
        "src/domain/acts.py",
        "src/domain/facts.py",
        "src/domain/facts.py",
        "docs/glossary.md",
        "tests/golden/invented-1.json",
        "tests/generated_records.py",
        "src/api/pages/labels.py",
        "/openapi.json",
        "/openapi.json",
    ]
    assert check_kinds.main(["invented: a gap"]) == 1


@pytest.mark.parametrize("topic", sorted(EVENT_CLASSES))
def test_an_event_has_a_line_in_the_glossary_and_a_golden_file(topic: str) -> None:
    cls = EVENT_CLASSES[topic]
    assert f"| {cls.__name__} | `{topic}` |" in glossary()
    assert (HOUSE / "tests" / "golden" / f"{topic}-{cls.VERSION}.json").is_file()


@pytest.mark.parametrize(
    "words",
    [ACT_CLASSES, get_args(facts.Stage), get_args(values.CourtValue), get_args(values.Scope), get_args(values.Role)]
    + [
        get_args(one)
        for one in (values.Outcome, values.Effect, values.Direction, values.Form, values.Subpoena, Party, Standing)
    ]
    + [
        ("due", "responded", "no_response_known", "none_demanded"),
        ("listed", "listed_disputed", "removed", "list_taken_down", "dormant", "not_listed"),
        ("threatened", "condition_in_award", "condition_withdrawn", "withheld", "released", "threat_ended"),
        ("in_force", "amended", "rescinded", "moot", "covered_non_party"),
        ("open", "answered", "lapsed", "moot", "withdrawn"),
        ("as_of", "public_by", "recorded_by", "possibly"),
    ],
)
def test_a_word_that_the_answers_use_is_in_the_glossary(words: Iterable[str]) -> None:
    assert [word for word in words if f"`{word}`" not in glossary()] == []


def commands(command: object, path: str = "dispute-timeline") -> Iterator[str]:
    for name, subcommand in getattr(command, "commands", {}).items():
        yield from commands(subcommand, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path


def test_every_command_is_in_the_readme_or_a_page_that_it_leads_to() -> None:
    names = list(commands(typer.main.get_command(command_line)))
    assert len(names) > 8
    text = pages()
    assert [name for name in names if name not in text] == []


def test_every_route_is_in_the_readme_or_a_page_that_it_leads_to(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    app = create_app(service)
    service.close()
    routes = [
        f"{method} {re.sub(r'{(?!format)[^}]+}', '{id}', route.path_format.removeprefix('/api/v1'))}"
        for route in app.routes
        if isinstance(route, APIRoute)  # also those that the document leaves out
        for method in route.methods or ()
    ]
    assert len(routes) > 45
    text = pages()
    missing = "\n".join(route for route in routes if route not in text)
    assert missing == "", "name them so in docs/reading.md, those with a suffix in docs/publishing.md"
