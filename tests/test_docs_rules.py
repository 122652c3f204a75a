"""The page on trying other rules: its commands and its example module, run as they are printed."""

import json
import re
from pathlib import Path

import pytest

from command_line import SEEDS, run
from domain.status import PRESENT, RULE_SETS

PAGE = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")
(MODULE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^dispute-timeline (replay .*)$", PAGE, re.MULTILINE)


def test_the_commands_and_the_module_of_the_page_do_what_it_says(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(sqlite_url, "load", SEEDS).code == 0
    (tmp_path / "by_the_morning.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        assert run(sqlite_url, *command.split()).code == 0
    said = run(sqlite_url, *COMMANDS[1].split(), "--json").out
    assert set(json.loads(said)) == set(re.findall(r'"(\w+)"', PAGE.partition("`{")[2].partition(": [")[0]))


def test_an_example_rule_set_and_every_function_of_a_set_are_on_the_page() -> None:
    assert [name for name in RULE_SETS if f"| `{name}` |" not in PAGE] == []
    functions = set(PRESENT.__dataclass_fields__) - {"name"}
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \|$", PAGE, re.MULTILINE)) == functions
