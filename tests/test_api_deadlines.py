"""What an answer says of a deadline beyond its day: the source of its words, other sources, how a period came to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.openapi.schemas import Deadlines
from api_world import DATABASES, World, act, place, world_on


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_on(request.param, request, tmp_path) as one:
        assert one.post("jurisdictions", place("alameda")).status_code == 201
        yield one


def test_a_period_explains_itself_and_a_day_has_nothing_to_explain(world: World) -> None:
    paper = {"id": "s1", "title": "A paper", "rank": "primary"}
    asks = {"days": 14, "words": "within 14 days", "source": "s1"}
    assert (
        world.post("entries", act("inquiry", "2017-06", ["alameda"], id="period", respond_by=asks)).status_code == 201
    )
    named = {"date": "2017-08-01", "words": "by August 1"}
    assert (
        world.post("entries", act("inquiry", "2017-07-01", ["alameda"], id="day", respond_by=named)).status_code == 201
    )
    for address in ("deadlines", "jurisdictions/alameda/deadlines"):
        answer = world.get(address)
        Deadlines.model_validate(answer)
        period, day = answer["deadlines"]
        assert (period["due"], day["due"]) == ("2017-07-14", "2017-08-01")
        assert period["computed"]["from"] == "2017-06-30"
        assert period["computed"]["days"] == 14
        assert period["computed"]["steps"][-1] == "due on 2017-07-14 (Friday)"
        assert period["computed"]["holidays"]["federal"].startswith("5 U.S.C. 6103(a), on the days observed, by the")
        assert period["computed"]["holidays"]["state"] is None
        assert "the President closes offices once" in period["computed"]["holidays"]["not_counted"]
        assert day["computed"] is None
        assert (period["source"], day["source"]) == (paper, None)


def test_sources_that_differ_about_the_day_are_shown_beside_it(world: World) -> None:
    papers = [
        {"id": "s1", "title": "The letter", "rank": "primary"},
        {"id": "s2", "title": "News", "rank": "secondary"},
    ]
    claims = [
        {"field": "respond_by", "value": "2017-07-30", "source": "s2", "note": "In passing."},
        {"field": "respond_by.date", "value": "2017-07-31", "source": "s2"},
        {"field": "summary", "value": "Another.", "source": "s2"},
    ]
    asks = {"date": "2017-08-01", "words": "by August 1", "source": "s1"}
    fields = act("inquiry", "2017-07-01", ["alameda"], id="asks", respond_by=asks, sources=papers, claims=claims)
    assert world.post("entries", fields).status_code == 201
    answer = world.get("deadlines")
    Deadlines.model_validate(answer)
    (one,) = answer["deadlines"]
    assert one["source"] == papers[0]
    assert one["claims"] == [
        {"value": "2017-07-30", "source": papers[1], "note": "In passing."},
        {"value": "2017-07-31", "source": papers[1], "note": None},
    ]
