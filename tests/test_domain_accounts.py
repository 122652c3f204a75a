"""Accounts by brute force: courses, transitions and differences beside the status of every day that may matter."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

import generated_records
import naive_rules
from application.service import Service
from domain.causes import CausalEvidence, difference_text
from domain.causes import _record_state as world_at
from domain.history import AccountDifference, account_differences, transitions, value_history
from domain.national import Clocks
from projections.changes import ChangeFilter, LogRange, account_changes, history_through_log
from projections.snapshot import Snapshot
from projections.status import own_acts, place_status
from record_scripts import TODAY, asked, play, service_at

Key = tuple[str, str]
Item = dict[str, Any]
SHOWN = ("value", "since", "entry")
KEYS = (("listing", "list"), ("funding", "grant"), ("policies", "policy"))


def items(answer: dict[str, Any]) -> dict[Key, Item | None]:
    """What a status certainly says: an item that only may exist, or is gone, is none."""
    found: dict[Key, Item] = {}
    for review in answer["reviews"]:
        found["stage", review["review"]], found["response", review["review"]] = review["stage"], review["response"]
    for track, key in KEYS:
        found |= {(track, item[key]): item for item in answer[track]}
    found |= {("court", f"{item['case']} {item['subject']}"): item for item in answer["court"]}
    return {key: certain(item) for key, item in found.items()}


def certain(item: Item | None) -> Item | None:
    """An item as an account has it. A review of which nothing certain is known may be listed or not: no difference."""
    if item is None or (item["entry"] is None and item["value"] in ("not_listed", "none_known", "none_demanded")):
        return None
    return {name: item[name] for name in SHOWN}


def beside(day: str) -> list[str]:
    near = (date.fromisoformat(day) + timedelta(days=days) for days in (-1, 0, 1))
    return [one.isoformat() for one in near]


def days_that_matter(record: generated_records.Record, rng: random.Random, some: int) -> list[str]:
    written = [bound for entry in record["entries"] for bound in naive_rules.bounds(entry["occurred"])]
    written += [held["until"] for entry in record["entries"] for held in entry.get("holdings", []) if "until" in held]
    written += [due for entry in record["entries"] if "respond_by" in entry and (due := naive_rules.set_day(entry))]
    days = sorted({day for one in written for day in beside(one) if day <= TODAY})
    return sorted(rng.sample(days, min(some, len(days))))


def said_on(snapshot: Snapshot, place: str, day: str, position: int, public_by: str | None = None) -> dict[Key, Any]:
    if snapshot.cache.directory.place(place, position) is None:
        return {}
    return items(place_status(replace(snapshot, asked=asked(day, public_by, position)), place))


@pytest.fixture(scope="module", params=range(3))
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[generated_records.Record, list[dict[str, Any]], Service]]:
    """A generated record, much revised, as a log and in a service."""
    seed = 40 + request.param
    record = generated_records.generate(seed, acts=110, places=14)
    log = generated_records.script(seed, record, revisions=2)
    service = service_at(f"sqlite:///{tmp_path_factory.mktemp('accounts')}/record.db")
    play(service, log)
    yield record, log, service
    service.close()


Written = tuple[generated_records.Record, list[dict[str, Any]], Service]


def test_an_account_says_of_each_day_what_the_status_of_that_day_says(written: Written) -> None:
    record, log, service = written
    rng = random.Random(1)
    with service.snapshot() as snapshot:
        for place in record["jurisdictions"]:
            for public_by in (None, rng.choice(days_that_matter(record, rng, 1))):
                its = snapshot.place(place["id"])
                at = Clocks(TODAY, public_by, len(log))
                courses = value_history(its, own_acts(snapshot, its), snapshot.cache.law, at)
                for day in days_that_matter(record, rng, 12):
                    told = {
                        key: certain(next((item for first, item in reversed(course) if first <= day), None))
                        for key, course in courses.items()
                    }
                    expected = said_on(snapshot, its.id, day, len(log), public_by)
                    for key in told.keys() | expected.keys():
                        assert told.get(key) == expected.get(key), (its.id, day, public_by, key)


def test_a_transition_is_each_change_of_value_or_entry_on_the_first_day_that_says_so(written: Written) -> None:
    record, log, service = written
    with service.snapshot() as snapshot:
        for place in record["jurisdictions"][:9]:
            its = snapshot.place(place["id"])
            at = Clocks(TODAY, None, len(log))
            found = transitions(value_history(its, own_acts(snapshot, its), snapshot.cache.law, at))
            assert [one.on for one in found] == sorted(one.on for one in found)
            for one in found:
                day_before = beside(one.on)[0]
                before, after = (
                    said_on(snapshot, its.id, day, len(log)).get((one.track, one.key)) for day in (day_before, one.on)
                )
                assert (after or {}).get("entry") == one.entry
                if after is not None:
                    assert after["value"] == one.after
                if before is not None:
                    assert before["value"] == one.before
            courses: dict[Key, list[Any]] = {}
            for one in found:
                courses.setdefault((one.track, one.key), []).append(one)
            for its_own in courses.values():
                assert its_own[0].before is None
                assert all(earlier.after == later.before for earlier, later in pairwise(its_own))
                assert all(earlier.on < later.on for earlier, later in pairwise(its_own))


def two_positions(log: list[dict[str, Any]], rng: random.Random) -> tuple[int, int]:
    earlier = rng.randrange(len(log))
    return earlier, rng.randint(earlier, min(len(log), earlier + rng.choice([1, 5, 40, 400])))


def test_changes_are_the_difference_day_by_day_of_two_statuses(written: Written) -> None:
    record, log, service = written
    rng = random.Random(2)
    with service.snapshot() as snapshot:
        for _ in range(8):
            earlier, later = two_positions(log, rng)
            between = LogRange.read(snapshot, service.log, earlier, later)
            found = [change for _, change in account_changes(snapshot, service.log, between, ChangeFilter())]
            for place in (one["id"] for one in record["jurisdictions"]):
                if snapshot.cache.directory.place(place, later) is None:
                    continue
                mine = [change for change in found if change["jurisdiction"] == place]
                ends = [end for change in mine for end in change["days"].values() if end is not None]
                for day in {*days_that_matter(record, rng, 6), *(one for end in ends for one in beside(end))}:
                    if day <= TODAY:
                        now, then = (said_on(snapshot, place, day, position) for position in (later, earlier))
                        assert told_by(mine, day) == {
                            key: (then.get(key), now.get(key))
                            for key in then.keys() | now.keys()
                            if then.get(key) != now.get(key)
                        }, (earlier, later, place, day)


def told_by(mine: list[dict[str, Any]], day: str) -> dict[Key, tuple[Item | None, Item | None]]:
    """The differences that changes tell of a day; each item's days lie apart."""
    told: dict[Key, tuple[Item | None, Item | None]] = {}
    for change in mine:
        if change["days"]["from"] <= day <= (change["days"]["to"] or TODAY):
            assert (change["track"], change["key"]) not in told
            before, after = certain(change["before"]), certain(change["after"])
            if before != after:
                told[change["track"], change["key"]] = (before, after)
    return told


def test_a_difference_has_causes_in_between_and_none_that_was_there_before(written: Written) -> None:
    _, log, service = written
    rng = random.Random(3)
    with service.snapshot() as snapshot:
        for _ in range(12):
            earlier, later = two_positions(log, rng)
            between = LogRange.read(snapshot, service.log, earlier, later)
            for _, change in account_changes(snapshot, service.log, between, ChangeFilter()):
                positions = [cause["position"] for cause in change["because"]]
                assert positions == sorted(set(positions))
                assert positions
                assert all(earlier < position <= later for position in positions)
                begun = [stream_of(log[position - 1]) for position in positions]
                first = [any(stream_of(one) == stream for one in log[:earlier]) for stream in begun]
                assert change["first_recorded"] is (not any(first))


def stream_of(event: dict[str, Any]) -> str:
    if event["event"] in ("added", "updated"):
        place = event["jurisdiction"]
        return f"jurisdiction:{place if isinstance(place, str) else place['id']}"
    return f"entry:{event['entry'] if isinstance(event['entry'], str) else event['entry']['id']}"


def test_an_event_alone_between_two_positions_is_the_only_cause_of_all_that_differs(written: Written) -> None:
    _, log, service = written
    seen = 0
    with service.snapshot() as snapshot:
        for position in range(1, len(log) + 1):
            if log[position - 1]["event"] in ("corrected", "retracted", "reinstated", "updated"):
                between = LogRange.read(snapshot, service.log, position - 1, position)
                for _, change in account_changes(snapshot, service.log, between, ChangeFilter()):
                    seen += 1
                    assert [cause["position"] for cause in change["because"]] == [position]
                    assert change["first_recorded"] is False
    assert seen > 20


def test_the_worlds_that_causes_are_tried_in_begin_and_end_at_the_two_accounts(written: Written) -> None:
    record, log, service = written
    rng = random.Random(4)
    tried = 0
    with service.snapshot() as snapshot:
        for _ in range(6):
            earlier, later = two_positions(log, rng)
            between = LogRange.read(snapshot, service.log, earlier, later)
            for place in (one["id"] for one in record["jurisdictions"]):
                for stretch, evidence in stretches(snapshot, between, place):
                    steps = evidence.behind(stretch)
                    assert difference_text(world_at(steps, earlier), stretch) == stretch.before
                    assert difference_text(world_at(steps, later), stretch) == stretch.after
                    tried += 1
    assert tried > 20


def stretches(snapshot: Snapshot, between: LogRange, id_: str) -> Iterator[tuple[AccountDifference, CausalEvidence]]:
    steps = history_through_log(snapshot, between, id_)
    was, place = steps[0][1], steps[-1][1]
    if was is None or place is None:
        return
    law = snapshot.cache.law
    own = [
        held
        for held in {
            held.since: held for _, its in steps if its is not None for held in own_acts(snapshot, its)
        }.values()
        if held.since <= between.later
    ]
    accounts = (value_history(was, own, law, Clocks(TODAY, None, between.earlier)),)
    now = value_history(place, own, law, Clocks(TODAY, None, between.later))
    yield from ((stretch, CausalEvidence.of(steps, own, law)) for stretch in account_differences(*accounts, now))
