"""History by brute force: histories, transitions and differences beside the status of every day that may matter.

`make test` tries one generated record, `make soak` three.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

import generated_records
import naive_rules
from application.service import Service
from conftest import WHOLE
from domain.answers import AccountChange, Item, ItemKey, PlaceStatus
from domain.causes import CausalEvidence, item_in, record_state
from domain.history import AccountDifference, Transition, account_differences, transitions, value_history, value_on
from domain.national import Clocks
from projections.changes import ChangeFilter, LogRange, account_changes, history_through_log
from projections.snapshot import Snapshot
from projections.status import own_acts, place_status
from record_scripts import TODAY, asked, play, service_at

SEEDS = range(40, 43 if WHOLE else 41)
ABSENT = ("not_listed", "none_known", "none_demanded")


def items(answer: PlaceStatus) -> dict[ItemKey, Item | None]:
    """What a status certainly says: an item that only may exist, or is gone, is none."""
    certain: dict[ItemKey, Item | None] = {}
    for review in answer["reviews"]:
        certain["stage", review["review"]] = certain_part(review["stage"])
        certain["response", review["review"]] = certain_part(review["response"])
    certain.update({("listing", item["list"]): certain_part(item) for item in answer["listing"]})
    certain.update({("funding", item["grant"]): certain_part(item) for item in answer["funding"]})
    certain.update({("policies", item["policy"]): certain_part(item) for item in answer["policies"]})
    certain.update({("court", f"{line['case']} {line['subject']}"): certain_part(line) for line in answer["court"]})
    return certain


def certain_part(item: Mapping[str, Any] | None) -> Item | None:
    """An item as an account has it. A review of which nothing certain is known may be listed or not: no difference."""
    if item is None or (item["entry"] is None and item["value"] in ABSENT):
        return None
    return {"value": item["value"], "since": item["since"], "entry": item["entry"]}


def days_around(day: str) -> list[str]:
    return [(date.fromisoformat(day) + timedelta(days=days)).isoformat() for days in (-1, 0, 1)]


def days_that_matter(record: generated_records.Record, rng: random.Random, some: int) -> list[str]:
    written = [bound for entry in record["entries"] for bound in naive_rules.bounds(entry["occurred"])]
    written += [
        holding["until"] for entry in record["entries"] for holding in entry.get("holdings", []) if "until" in holding
    ]
    written += [due for entry in record["entries"] if "respond_by" in entry and (due := naive_rules.set_day(entry))]
    days = sorted({day for day_written in written for day in days_around(day_written) if day <= TODAY})
    return sorted(rng.sample(days, min(some, len(days))))


def items_on(
    snapshot: Snapshot, place: str, day: str, position: int, public_by: str | None = None
) -> dict[ItemKey, Item | None]:
    if snapshot.cache.directory.place(place, position) is None:
        return {}
    return items(place_status(replace(snapshot, asked=asked(day, public_by, position)), place))


@pytest.fixture(scope="module", params=SEEDS)
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[generated_records.Record, list[dict[str, Any]], Service]]:
    """A generated record, much revised, as a log and in a service."""
    seed = request.param
    record = generated_records.generate(seed, acts=110, places=14)
    log = generated_records.script(seed, record, revisions=2)
    service = service_at(f"sqlite:///{tmp_path_factory.mktemp('history')}/record.db")
    play(service, log)
    yield record, log, service
    service.close()


Written = tuple[generated_records.Record, list[dict[str, Any]], Service]


def test_a_history_says_of_each_day_what_the_status_of_that_day_says(written: Written) -> None:
    record, log, service = written
    rng = random.Random(1)
    with service.snapshot() as snapshot:
        for place in (snapshot.place(jurisdiction["id"]) for jurisdiction in record["jurisdictions"]):
            for public_by in (None, rng.choice(days_that_matter(record, rng, 1))):
                clocks = Clocks(TODAY, public_by, len(log))
                histories = value_history(place, own_acts(snapshot, place), snapshot.cache.law, clocks)
                for day in days_that_matter(record, rng, 12):
                    of_day = {key: certain_part(value_on(history, day)) for key, history in histories.items()}
                    expected = items_on(snapshot, place.id, day, len(log), public_by)
                    for key in of_day.keys() | expected.keys():
                        assert of_day.get(key) == expected.get(key), (place.id, day, public_by, key)


def test_a_transition_is_each_change_of_value_or_entry_on_the_first_day_that_says_so(written: Written) -> None:
    record, log, service = written
    with service.snapshot() as snapshot:
        for place in (snapshot.place(jurisdiction["id"]) for jurisdiction in record["jurisdictions"][:9]):
            clocks = Clocks(TODAY, None, len(log))
            changes = transitions(value_history(place, own_acts(snapshot, place), snapshot.cache.law, clocks))
            assert [change.on for change in changes] == sorted(change.on for change in changes)
            by_item: dict[ItemKey, list[Transition]] = {}
            for change in changes:
                key = (change.track, change.key)
                by_item.setdefault(key, []).append(change)
                day_before = days_around(change.on)[0]
                before, after = (
                    items_on(snapshot, place.id, day, len(log)).get(key) for day in (day_before, change.on)
                )
                assert (None if after is None else after["entry"]) == change.entry
                if after is not None:
                    assert after["value"] == change.after
                if before is not None:
                    assert before["value"] == change.before
            for of_item in by_item.values():
                assert of_item[0].before is None
                assert all(earlier.after == later.before for earlier, later in pairwise(of_item))
                assert all(earlier.on < later.on for earlier, later in pairwise(of_item))


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
            changes = [change for _, change in account_changes(snapshot, service.log, between, ChangeFilter())]
            for place in (jurisdiction["id"] for jurisdiction in record["jurisdictions"]):
                if snapshot.cache.directory.place(place, later) is None:
                    continue
                of_place = [change for change in changes if change["jurisdiction"] == place]
                ends = [end for change in of_place for end in (change["days"]["from"], change["days"]["to"]) if end]
                for day in {*days_that_matter(record, rng, 6), *(day for end in ends for day in days_around(end))}:
                    if day <= TODAY:
                        now, then = (items_on(snapshot, place, day, position) for position in (later, earlier))
                        assert differences_on(of_place, day) == {
                            key: (then.get(key), now.get(key))
                            for key in then.keys() | now.keys()
                            if then.get(key) != now.get(key)
                        }, (earlier, later, place, day)


def differences_on(changes: list[AccountChange], day: str) -> dict[ItemKey, tuple[Item | None, Item | None]]:
    """What changes of a place say of a day; each item's days lie apart."""
    differences: dict[ItemKey, tuple[Item | None, Item | None]] = {}
    for change in changes:
        if change["days"]["from"] <= day <= (change["days"]["to"] or TODAY):
            assert (change["track"], change["key"]) not in differences
            before, after = certain_part(change["before"]), certain_part(change["after"])
            if before != after:
                differences[change["track"], change["key"]] = (before, after)
    return differences


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
                first = [any(stream_of(event) == stream for event in log[:earlier]) for stream in begun]
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


def test_the_states_that_causes_are_tried_in_begin_and_end_at_the_two_accounts(written: Written) -> None:
    record, log, service = written
    rng = random.Random(4)
    tried = 0
    with service.snapshot() as snapshot:
        for _ in range(6):
            earlier, later = two_positions(log, rng)
            between = LogRange.read(snapshot, service.log, earlier, later)
            for jurisdiction in record["jurisdictions"]:
                for difference, evidence in differences_of(snapshot, between, jurisdiction["id"]):
                    steps = evidence.behind(difference)
                    assert item_in(record_state(steps, earlier), difference) == difference.before
                    assert item_in(record_state(steps, later), difference) == difference.after
                    tried += 1
    assert tried > 20


def differences_of(
    snapshot: Snapshot, between: LogRange, id_: str
) -> Iterator[tuple[AccountDifference, CausalEvidence]]:
    steps = history_through_log(snapshot, between, id_)
    earlier_place, place = steps[0][1], steps[-1][1]
    if earlier_place is None or place is None:
        return
    national = snapshot.cache.law
    versions = {
        version.since: version
        for _, place_then in steps
        if place_then is not None
        for version in own_acts(snapshot, place_then)
        if version.since <= between.later
    }
    own = list(versions.values())
    earlier = value_history(earlier_place, own, national, Clocks(TODAY, None, between.earlier))
    later = value_history(place, own, national, Clocks(TODAY, None, between.later))
    evidence = CausalEvidence.of(steps, own, national)
    yield from ((difference, evidence) for difference in account_differences(earlier, later))
