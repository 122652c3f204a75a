"""The calendar of deadlines, read by another library than the one that writes it."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import vobject

from api_world import DATABASES, World, act, place, with_the_record, world_on
from application.rebuild import rebuild

HARD = "Quotas, “semicolons”; back\\slashes\nand new lines: 8 U.S.C. § 1373 — " + "détenus 😀 " * 40


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_on(request.param, request, tmp_path) as one:
        for fields in (place("alameda"), place("boston", state="MA"), place("california", kind="state"),
                       place("board", kind="agency", speaks_for="california")):  # fmt: skip
            assert one.post("jurisdictions", fields).status_code == 201
        yield one


Event = Any
"""An event as the client's library has it: an attribute for each property."""


def demand(world: World, id_: str, due: str, *addressees: str, **more: object) -> None:
    asks = {"date": due, "words": f"no later than {due}"}
    fields = act("inquiry", "2026-11-01", list(addressees or ("alameda",)), id=id_, respond_by=asks, **more)
    answer = world.post("entries", fields)
    assert answer.status_code == 201, answer.text


def revise(world: World, entry: str, what: str, **fields: object) -> None:
    tag = world.ask(f"entries/{entry}").headers["etag"]
    headers = {**world.headers, "If-Match": tag}
    answer = world.client.post(f"/api/v1/entries/{entry}/{what}", json=fields, headers=headers)
    assert answer.status_code == 200, answer.text


def correct(world: World, entry: str, **fields: object) -> None:
    source = {"title": "A better paper", "rank": "primary"}
    revise(world, entry, "corrections", fields=fields, reason="it says so", source=source)


def raw(world: World, address: str = "deadlines.ics", **parameters: str | int) -> bytes:
    answer = world.ask(address, **parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert int(answer.headers["log-position"]) > 0
    return answer.content


def events(world: World, address: str = "deadlines.ics", **parameters: str | int) -> dict[str, Event]:
    """The calendar's events by UID, as a client sees them."""
    written = raw(world, address, **parameters).decode()
    calendar = vobject.readOne(written)
    for event in calendar.contents.get("vevent", []):
        event.validate(raiseException=True)
    found = {event.uid.value: event for event in calendar.contents.get("vevent", [])}
    assert len(found) == written.count("BEGIN:VEVENT")
    return found


def only(world: World, address: str = "deadlines.ics", **parameters: str | int) -> Event:
    (event,) = events(world, address, **parameters).values()
    return event


def test_a_deadline_is_an_all_day_event_that_says_who_owes_what_to_whom(world: World) -> None:
    demand(world, "doj-asks", "2026-12-15", actor={"party": "federal", "office": "Office of Justice Programs"})
    event = only(world)
    assert event.uid.value == "doj-asks.alameda@dispute-timeline"
    assert (event.dtstart.value, event.dtend.value) == (date(2026, 12, 15), date(2026, 12, 16))
    assert event.dtstart.params == {"VALUE": ["DATE"]}
    assert event.transp.value == "TRANSPARENT"
    assert event.summary.value == "Alameda owes Office of Justice Programs an answer"
    assert event.description.value.splitlines() == [
        "“no later than 2026-12-15”",
        "A inquiry of 2026-11-01.",
        "Due by the end of 2026-12-15, America/Los_Angeles: open.",
        "Demand: http://testserver/entries/doj-asks",
    ]
    assert event.url.value == "http://testserver/entries/doj-asks"
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "0")
    assert event.categories.value == ["Deadline", "CA", "answer"]
    recorded = world.get("entries/doj-asks")["log"]["recorded_at"]
    stamp = recorded[:19].replace("-", "").replace(":", "") + "Z"
    assert f"DTSTAMP:{stamp}\r\n".encode() in raw(world)


def test_an_open_deadline_rings_as_the_default_plan_says_and_a_closed_one_does_not(world: World) -> None:
    demand(world, "asks", "2026-12-15")
    alarms = only(world).contents["valarm"]
    assert {alarm.action.value for alarm in alarms} == {"DISPLAY"}
    nine = timedelta(hours=9)
    assert [alarm.trigger.value for alarm in alarms] == [nine - timedelta(days=days) for days in (14, 7, 3, 1, 0)]
    assert "valarm" not in only(world, as_of="2026-12-16").contents
    assert (
        only(world, as_of="2026-12-16").summary.value
        == "Alameda owed the federal government an answer: no response known"
    )
    reply = act("response", "2026-11-20", ["alameda"], id="reply", answers=["asks"], form="letter")
    assert world.post("entries", reply).status_code == 201
    event = only(world)
    assert "valarm" not in event.contents
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "1")
    assert event.description.value.splitlines()[-1] == "Answer: http://testserver/entries/reply"


def test_a_correction_of_the_day_moves_the_event_that_clients_have(world: World) -> None:
    demand(world, "asks", "2026-12-15")
    before = only(world)
    correct(world, "asks", respond_by={"date": "2026-12-18", "words": "by Friday"})
    after = only(world)
    assert after.uid.value == before.uid.value
    assert after.dtstart.value == date(2026, 12, 18)
    assert (before.sequence.value, after.sequence.value) == ("0", "1")
    assert after.last_modified.value >= before.last_modified.value
    assert after.created.value == before.created.value
    position = world.get("entries/asks")["log"]["revised"]["position"]
    assert only(world, recorded_by=position - 1).dtstart.value == date(2026, 12, 15)


def test_what_is_withdrawn_is_cancelled_and_what_is_extended_moves(world: World) -> None:
    demand(world, "asks", "2026-12-15")
    extends = act("deadline_extended", "2026-11-10", ["alameda"], id="more", demand="asks", extended_to="2026-12-22")
    assert world.post("entries", extends).status_code == 201
    moved = only(world)
    assert (moved.dtstart.value, moved.sequence.value) == (date(2026, 12, 22), "1")
    assert "First due on 2026-12-15." in moved.description.value
    withdraws = act("deadline_withdrawn", "2026-11-12", ["alameda"], id="never-mind", demand="asks")
    assert world.post("entries", withdraws).status_code == 201
    gone = only(world)
    assert (gone.status.value, gone.sequence.value, gone.uid.value) == ("CANCELLED", "2", moved.uid.value)
    assert "valarm" not in gone.contents


@pytest.mark.parametrize("how", ["retracted", "of another", "without a day"])
def test_what_is_taken_out_of_the_record_stays_as_cancelled(world: World, how: str) -> None:
    demand(world, "asks", "2026-12-15")
    before = only(world)
    if how == "retracted":
        revise(world, "asks", "retraction", reason="it is none")
    elif how == "of another":
        correct(world, "asks", jurisdictions=["boston"])
    else:
        correct(world, "asks", respond_by={"words": "soon"})
    after = events(world)[before.uid.value]
    assert (after.status.value, after.sequence.value) == ("CANCELLED", "1")
    assert after.dtstart.value == before.dtstart.value
    assert "valarm" not in after.contents
    assert len(events(world)) == (2 if how == "of another" else 1)
    assert events(world, "jurisdictions/alameda/deadlines.ics").keys() == {before.uid.value}
    assert before.uid.value not in events(world, state="open")
    assert before.uid.value in events(world, state="withdrawn")
    if how == "retracted":
        revise(world, "asks", "reinstatement", reason="it is one")
        back = only(world)
        assert (back.status.value, back.sequence.value) == ("CONFIRMED", "2")


def test_what_touches_no_deadline_leaves_the_calendar_the_same_bytes(world: World) -> None:
    demand(world, "asks", "2026-12-15")
    demand(world, "asks-boston", "2026-12-16", "boston")
    before = raw(world)
    assert raw(world) == before
    assert world.post("entries", act("statement", "2026-11-20", ["alameda"], id="says")).status_code == 201
    correct(world, "asks-boston", note="In other words.")
    mine = raw(world, "jurisdictions/alameda/deadlines.ics")
    assert raw(world, recorded_by=world.get("entries/asks-boston")["log"]["position"]) == before
    rebuild(world.service)
    assert raw(world, "jurisdictions/alameda/deadlines.ics") == mine
    assert only(world, address="jurisdictions/alameda/deadlines.ics").sequence.value == "0"


def test_a_letter_to_several_is_an_event_for_each_and_a_state_has_its_agencies(world: World) -> None:
    demand(world, "asks", "2026-12-15", "alameda", "boston", "board")
    assert len(events(world)) == 3
    assert events(world, "jurisdictions/california/deadlines.ics").keys() == {"asks.board@dispute-timeline"}
    assert events(world, "jurisdictions/boston/deadlines.ics", to="2026-12-14") == {}


def test_any_text_comes_out_as_it_went_in_and_no_line_is_longer_than_75_octets(world: World) -> None:
    demand(world, "asks", "2026-12-15", summary=HARD, actor={"party": "federal", "office": "Ministère, É; «à»" * 9})
    written = raw(world)
    lines = written.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)
    for line in lines:
        line.decode()  # no character lies on two lines
    event = only(world)
    assert HARD in event.description.value
    assert "Ministère, É; «à»" * 9 in event.summary.value


@pytest.mark.parametrize(
    "query",
    ["limit=5", "cursor=x", "state=due", "state=open&state=open", "from=soon", "as_of=2026", "recorded_by=x", "no=1"],
)
def test_a_question_that_is_none_is_refused(world: World, query: str) -> None:
    for address in ("deadlines.ics", "jurisdictions/alameda/deadlines.ics"):
        answer = world.client.get(f"/api/v1/{address}?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_a_place_that_is_not_on_record_has_no_calendar(world: World) -> None:
    assert world.ask("jurisdictions/atlantis/deadlines.ics").status_code == 404


def test_more_than_a_calendar_holds_is_refused_with_a_way_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.resources.calendar.MOST_DEMANDS", 1)
    demand(world, "asks", "2026-12-15")
    demand(world, "asks-more", "2026-12-16")
    assert world.ask("deadlines.ics").status_code == 400
    assert len(events(world, from_="2026-12-16")) == 1


def test_the_whole_record_is_a_calendar_that_agrees_with_its_deadlines(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with world_on("sqlite", request, tmp_path) as world:
        with_the_record(world)
        shown = events(world)
        listed = world.get("deadlines", limit=1000)["deadlines"]
        assert len(shown) >= len(listed) > 20
        for one in listed:
            event = shown[f"{one['demand']}.{one['addressee']}@dispute-timeline"]
            assert event.dtstart.value.isoformat() == one["due"]
            assert (event.status.value == "CANCELLED") == (one["state"] == "withdrawn")
