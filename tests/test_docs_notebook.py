"""The page "A notebook's friend": run as it stands, compared word for word, and its numbers found out another way."""

import os
import re
import runpy
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import api_world
import naive_rules
from serving import COMMAND, served

HOUSE = Path(__file__).parent.parent
DOCS = HOUSE / "docs"
PAGE = (DOCS / "notebook.md").read_text(encoding="utf-8")
PLOTS = sorted(path.name for path in DOCS.glob("notebook-*.svg"))
AS_OF = "2026-11-24"
REVIEW = "section-1373-jag"
EVENTS = {"correct": "corrected", "dispute": "disputed", "retract": "retracted", "reinstate": "reinstated"}
LOG: list[dict[str, Any]] = [
    *({"event": "added", "jurisdiction": one} for one in api_world.read(api_world.SEEDS / "jurisdictions.yaml")),
    *({"event": "recorded", "entry": one} for one in api_world.recorded_entries().values()),
    *({**one, "event": EVENTS[one["act"]]} for one in api_world.read(api_world.SEEDS / "corrections.yaml")),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the real record, as `make run` makes one."""
    folder = tmp_path_factory.mktemp("notebook")
    database = {"DATABASE_URL": f"sqlite:///{folder}/timeline.db"}
    subprocess.run([COMMAND, "load", HOUSE / "seeds"], check=True, capture_output=True, env={**os.environ, **database})
    with served(folder, **database) as (root, _):
        yield root


@pytest.fixture(scope="module")
def ran(address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], Path]:
    """The page as it comes out now, the names that it leaves, and where its plots are."""
    folder = tmp_path_factory.mktemp("plots")
    written, names = runpy.run_path(str(DOCS / "notebook.py"))["run"](PAGE, address, folder)
    return written, names, folder


@pytest.fixture(scope="module")
def rules() -> tuple[naive_rules.Places, list[naive_rules.Entry]]:
    """The places, and what certainly counts, as a naive reading of the seeds has them."""
    places, entries = naive_rules.on_record(LOG)
    return places, naive_rules.acts_that(("certainly",), entries, AS_OF, None)


def texts(path: Path) -> list[str]:
    """What a plot says, and how many marks it has."""
    drawn = list(ET.parse(path).getroot().iter())
    said = ["".join(one.itertext()).strip() for one in drawn if one.tag.endswith("}text")]
    return [*said, str(sum(one.tag.endswith("}use") for one in drawn))]


def between(first: naive_rules.Entry, second: naive_rules.Entry) -> tuple[int, int]:
    """The fewest and the most days from one act to the next."""
    (one, other), (start, end) = naive_rules.bounds(first["occurred"]), naive_rules.bounds(second["occurred"])
    fewest = (date.fromisoformat(start) - date.fromisoformat(other)).days
    return max(fewest, 0), (date.fromisoformat(end) - date.fromisoformat(one)).days


def test_the_page_prints_what_stands_in_it(ran: tuple[str, dict[str, Any], Path]) -> None:
    assert ran[0] == PAGE


def test_the_page_makes_the_plots_that_are_kept(ran: tuple[str, dict[str, Any], Path]) -> None:
    made = sorted(path.name for path in ran[2].iterdir())
    assert made == PLOTS
    assert len(PLOTS) > 1
    for name in PLOTS:
        assert f"]({name})" in PAGE
        assert texts(ran[2] / name) == texts(DOCS / name), name
        assert (DOCS / name).stat().st_size < 60_000


def test_how_long_it_took_follows_from_the_seeds(
    ran: tuple[str, dict[str, Any], Path], rules: tuple[naive_rules.Places, list[naive_rules.Entry]]
) -> None:
    places, acts = rules
    by_id = {act["id"]: act for act in acts}
    expected = []
    for one in naive_rules.all_deadlines(LOG, AS_OF):
        demand = by_id[one["demand"]]
        if naive_rules.review_of(demand) != REVIEW or demand["kind"] == "condition_imposed" or not one["answer"]:
            continue
        answer = by_id[one["answer"]]
        found: list[Any] = [
            (stage, *between(answer, act))
            for stage, act in naive_rules.stage_moves(places, acts, REVIEW, one["addressee"])
            if act["kind"] == "finding" and naive_rules.latest(act) >= naive_rules.latest(answer)
        ]
        expected.append(
            (one["demand"], one["addressee"], *between(demand, answer), *(found or [(None, None, None)])[0])
        )
    names = ran[1]
    told = pd.concat(
        [names["waits"][["demand", "addressee"]], names["to_answer"], names["waits"]["to"], names["to_finding"]], axis=1
    )
    rows = [tuple(None if pd.isna(cell) else cell for cell in row) for row in told.itertuples(index=False)]
    assert sorted(rows, key=str) == sorted(expected, key=str)
    assert len(rows) > 20


def test_who_never_answered_follows_from_the_seeds(ran: tuple[str, dict[str, Any], Path]) -> None:
    asked = [one for one in naive_rules.all_deadlines(LOG, AS_OF) if one["for"] == "answer"]
    number, answered = Counter(one["demand"] for one in asked), Counter(one["demand"] for one in asked if one["answer"])
    table = ran[1]["demands"]
    assert {demand: (row["places"], row["answered"]) for demand, row in table.iterrows()} == {
        demand: (count, answered[demand]) for demand, count in number.items()
    }
    silent = {one["addressee"] for one in asked} - {one["addressee"] for one in asked if one["answer"]}
    assert set(ran[1]["silent"].index) == silent
    assert "nearly half" in (DOCS / "notebook-answers.svg").read_text(encoding="utf-8")
    assert 0.45 < 1 - answered.total() / number.total() < 0.5  # what the headline says


def test_when_stages_changed_follows_from_the_seeds(
    ran: tuple[str, dict[str, Any], Path], rules: tuple[naive_rules.Places, list[naive_rules.Entry]]
) -> None:
    places, acts = rules
    expected: Counter[tuple[str, int]] = Counter()
    for place in places:
        days = {naive_rules.latest(act): stage for stage, act in naive_rules.stage_moves(places, acts, REVIEW, place)}
        before = "none_known"
        for day, stage in days.items():
            expected[stage, int(day[:4])] += stage != before
            before = stage
    counted = ran[1]["counted"].drop(index="none_known", errors="ignore").to_dict("index")
    told = {(stage, year): n for stage, years in counted.items() for year, n in years.items() if n}
    assert told == {one: n for one, n in expected.items() if n}


def test_the_three_lines_on_reading_give_the_three_lists(address: str) -> None:
    reading = (DOCS / "reading.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", reading, re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 3
    assert "/deadlines.table.json" in code
    for what, days in (
        ("timeline", ["earliest", "latest"]),
        ("deadlines", ["due", "original_due"]),
        ("history", ["on", "earliest"]),
    ):
        names: dict[str, Any] = {}
        exec(code.replace("http://127.0.0.1:8000", address).replace("/deadlines.", f"/{what}."), names)
        frame = next(value for value in names.values() if isinstance(value, pd.DataFrame))
        assert len(frame) > 100
        assert all(frame[day].dtype == "datetime64[ns]" for day in days)
