"""`load`: files of the record, whole or not at all, with errors that say where."""

import random
from pathlib import Path
from typing import Any

from application.bulk.yaml_rows import yaml_rows
from command_line import SEEDS, SPRINGFIELD, entry, run, written


def test_the_seeds_load_and_loading_them_again_changes_nothing(database_url: str) -> None:
    first = run(database_url, "load", SEEDS, "--json").json
    assert first["files"] >= 5
    assert first["recorded"] > 500
    assert first["already"] == 0
    again = run(database_url, "load", SEEDS, "--json").json
    nothing = {"recorded": 0, "suspected": [], "suspected_total": 0}
    assert again == {"files": first["files"], "already": first["recorded"], **nothing}
    said = run(database_url, "load", SEEDS)
    assert said.out.split()[-3:] == [str(first["files"]), "0", str(first["recorded"])]
    assert run(database_url, "verify").code == 0


def test_the_order_of_files_and_entries_makes_no_difference(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, "load", SEEDS)
    items: list[dict[str, Any]] = []
    for path in SEEDS.rglob("*.yaml"):
        with path.open("rb") as file:
            items += [dict(row.fields) for row in yaml_rows(file)]
    random.Random(1373).shuffle(items)
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    for number in range(7):
        written(shuffled / f"{number}.yaml", *items[number::7])
    other_url = f"sqlite:///{tmp_path}/other.db"
    assert run(other_url, "load", shuffled).code == 0
    for question in (
        ["status", "chicago-il", "--as-of", "2017-06-15"],
        ["status", "california", "--as-of", "2020-01-01", "--public-by", "2018-06-01"],
        ["deadlines", "--limit", "1000"],
        ["timeline", "--limit", "1000"],
    ):
        mine, others = (timeless(run(url, *question, "--json").json) for url in (sqlite_url, other_url))
        assert mine == others


def timeless(answer: Any) -> Any:  # whatever JSON can say
    """An answer without what depends on the order of arrival."""
    if isinstance(answer, dict):
        return {name: timeless(value) for name, value in answer.items() if name not in ("log", "position")}
    return [timeless(one) for one in answer] if isinstance(answer, list) else answer


def test_a_bad_file_is_named_with_entry_and_field_and_nothing_is_recorded(database_url: str, tmp_path: Path) -> None:
    good = written(tmp_path / "places.yaml", SPRINGFIELD)
    bad = written(tmp_path / "acts.yaml", entry("2017-good"), entry("2017-bad", occurred="2017-02-30", colour="red"))
    said = run(database_url, "load", good, bad, "--json")
    assert said.code == 1
    assert [(Path(one["file"]).name, one["entry"], one["field"], one["value"]) for one in said.json["errors"]] == [
        ("acts.yaml", "2017-bad", "occurred", "2017-02-30"),
        ("acts.yaml", "2017-bad", "colour", "red"),
    ]
    shown = run(database_url, "load", good, bad)
    assert shown.code == 1
    assert all(word in shown.out for word in ("2017-bad", "occurred", "2017-02-30", "colour"))
    assert shown.err == "dispute-timeline: nothing was recorded: 2 errors\n"
    assert run(database_url, "status", "springfield-zz").code == 1
    assert run(database_url, "rebuild", "--json").json == {"events": 0}


def test_what_the_record_cannot_carry_is_named_the_same_way(sqlite_url: str, tmp_path: Path) -> None:
    acts = written(tmp_path / "acts.yaml", entry("2017-nowhere", jurisdictions=["atlantis-zz"]))
    error = run(sqlite_url, "load", acts, "--json").json["errors"][0]
    assert (error["entry"], error["field"], error["value"]) == ("2017-nowhere", "jurisdictions", "atlantis-zz")


def test_an_id_on_record_with_other_content_is_a_conflict_that_says_what_differs(
    sqlite_url: str, tmp_path: Path
) -> None:
    acts = written(tmp_path / "acts.yaml", SPRINGFIELD, entry("2017-said"))
    assert run(sqlite_url, "load", acts).code == 0
    written(acts, SPRINGFIELD, entry("2017-said", summary="Something else was said."))
    said = run(sqlite_url, "load", acts)
    assert said.code == 1
    assert all(word in said.out for word in ("acts.yaml", "2017-said", "summary"))
    assert said.err == "dispute-timeline: nothing was recorded: 1 error\n"
    (error,) = run(sqlite_url, "load", acts, "--json").json["errors"]
    assert (error["row"], error["entry"], error["field"], error["value"]) == (2, "2017-said", "id", "2017-said")


def test_who_recorded_it_is_kept(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, "load", written(tmp_path / "places.yaml", SPRINGFIELD))
    run(sqlite_url, "load", written(tmp_path / "acts.yaml", entry("2017-said")), "--recorder", "newsroom")
    (said,) = run(sqlite_url, "timeline", "springfield-zz", "--json").json["entries"]
    assert said["log"]["recorder"] == "newsroom"


def test_files_that_are_not_there_or_not_the_record_are_said_in_a_line(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "map.yaml").write_text("a: 1", encoding="utf-8")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    for name in ("nowhere", "broken.yaml", "map.yaml", "bytes.yaml"):
        said = run(sqlite_url, "load", tmp_path / name)
        assert said.code == 1
        assert name in said.out + said.err
        assert said.err.count("\n") == 1
