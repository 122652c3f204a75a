"""`POST /entries:batch`: rows in every format, together or not at all, with a report of every bad one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

import api_world
from api.app import create_app
from api_world import DATABASES, SEEDS, World, act, pages, place, read, with_the_record
from application.bulk.batch import Report, record_rows
from application.settings import Settings
from eventlog.limits import ANSWERING, Limits, limits
from generated_records import generate
from tables_of import MEDIA_TYPES, table


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        world.post("jurisdictions", place("shelbyville"))
        yield world


@pytest.fixture
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite, for what no database has a say in."""
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def said(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, **act("statement", "2017-05-01", ["springfield"]), **more}


def batch(world: World, items: list[dict[str, Any]] | bytes, kind: str = "ndjson", query: str = "") -> httpx2.Response:
    body = items if isinstance(items, bytes) else table(items, kind)
    return world.send(body, f"entries:batch{query}", **{"Content-Type": MEDIA_TYPES[kind]})


def faults(answer: httpx2.Response) -> list[tuple[int, str, Any]]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [(one["row"], one["field"], one["value"]) for one in answer.json()["errors"]]


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_rows_may_rest_on_rows_before_and_after_them(world: World, kind: str) -> None:
    answered = {"id": "answer", **act("response", "2017-05-20", ["springfield"], answers=["demand"])}
    demand = {
        "id": "demand",
        **act("warning", "2017-05-01", ["springfield"], respond_by={"date": "2017-06-01"}),
        "summary": '=1+1, said they, «§ 1373»\nand more, "quoted"',
    }
    answer = batch(world, [answered, demand, {**answered, "id": "second"}], kind)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["recorded"], told["already"]) == (3, 0)
    assert world.get("entries/demand")["summary"] == demand["summary"]
    assert [one["state"] for one in world.get("jurisdictions/springfield/deadlines")["deadlines"]] == ["answered"]
    again = batch(world, [answered, demand, {**answered, "id": "second"}, answered], kind).json()
    assert (again["recorded"], again["already"], again["suspected"]) == (0, 4, [])


def test_every_bad_row_is_named_and_nothing_is_recorded(world: World) -> None:
    world.post("entries", said("there"))
    before = world.everything()
    lines = [
        json.dumps(said("good")),
        "",
        json.dumps(said("malformed", occurred="2017-02-30", colour="red")),
        "{not json",
        json.dumps({**said("nowhere"), "jurisdictions": ["atlantis"]}),
        json.dumps(said("there", summary="Something else.")),
        json.dumps(said("good", note="Another.")),
        '{"id": "twice", "id": "twice"}',
        '{"id": NaN}',
        '{"id": "\\ud800"}',
        "[1]",
        # What may be the fault of a row that was not read is not held against this one.
        json.dumps({"id": "answer", **act("response", "2017-06-01", ["springfield"], answers=["malformed"])}),
        json.dumps({**said("retracted"), "standing": "retracted"}),
        json.dumps({"act": "retract", "entry": "there", "reason": "Why not?"}),
    ]
    answer = batch(world, "\r\n".join(lines).encode())
    assert faults(answer) == [
        (3, "occurred", "2017-02-30"),
        (3, "colour", "red"),
        (4, "(the whole)", "{not json"),
        (5, "jurisdictions", "atlantis"),
        (6, "id", "there"),
        (7, "id", "good"),
        (8, "id", "twice"),
        (9, "(the whole)", "NaN"),
        (10, "id", "'\\ud800'"),
        (11, "(the whole)", [1]),
        (13, "standing", "retracted"),
        (14, "act", "retract"),
    ]
    messages = {one["row"]: one["message"] for one in answer.json()["errors"]}
    assert messages[6].endswith("with other content: summary")
    assert messages[7].endswith("note differ")
    assert answer.json()["errors_total"] == 12
    assert world.everything() == before


def test_a_hundred_errors_are_listed_and_all_are_counted(small: World) -> None:
    answer = batch(small, [{**said(f"bad-{number}"), "kind": "nonsense"} for number in range(250)])
    assert len(faults(answer)) == 100
    assert answer.json()["errors_total"] == 250
    assert "and 249 more" in answer.json()["detail"]


def test_a_file_of_nothing_but_bad_rows_is_not_read_to_its_end(small: World) -> None:
    forward = said("first", follows=["what-is-not-read"])
    answer = batch(small, [forward, *({} for _ in range(20_000)), said("what-is-not-read")])
    assert answer.status_code == 422
    assert "what-is-not-read" not in answer.text
    assert answer.json()["errors"][0]["message"].startswith("has too much wrong with it: what follows row ")
    assert 5_000 < answer.json()["errors_total"] < 5_100


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    world.post("entries", said("there"))
    before = world.everything()
    rows = [said("there"), said("new"), place("ogdenville")]
    tried = batch(world, rows, query="?dry_run=true").json()
    assert world.everything() == before
    assert tried.pop("dry_run") is True
    done = batch(world, rows).json()
    assert done.pop("dry_run") is False
    assert tried == done
    assert done["recorded"] == 2
    bad = [said("there", note="Another."), {**said("worse"), "jurisdictions": ["atlantis"]}]
    tried, done = batch(world, bad, query="?dry_run=true").json(), batch(world, bad).json()
    assert tried == done
    assert len(done["errors"]) == 2


def test_rows_of_the_same_kind_day_and_places_are_pointed_out(world: World) -> None:
    both = ["springfield", "shelbyville"]
    world.post("entries", said("there"))
    world.post("entries", {"id": "both", **act("statement", "2017-05-01", both)})
    rows = [
        said("one"),
        said("two"),
        {"id": "pair", **act("statement", "2017-05-01", both[::-1])},
        {"id": "kind", **act("meeting", "2017-05-01", ["springfield"])},
        {"id": "day", **act("statement", "2017-05-02", ["springfield"])},
        {"id": "month", **act("statement", "2017-05", ["springfield"])},
        {"id": "nobody", **act("statement", "2017-05-01", [])},
        {"id": "nobody-else", **act("statement", "2017-05-01", [])},
    ]
    told = batch(world, rows).json()
    assert (told["recorded"], told["suspected_total"]) == (8, 4)
    because = {"kind": "statement", "date": "2017-05-01", "jurisdictions": ["springfield"]}
    assert told["suspected"] == [
        {"row": 1, "entry": "one", "like": ["there"], "because": because},
        {"row": 2, "entry": "two", "like": ["there", "one"], "because": because},
        {"row": 3, "entry": "pair", "like": ["both"], "because": because | {"jurisdictions": both[::-1]}},
        {"row": 8, "entry": "nobody-else", "like": ["nobody"], "because": because | {"jurisdictions": []}},
    ]


def test_what_was_retracted_or_moved_is_like_nothing_any_more(world: World) -> None:
    for id_ in ("gone", "moved"):
        world.post("entries", said(id_))
    seen = {"If-Match": '"1"'}
    reason = json.dumps({"reason": "It was wrong."}).encode()
    assert world.send(reason, "entries/gone/retraction", **seen).status_code == 200
    source = {"title": "A paper", "rank": "primary"}
    moved = json.dumps({"fields": {"occurred": "2017-05-03"}, "reason": "The day.", "source": source}).encode()
    assert world.send(moved, "entries/moved/corrections", **seen).status_code == 200
    told = batch(world, [said("new"), {**said("late"), "occurred": "2017-05-03"}]).json()
    assert [(one["entry"], one["like"]) for one in told["suspected"]] == [("late", ["moved"])]


def test_the_list_of_suspects_is_found_by_an_index(small: World) -> None:
    from projections.entries import _POSSIBLE_DUPLICATES  # noqa: PLC0415  # only this test looks so far inside

    with small.service.engine.connect() as connection:
        sql, constants = _POSSIBLE_DUPLICATES["sqlite"]._compile(connection.dialect)
        plan = connection.connection.execute(f"EXPLAIN QUERY PLAN {sql}", {**constants, "triples": "[]", "still": 0})
        told = " ".join(row[3] for row in plan.fetchall())
    assert "SEARCH t USING" in told
    assert "SEARCH v USING" in told


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_generated_record_is_the_same_in_every_format(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made = generate(1373, acts=120, places=8)
    rows = [*made["entries"], *made["jurisdictions"]]
    with (
        api_world.world_on("sqlite", request, tmp_path) as one,
        api_world.world_on("sqlite", request, tmp_path) as other,
    ):
        assert batch(one, rows, "json").json()["recorded"] == len(rows)
        answer = batch(other, rows, kind)
        assert answer.status_code == 200, answer.text
        assert business(one) == business(other)


def business(world: World) -> list[tuple[str, bytes]]:
    with world.service.reading() as connection:
        return [(one.stream, one.state) for one in world.service.log.read(connection)]


def test_the_exported_list_of_entries_can_be_loaded_elsewhere(
    world: World, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with api_world.world_on("sqlite", request, tmp_path) as first:
        with_the_record(first)
        listed = [one for one in pages(first, "timeline", "entries", limit=1000) if one["standing"] == "stands"]
    places = read(SEEDS / "jurisdictions.yaml")
    assert batch(world, [*places, *listed]).json()["recorded"] == len(places) + len(listed)
    fields = [{name: one[name] for name in one if name not in ("certain", "standing", "log")} for one in listed]
    assert batch(world, [*places, *fields], "csv").json()["already"] == len(places) + len(listed)
    again = pages(world, "timeline", "entries", limit=1000)
    assert told(again) == told(listed)


def told(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What entries say; a field that a correction emptied says nothing."""
    return [
        {name: value for name, value in one.items() if name != "log" and (value != [] or name == "jurisdictions")}
        for one in entries
    ]


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("ndjson", b"", "(the whole)"),
        ("csv", b"", "(the whole)"),
        ("yaml", b"# nothing\n", "(the whole)"),
        ("json", b"[]", "(the whole)"),
        ("json", b"[" * 1_000_000, "(the whole)"),
        ("json", b'[{"id": "x"}', "(the whole)"),
        ("ndjson", b"[" * 900_000, "(the whole)"),
        ("ndjson", b"x" * 10_000_000, "(the whole)"),
        ("ndjson", b"\0\0\n", "(the whole)"),
        ("ndjson", b'{"id": "\xff"}', "id"),
        ("yaml", b"[" * 1_000_000, "(the whole)"),
        ("yaml", b"- " * 1_000_000, "(the whole)"),
        ("yaml", b"- {id: x, id: y}", "id"),
        ("yaml", b"- {id: !!python/object/apply:os.system [id]}", "id"),
        ("yaml", b"- {id: .inf}", "id"),
        ("yaml", b"a: 1", "(the whole)"),
        ("yaml", b"- {id: \xff}", "(the whole)"),
        ("yaml", b"- {id: x\0}", "(the whole)"),
        ("yaml", b'- {id: "\\ud800"}', "(the whole)"),
        ("yaml", b"--- []\n--- []\n", "(the whole)"),
        ("csv", b"id\r\nx\r\n", "kind"),
        ("csv", b"colour,id\r\nred,x\r\n", "colour"),
        ("csv", b"id,id\r\nx,y\r\n", "id"),
        ("csv", b'id,note\r\nx,"never closed\r\n', "(the whole)"),
        ("csv", b"id,kind\r\nx\r\n", "(the whole)"),
        ("csv", b"id,note\r\nx,a\0b\r\n", "note"),
        ("csv", b"id,note\r\nx,\xff\r\n", "note"),
        ("csv", b"id,claims\r\nx,[NaN]\r\n", "claims"),
        ("csv", b"id,respond_by,respond_by.date\r\nx,{},2017-05-01\r\n", "respond_by.date"),
        ("csv", b"id," + b",".join(b"sources.%d.title" % number for number in range(5_000)), "sources.1000.title"),
    ],
)  # fmt: skip
def test_hostile_bodies_are_refused(small: World, kind: str, body: bytes, field: str) -> None:
    before = small.everything()
    assert field in [one for _, one, _ in faults_of_any(batch(small, body, kind))]
    assert small.everything() == before


def faults_of_any(answer: httpx2.Response) -> list[tuple[int | None, str, Any]]:
    assert answer.status_code == 422, answer.text
    return [(one.get("row"), one["field"], one["value"]) for one in answer.json()["errors"]]


def test_aliases_are_read_and_their_bombs_are_not(small: World) -> None:
    shared = """
- &first {id: one, kind: statement, occurred: 2017-05-01, public: 2017-05, actor: &who {party: federal},
   jurisdictions: [springfield], summary: Said., sources: &all [{id: s1, title: A paper, rank: primary}]}
- {id: two, kind: statement, occurred: 2017-05-02, actor: *who, jurisdictions: [springfield], summary: "2017-05-02",
   sources: *all}
"""
    assert batch(small, shared.encode(), "yaml").json()["recorded"] == 2
    assert small.get("entries/two")["summary"] == "2017-05-02"
    layers = ["&a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"&a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 30)]
    bomb = "- {id: three, note: [" + ", ".join(layers) + "]}\n"
    (error,) = batch(small, bomb.encode(), "yaml").json()["errors"]
    assert "1,000,000" in error["message"]


def test_what_is_too_large_or_of_another_kind_is_not_read(small: World) -> None:
    settings = Settings(batch_bytes=2_000, batch_rows=3)
    with TestClient(create_app(small.service, settings)) as client:

        def sent(body: bytes, kind: str = "application/x-ndjson", **headers: str) -> int:
            answer = client.post(
                "/api/v1/entries:batch", content=body, headers={"Content-Type": kind, **small.headers, **headers}
            )
            assert answer.headers["content-type"] == "application/problem+json"
            return int(answer.status_code)

        assert sent(b" " * 2_001) == 413
        assert sent(b"{}\n" * 4) == 413
        assert sent(b"{}\n" * 3) == 422
        assert sent(b"{}", "text/plain") == 415
        assert sent(b"{}", **{"Content-Encoding": "gzip"}) == 415
        assert sent(b"{}", Authorization="Bearer nobody") == 401
        refused = client.post("/api/v1/entries:batch?dry_run=perhaps", content=b"{}", headers=small.headers)
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == "dry_run"
        assert client.post("/api/v1/entries:batch", content=b"[]").status_code == 401


def test_a_small_batch_waits_no_longer_for_a_database_that_says_nothing_than_any_request(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = list[Limits]()

    def noted(*arguments: Any, **more: Any) -> Report:
        most.append(limits())
        return record_rows(*arguments, **more)

    monkeypatch.setattr("api.resources.batches.record_rows", noted)
    assert batch(small, [said("one")]).status_code == 200
    assert batch(small, [said(f"many-{number}", note="a" * 9_000) for number in range(100)]).status_code == 200
    short, long = (each.statement_s - ANSWERING.statement_s for each in most)
    assert -1 < short < 0.1
    assert 1 < long < 3
    assert all(each.lock_s <= ANSWERING.lock_s for each in most)
