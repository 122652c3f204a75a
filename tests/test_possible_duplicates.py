"""Acts that may be on record already: pointed out by day and places, by the page they rest on, and by docket."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import DATABASES, World, act, place
from domain.likeness import docket_mark, source_mark

PAGE = "https://www.justice.gov/opa/pr/letter"


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        for id_ in ("springfield", "shelbyville"):
            assert world.post("jurisdictions", place(id_)).status_code == 201
        assert world.post("entries", said("there")).status_code == 201
        yield world


def said(
    id_: str, kind: str = "statement", day: str = "2017-05-01", of: str | None = "springfield", url: str | None = PAGE,
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    source = {"id": "s1", "title": "A page", "rank": "primary"} | ({"url": url} if url else {})
    return {"id": id_, **act(kind, day, [of] if of else [], sources=[source]), **more}


def filed(id_: str, case: str, docket: str = "1:17-cv-05720", court: str = "N.D. Ill.", **more: Any) -> dict[str, Any]:
    named = {"id": case, "caption": "Chicago v. Sessions", "court": court, "docket": docket}
    return said(id_, "lawsuit_filed", url=None, case=named, **more)


def suspected(world: World, *rows: dict[str, Any]) -> dict[str, Any]:
    told = world.post("entries:batch?dry_run=true", list(rows)).json()
    assert "suspected" in told, told
    return {row["entry"]: (row["like"], row["because"]) for row in told["suspected"]}


@pytest.mark.parametrize(
    "entry",
    [
        said("other", day="2018-01-01"),
        said("other", kind="inquiry"),
        said("other", day="2018", url="http://justice.gov/opa/pr/letter/?utm_source=x#page=2"),
        said("other", day="2018", url=f"https://web.archive.org/web/2017/{PAGE}"),
    ],
)  # fmt: skip
def test_an_entry_that_rests_on_the_same_page_is_pointed_out_with_it(world: World, entry: dict[str, Any]) -> None:
    like, because = suspected(world, entry)["other"]
    assert like == ["there"]
    assert because["source"] == entry["sources"][0]["url"]
    (alone,) = world.post("entries?dry_run=true", entry).json()["suspected"]
    assert (alone["like"], alone["because"]) == (like, because)


@pytest.mark.parametrize(
    "entry",
    [
        said("other", day="2018", url=f"{PAGE}?id=2"),
        said("other", day="2018", url=None),
        said("other", day="2018", of="shelbyville"),
        said("other", day="2018", of=None),
        said("other", day="2018", kind="inquiry"),
    ],
)
def test_other_acts_that_a_page_tells_of_are_not(world: World, entry: dict[str, Any]) -> None:
    assert suspected(world, entry) == {}


def test_rows_are_compared_with_those_before_them_and_not_with_what_is_retracted(world: World) -> None:
    told = suspected(world, said("one", day="2018"), said("two", day="2019"), said("nobody", of=None, day="2020"))
    assert {entry: like for entry, (like, _) in told.items()} == {"one": ["there"], "two": ["there", "one"]}
    headers = {**world.headers, "If-Match": "*"}
    world.client.post("/api/v1/entries/there/retraction", json={"reason": "Twice."}, headers=headers)
    assert suspected(world, said("one", day="2018")) == {}


def test_a_case_with_the_docket_of_another_is_pointed_out(world: World) -> None:
    assert world.post("entries", filed("first", "chicago-v-sessions", day="2017-08-07")).status_code == 201
    again = filed("second", "city-of-chicago-v-sessions", "No. 17-cv-5720 (HDL)", day="2017-08-09", of="shelbyville")
    like, because = suspected(world, again)["second"]
    assert (like, because["docket"]) == (["first"], "No. 17-cv-5720 (HDL), N.D. Ill.")
    for other in (
        filed("second", "chicago-v-sessions", day="2017-08-09"),
        filed("second", "other", court="N.D. Cal.", day="2017-08-09"),
        filed("second", "other", docket="1:17-cv-05721", day="2017-08-09"),
    ):
        assert suspected(world, other) == {}


def test_a_page_of_very_many_entries_costs_no_more_than_a_page_of_some(world: World) -> None:
    rows = [
        said(f"e{number}", day=f"20{number % 20:02}-0{number // 100 + 1}-{number % 28 + 1:02}") for number in range(300)
    ]
    assert world.post("entries:batch", rows).status_code == 200
    like, _ = suspected(world, said("one-more", day="2021-06"))["one-more"]
    assert len(like) == 10


def test_dockets_are_compared_as_courts_number_them() -> None:
    same = ["1:17-cv-05720", "17-cv-5720", "No. 1:17-cv-05720", "1:2017-cv-05720-HDL", "17 CV 5720"]
    assert len({docket_mark("N.D. Ill.", docket) for docket in same}) == 1
    others = ["1:17-cv-05721", "1:18-cv-05720", "1:17-cr-05720", "No. 17-2991", "17-2991x"]
    assert len({docket_mark("N.D. Ill.", docket) for docket in [*others, same[0]]}) == len(others) + 1
    assert docket_mark("7th Cir.", "No. 17-2991") == docket_mark("7th Cir", "17-2991")
    assert source_mark("javascript:alert(1)") is None
