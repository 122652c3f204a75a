"""The twelve cases that break simple designs, each asked over HTTP of the real record, its corrections included."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from application import keys
from application.bulk.files import load
from application.service import Service

SEEDS = Path(__file__).parents[1] / "seeds"
NINE = "2017-04-21-doj-letters-nine"
REVIEW = "section-1373-jag"
BEFORE_CORRECTIONS: list[int] = []


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(f"sqlite:///{tmp_path_factory.mktemp('cases')}/timeline.db")
    load(service, [SEEDS / "jurisdictions.yaml", SEEDS / "entries"], recorder="seeds")
    BEFORE_CORRECTIONS.append(head(service))
    load(service, [SEEDS], recorder="seeds")
    yield service
    service.close()


@pytest.fixture(scope="module")
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), base_url="http://test/api/v1") as client:
        yield client


def head(service: Service) -> int:
    with service.snapshot() as snapshot:
        return snapshot.head


def got(client: TestClient, path: str, **clocks: object) -> Any:
    answer = client.get(path, params={name: str(value) for name, value in clocks.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def review(client: TestClient, place: str, name: str = REVIEW, **clocks: object) -> dict[str, Any]:
    reviews = got(client, f"/jurisdictions/{place}/status", **clocks)["reviews"]
    found: dict[str, Any] = next(one for one in reviews if one["review"] == name)
    return found


def test_case_1_one_letter_to_nine_is_one_entry_and_nine_deadlines_each_answered_by_its_own_response(
    client: TestClient,
) -> None:
    letter = got(client, f"/entries/{NINE}")
    answers = {}
    for place in letter["jurisdictions"]:
        of_place = got(client, f"/jurisdictions/{place}/deadlines", as_of="2017-07-07")["deadlines"]
        (deadline,) = [one for one in of_place if one["demand"] == NINE and one["addressee"] == place]
        assert (deadline["due"], deadline["state"]) == ("2017-06-30", "answered")
        answers[place] = deadline["answer"]
    assert len(answers) == len(set(answers.values())) == 9


def test_case_2_a_response_by_an_agency_or_prosecutor_answers_for_the_jurisdiction(client: TestClient) -> None:
    assert review(client, "california", as_of="2017-07-07")["response"]["entry"] == "2017-06-29-bscc-response"
    cook = review(client, "cook-county-il", as_of="2017-07-07")["response"]
    assert "State's Attorney" in got(client, f"/entries/{cook['entry']}")["actor"]["office"]


def test_case_3_a_response_known_only_to_lie_between_two_dates_is_possibly_there_in_between(
    client: TestClient,
) -> None:
    chicago = review(client, "chicago-il", as_of="2017-06-15")
    assert (chicago["stage"]["value"], chicago["response"]["value"]) == ("warned", "due")
    assert chicago["possibly"] == {"response": "responded"}


def test_case_4_an_act_public_long_after_it_happened_counts_from_its_day_and_is_known_from_the_other(
    client: TestClient,
) -> None:
    assert review(client, "chicago-il", as_of="2016-06-15")["stage"]["value"] == "flagged"
    known = got(client, "/jurisdictions/chicago-il/status", as_of="2016-06-15", public_by="2016-06-15")
    assert known["reviews"] == []
    milwaukee = {"as_of": "2016-12-31", "public_by": "2016-12-31"}
    timeline = got(client, "/jurisdictions/milwaukee-county-wi/timeline", **milwaukee)["entries"]
    assert "2016-11-22-ojp-letter-milwaukee" not in [one["id"] for one in timeline]


def test_case_5_dated_one_day_and_announced_the_next(client: TestClient) -> None:
    day = {"as_of": "2017-10-11", "public_by": "2017-10-11"}
    assert review(client, "new-orleans-la", **day)["stage"]["value"] == "warned"
    found = review(client, "new-orleans-la", as_of="2017-10-12", public_by="2017-10-12")["stage"]
    assert (found["value"], found["since"]) == ("preliminary_concern", "2017-10-11")


def test_case_6_a_clearance_in_one_review_says_nothing_of_the_next(client: TestClient) -> None:
    connecticut = got(client, "/jurisdictions/connecticut/status", as_of="2025-09-01")
    assert len(connecticut["reviews"]) > 1
    assert {one["list"]: one["value"] for one in connecticut["listing"]}["doj-2025-08-05"] == "listed_disputed"
    before = review(client, "connecticut", as_of="2020-02-12")
    assert review(client, "connecticut", as_of="2020-02-14") == before


def test_case_7_a_list_taken_down_is_not_rescinded(client: TestClient) -> None:
    listing = got(client, "/jurisdictions/new-york/status", as_of="2025-06-02")["listing"]
    assert [(one["list"], one["value"]) for one in listing] == [("dhs-2025-05-29", "list_taken_down")]


def test_case_8_a_quotation_placed_in_the_wrong_document_is_corrected_and_the_older_claim_kept(
    client: TestClient,
) -> None:
    entry = "2017-new-orleans-response"
    now = got(client, f"/entries/{entry}")
    then = got(client, f"/entries/{entry}", recorded_by=BEFORE_CORRECTIONS[0])
    assert len(then["quotes"]) == 2
    assert not now["quotes"]
    assert "acting before doing their homework" in now["claims"][0]["value"]
    statement = got(client, "/entries/2017-04-21-landrieu-statement")
    assert any("acting before doing their homework" in quote["text"] for quote in statement["quotes"])
    changes = got(client, "/changes", **{"from": BEFORE_CORRECTIONS[0]})
    (mine,) = [one for one in changes["entries"] if one["entry"] == entry]
    assert set(mine["fields"]) == {"quotes", "claims"}
    assert mine["because"][0]["event"] == "EntryCorrected"
    assert "belong to the mayor's statement" in mine["because"][0]["reason"]
    assert changes["changes"] == []


def test_case_9_a_nationwide_ruling_narrowed_on_appeal_and_an_injunction_entered_and_stayed_at_once(
    client: TestClient,
) -> None:
    def line(place: str, day: str) -> dict[str, Any] | None:
        court = got(client, f"/jurisdictions/{place}/status", as_of=day)["court"]
        wanted = ("chicago-v-sessions", "jag-fy2017-notice")
        return next((one for one in court if (one["case"], one["subject"]) == wanted), None)

    covered = line("seattle-wa", "2018-06-03")
    assert covered is not None
    assert (covered["value"], covered["role"]) == ("enjoined", "covered_non_party")
    assert line("seattle-wa", "2018-08-15") is None
    party = line("chicago-il", "2018-08-15")
    assert party is not None
    assert (party["value"], party["role"]) == ("enjoined", "plaintiff")


def test_case_10_an_act_that_names_nobody_is_context_and_moves_only_what_it_ends(client: TestClient) -> None:
    order = "2017-01-25-eo-13768"
    asked = {"limit": 1000, "as_of": "2017-02-01"}
    own = got(client, "/jurisdictions/new-orleans-la/timeline", **asked)["entries"]
    with_context = got(client, "/jurisdictions/new-orleans-la/timeline", context="true", **asked)["entries"]
    assert order not in [one["id"] for one in own]
    assert order in [one["id"] for one in with_context]
    before = got(client, "/jurisdictions/new-orleans-la/status", as_of="2017-01-24")
    after = got(client, "/jurisdictions/new-orleans-la/status", as_of="2017-01-26")
    tracks = ("reviews", "listing", "funding", "court", "policies")
    assert [before[track] for track in tracks] == [after[track] for track in tracks]
    assert review(client, "new-york-ny", as_of="2021-04-14")["stage"]["entry"] == "2021-04-14-garland-memo"


def test_case_11_two_dates_for_one_act_are_both_kept_one_used_and_the_reason_shown(client: TestClient) -> None:
    memo = got(client, "/entries/2016-05-31-oig-memo")
    (claim,) = [one for one in memo["claims"] if one["field"] == "public"]
    assert (memo["public"], claim["value"]) == ("2016-07-28", "2016-08")
    assert "July 28" in claim["note"]


def test_case_12_an_answer_found_years_later_turns_the_account_now_and_not_what_was_said_then(
    client: TestClient, service: Service
) -> None:
    demand = "2018-01-24-document-demands-23"
    then = head(service)
    key = keys.add_key(service, "clerk")
    found = client.post(
        "/entries",
        headers={"Authorization": f"Bearer {key}"},
        json={
            "kind": "response",
            "occurred": "2018-02-20",
            "actor": {"office": "Office of the Governor", "party": "jurisdiction"},
            "jurisdictions": ["california"],
            "answers": [demand],
            "summary": "The state answered: the letter was found in an archive.",
            "sources": [{"id": "s1", "title": "The letter", "rank": "primary"}],
        },
    )
    assert found.status_code == 201, found.text
    day = "2018-03-01"
    assert review(client, "california", as_of=day, recorded_by=then)["response"]["value"] == "no_response_known"
    assert review(client, "california", as_of=day)["response"]["value"] == "responded"
    changes = got(client, "/changes", **{"from": then})["changes"]
    said = [(one["days"]["from"], one["before"]["value"], one["after"]["value"]) for one in changes]
    assert said == [("2018-02-20", "due", "responded"), ("2018-02-24", "no_response_known", "responded")]
    assert all(one["first_recorded"] and one["because"][0]["entry"] == found.json()["id"] for one in changes)
