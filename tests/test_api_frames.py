"""Lists as pandas reads them: a column has one type, whatever is in it, and no date becomes a day that nobody gave."""

import io
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import api_world
from api_world import World
from naive_rules import bounds

DAY, INSTANT = "datetime64[ns]", "datetime64[ns, UTC]"
TYPES = {
    "timeline": {
        **dict.fromkeys(("earliest", "latest", "public_earliest", "public_latest"), DAY),
        **dict.fromkeys(("recorded_at", "revised_at"), INSTANT),
        **dict.fromkeys(("position", "version", "revised_position"), "Int64"),
        **dict.fromkeys(("jurisdictions", "answers", "quotes", "sources", "source_urls"), "object"),
        "certain": "boolean",
    },
    "deadlines": {"due": DAY, "original_due": DAY, "late": "boolean"},
    "history": {"on": DAY, "earliest": DAY, "latest": DAY, "sources": "object", "source_urls": "object"},
}
PLURALS = {"timeline": "entries", "deadlines": "deadlines", "history": "transitions"}
CLOCKS: list[dict[str, Any]] = [
    {},
    {"as_of": "2017-10-12"},
    {"as_of": "2018-06-01", "public_by": "2018-01-01"},
    {"recorded_by": 300},
    {"as_of": "2017-07-07", "public_by": "2017-07-07", "recorded_by": 400},
    {"as_of": "2010-01-01"},  # an empty frame has types, too
]


@pytest.fixture(scope="module")
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("frames")) as world:
        yield api_world.with_the_record(world)


def framed(world: World, address: str, **question: Any) -> Any:
    answer = world.ask(f"{address}.table.json", **question)
    assert answer.status_code == 200, answer.text
    return pd.read_json(io.BytesIO(answer.content), orient="table")


def given(value: Any) -> Any:
    """A cell as JSON would have it."""
    if isinstance(value, list):
        return value
    return None if pd.isna(value) else value.date().isoformat() if isinstance(value, pd.Timestamp) else value


@pytest.mark.parametrize("clocks", CLOCKS, ids=str)
@pytest.mark.parametrize("what", TYPES)
@pytest.mark.parametrize("whose", ["", "jurisdictions/new-orleans-la/", "jurisdictions/wasco-county-or/"])
def test_a_column_has_its_type_whatever_is_in_it(record: World, whose: str, what: str, clocks: dict[str, Any]) -> None:
    frame = framed(record, whose + what, **clocks)
    assert {name: str(its) for name, its in frame.dtypes.items()} == {
        name: TYPES[what].get(name, "string") for name in frame.columns
    }
    assert set(TYPES[what]) <= set(frame.columns)
    assert len(frame) == len(api_world.pages(record, whose + what, PLURALS[what], limit=1000, **clocks))


def test_a_frame_says_what_the_json_says(record: World) -> None:
    for what, kept in (
        ("deadlines", ("demand", "addressee", "due", "original_due", "words", "state", "late", "answer", "review")),
        ("history", ("jurisdiction", "track", "key", "from", "to", "on", "since", "entry")),
    ):
        whole = api_world.pages(record, what, PLURALS[what], limit=1000)
        rows = framed(record, what).to_dict("records")
        assert [{name: given(row[name]) for name in kept} for row in rows] == [
            {name: one[name] for name in kept} for one in whole
        ]
    entries = api_world.pages(record, "timeline", "entries", limit=1000)
    for row, entry in zip(framed(record, "timeline").to_dict("records"), entries, strict=True):
        assert (row["id"], row["certain"], row["version"]) == (entry["id"], entry["certain"], entry["log"]["version"])
        assert (row["jurisdictions"], row["answers"]) == (entry["jurisdictions"], entry.get("answers", []))
        assert row["quotes"] == [one["text"] for one in entry.get("quotes", ())]
        assert row["recorded_at"] == pd.Timestamp(entry["log"]["recorded_at"])
        assert given(row["public"]) == entry.get("public")


def test_a_date_that_is_no_day_stays_as_written_and_its_bounds_are_days(record: World) -> None:
    frame = framed(record, "timeline")
    assert (frame["earliest"] < frame["latest"]).any()
    for one in frame.to_dict("records"):
        assert (given(one["earliest"]), given(one["latest"])) == bounds(one["occurred"])
        public = one["occurred"] if pd.isna(one["public"]) else one["public"]
        assert (given(one["public_earliest"]), given(one["public_latest"])) == bounds(public)
    for one in framed(record, "history").to_dict("records"):
        expected = (None, None) if pd.isna(one["since"]) else bounds(one["since"])
        assert (given(one["earliest"]), given(one["latest"])) == expected


@pytest.mark.parametrize("what", TYPES)
def test_csv_and_ndjson_say_the_same_where_a_reader_names_the_days(record: World, what: str) -> None:
    whole = framed(record, what)
    days = [name for name, its in TYPES[what].items() if its == DAY]
    text = io.BytesIO(record.ask(f"{what}.csv").content)
    table = pd.read_csv(text, parse_dates=days, dtype_backend="numpy_nullable")
    assert list(table.columns) == list(whole.columns)
    for name in days:
        assert table[name].dtype.kind == "M"
        assert table[name].astype(DAY).equals(whole[name]), name
    for name, its in TYPES[what].items():
        if its in ("boolean", "Int64"):
            assert table[name].equals(whole[name]), name
    lines = pd.read_json(io.BytesIO(record.ask(f"{what}.ndjson").content), lines=True, dtype=False)
    assert len(lines) == len(whole)
    if what == "deadlines":
        assert pd.to_datetime(lines["due"]).astype(DAY).equals(whole["due"])


def test_a_table_is_streamed_in_pieces_that_fit_together(record: World) -> None:
    whole = record.ask("history.table.json").json()
    assert len(whole["data"]) > 1000
    assert {len(row) for row in whole["data"]} == {len(whole["schema"]["fields"])}
    address, seen = "/api/v1/history.table.json?limit=999", []
    while address:
        page = record.client.get(address)
        seen += page.json()["data"]
        address = page.links.get("next", {}).get("url", "").partition("testserver")[2]
    assert seen == whole["data"]
