"""CSV as spreadsheets write it: each table is read, or refused in words that help."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import World, place
from command_line import run

HEADING = ["id", "kind", "occurred", "actor.party", "jurisdictions", "summary", "sources.0.id", "sources.0.title",
           "sources.0.rank"]  # fmt: skip
SAID = ["said", "statement", "2017-05-01", "federal", "springfield", "“¿Qué?” — said the mayor’s office", "s1",
        "A page", "primary"]  # fmt: skip


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        for id_ in ("springfield", "shelbyville"):
            assert world.post("jurisdictions", place(id_)).status_code == 201
        yield world


def written(*rows: list[str], separator: str = ",", end: str = "\r\n") -> str:
    return "".join(separator.join(row) + end for row in rows)


def sent(world: World, table: str | bytes, content_type: str = "text/csv") -> Any:
    body = table if isinstance(table, bytes) else table.encode()
    return world.send(body, "entries:batch", **{"Content-Type": content_type}).json()


def problems(told: Any) -> list[tuple[int, str, str]]:
    assert told["status"] == 422, told
    return [(error["row"], error["field"], error["message"]) for error in told["errors"]]


TABLE = written(HEADING, SAID)


@pytest.mark.parametrize(
    ("table", "content_type"),
    [
        (TABLE.encode(), "text/csv"),
        (TABLE.encode(), "text/csv; charset=utf-8; header=present"),
        (TABLE.encode("utf-8-sig"), "text/csv"),
        (TABLE.encode("utf-16"), "text/csv"),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), "text/csv; charset=UTF-16"),
        (TABLE.encode("utf-16-le"), "text/csv"),
        (TABLE.encode("utf-16-be"), "text/csv; charset=utf-16be"),
        (TABLE.encode("utf-16-be"), "text/csv; charset=utf-16"),
        (TABLE.encode("utf-16-le"), "text/csv; charset=utf-16"),
        (TABLE.encode("cp1252"), "text/csv; charset=windows-1252"),
        (TABLE.encode("cp1252"), 'text/csv; header=present; charset="ISO-8859-1"'),
        (written(HEADING, SAID, separator=";").encode(), "text/csv"),
        (written(HEADING, SAID, separator="\t").encode("utf-16"), "text/csv"),
        (("sep=;\r\n" + written(HEADING, SAID, separator=";")).encode(), "text/csv"),
        (written(HEADING, SAID, end="\r").encode(), "text/csv"),
        (written(HEADING, SAID, end="\n").encode(), "text/csv"),
        (written(HEADING, [""] * 9, SAID, [" "] * 9, [""] * 9).encode(), "text/csv"),
        (written([""] * 9, HEADING, SAID).encode(), "text/csv"),
        (("\r\n" + TABLE).encode(), "text/csv"),
        (written([*HEADING, ""], [*SAID, ""]).encode(), "text/csv"),
        (written(HEADING, [*SAID, "", " "]).encode(), "text/csv"),
        (written([*HEADING[:3], "", *HEADING[3:]], [*SAID[:3], "", *SAID[3:]]).encode(), "text/csv"),
        (written([f'" {name} "' for name in HEADING], SAID, separator=";").encode(), "text/csv"),
    ],
)
def test_a_table_is_read_as_spreadsheets_write_it(world: World, table: bytes, content_type: str) -> None:
    told = sent(world, table, content_type)
    assert told.get("recorded") == 1, told
    entry = world.get("entries/said")
    assert (entry["summary"], entry["sources"][0]["rank"]) == (SAID[5], "primary")


@pytest.mark.parametrize(
    ("table", "content_type", "words"),
    [
        (TABLE.encode("cp1252"), "text/csv", "charset=windows-1252"),
        (TABLE.encode(), "text/csv; charset=klingon", "the character set is none of utf-8, "),
        (TABLE.encode("utf-16")[:-1], "text/csv", "is not UTF-16: truncated data"),
        (written(HEADING, [*SAID, "more"]).encode(), "text/csv", "has 10 cells, and the heading 9"),
        (written([*HEADING, ""], [*SAID, "more"]).encode(), "text/csv", "stands in a column that has no name"),
        (written(["a"] * 10_001).encode(), "text/csv", "has 10,001 columns, and at most 10,000 are read"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_words_that_help(
    world: World, table: bytes, content_type: str, words: str
) -> None:
    assert any(words in message for _, _, message in problems(sent(world, table, content_type)))


def test_a_foreign_heading_is_one_error(world: World) -> None:
    foreign = [f"Column {number}" for number in range(14)]
    ((row, field, message),) = problems(sent(world, written(foreign, foreign)))
    assert (row, field) == (1, "Column 0")
    assert "and 9 more are no fields of the record" in message
    assert "the first row is to be a heading such as id, kind, occurred, " in message


def test_a_mistyped_column_is_told_the_nearest(world: World) -> None:
    ((_, field, message),) = problems(sent(world, TABLE.replace("actor.party", "actor.prty")))
    assert field == "actor.prty"
    assert "did you mean 'actor.party'?" in message


def test_lists_and_roles_are_read_as_people_write_them(world: World) -> None:
    heading = [*HEADING, "case.id", "case.caption", "roles", "authority"]
    filed = ["filed", "lawsuit_filed", *SAID[2:4], "springfield; shelbyville", *SAID[5:], "a-v-b", "A v. B"]
    table = written(heading, [*filed, "springfield: plaintiff | shelbyville: defendant", "5 U.S.C. 706, 8 U.S.C. 1373"],
                    separator="\t")  # fmt: skip
    assert sent(world, table)["recorded"] == 1
    entry = world.get("entries/filed")
    assert entry["jurisdictions"] == ["springfield", "shelbyville"]
    assert entry["roles"] == {"springfield": "plaintiff", "shelbyville": "defendant"}
    assert entry["authority"] == ["5 U.S.C. 706, 8 U.S.C. 1373"]


@pytest.mark.parametrize("aliases", ["NOLA | The Crescent City", '"[""NOLA"", ""The Crescent City""]"'])
def test_aliases_are_read_plain_or_as_json(world: World, aliases: str) -> None:
    table = written(["id", "name", "kind", "state", "time_zone", "aliases"],
                    ["new-orleans-la", "New Orleans", "city", "LA", "America/Chicago", aliases])  # fmt: skip
    assert sent(world, table)["recorded"] == 1
    assert world.get("jurisdictions/new-orleans-la")["aliases"] == ["NOLA", "The Crescent City"]


@pytest.mark.parametrize("roles", ["plaintiff", "springfield:", "springfield: plaintiff | springfield: defendant"])
def test_roles_that_are_none_are_told_how_to_write_them(world: World, roles: str) -> None:
    heading = [*HEADING, "case.id", "case.caption", "roles"]
    filed = ["filed", "lawsuit_filed", *SAID[2:], "a-v-b", "A v. B", roles]
    ((row, field, message),) = problems(sent(world, written(heading, filed)))
    assert (row, field) == (2, "roles")
    assert "pairs such as new-orleans-la: plaintiff" in message or "is given twice" in message


def test_line_ends_within_cells_are_read_as_the_record_writes_them(world: World) -> None:
    said = [*SAID[:5], '"One.\r\nTwo.\rThree.\nFour."', *SAID[6:]]
    assert sent(world, written(HEADING, said))["recorded"] == 1
    assert world.get("entries/said")["summary"] == "One.\nTwo.\nThree.\nFour."


def test_rows_are_numbered_as_a_spreadsheet_counts_whatever_is_empty(world: World) -> None:
    bad = ["bad", "letter", *SAID[2:]]
    table = written(HEADING, SAID, [""] * 9, bad, ["x", '"never closed'])
    assert [row for row, _, _ in problems(sent(world, table))] == [4, 5]


def test_csv_for_spreadsheets_begins_with_a_mark_where_it_is_asked_for(world: World) -> None:
    sent(world, TABLE)
    for address in ("timeline", "deadlines", "changes", "history", "jurisdictions/springfield/timeline"):
        changes = {"from_": "1"} if address == "changes" else {}
        plain = world.ask(f"{address}.csv", **changes)
        marked = world.ask(f"{address}.csv", bom="true", **changes)
        assert (plain.status_code, marked.status_code) == (200, 200)
        assert marked.content == b"\xef\xbb\xbf" + plain.content
        assert marked.headers["etag"] != plain.headers["etag"]
        refused = world.ask(f"{address}.ndjson", bom="true", **changes)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "bom")


def test_load_reads_the_character_set_that_it_is_told(sqlite_url: str, tmp_path: Path) -> None:
    table = written(["id", "name", "kind", "state", "time_zone"], ["x", "Cañon City", "city", "CO", "America/Denver"])
    file = tmp_path / "places.csv"
    file.write_bytes(table.encode("cp1252"))
    refused = run(sqlite_url, "load", "--json", file)
    assert refused.code != 0
    assert "load --charset windows-1252" in json.loads(refused.out)["errors"][0]["message"]
    assert run(sqlite_url, "load", "--charset", "windows-1252", file).code == 0
