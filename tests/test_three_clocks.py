"""Three clocks: a real service is written to, revised and rebuilt, and asked at random clocks beside a naive fold.

The judge is `naive_rules`, which folds the log anew for every question; the events are those of generated scripts,
so that each of them is valid where it comes.
"""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import generated_records
import naive_rules
from application.rebuild import rebuild
from application.service import Service
from application.verifying.verify import verify
from conftest import WHOLE
from projections.deadlines import DeadlineFilter, all_deadlines
from record_scripts import (
    asked,
    bare,
    play,
    play_one,
    said_deadlines,
    said_status,
    said_timeline,
    service_at,
)

SEEDS = st.integers(0, 10_000)


class ThreeClocks(RuleBasedStateMachine):
    """A service, the log that it should have, and the rest of the script."""

    url: ClassVar[Iterator[str]]

    @initialize(seed=SEEDS, acts=st.integers(20, 45))
    def begin(self, seed: int, acts: int) -> None:
        record = generated_records.generate(seed, acts=acts, places=14)
        self.clocks = generated_records.clocks(seed, record, 60)
        self.script = iter(generated_records.script(seed, record, revisions=1.5))
        self.log: list[dict[str, Any]] = []
        self.service: Service = service_at(next(self.url))
        self.go_on(20)

    @rule(events=st.integers(1, 25))
    def go_on(self, events: int) -> None:
        """Records, corrects, disputes, retracts, reinstates, updates: whatever comes next."""
        for event in itertools.islice(self.script, events):
            self.log.append(event)
            assert play_one(self.service, event) == len(self.log)

    @rule(batch=st.integers(1, 40))
    def rebuild(self, batch: int) -> None:
        assert rebuild(self.service, batch=batch) == len(self.log)

    @rule(data=st.data())
    @precondition(lambda self: self.log)
    def ask(self, data: st.DataObject) -> None:
        as_of, public_by = data.draw(st.sampled_from(self.clocks))
        recorded_by = data.draw(st.none() | st.integers(1, len(self.log)))
        known = sorted(naive_rules.on_record(self.log, recorded_by)[0])
        place = data.draw(st.sampled_from(known))
        clocks = asked(as_of, public_by, recorded_by)
        naive = (self.log, place, as_of, public_by, recorded_by)
        assert said_status(self.service, place, clocks) == naive_rules.status(*naive)
        assert said_deadlines(self.service, place, clocks) == naive_rules.deadlines(*naive)
        context = data.draw(st.booleans())
        shown = said_timeline(self.service, place, clocks, context=context)
        assert shown == naive_rules.timeline(*naive, context=context)

    @rule(data=st.data())
    @precondition(lambda self: self.log)
    def ask_of_everyone(self, data: st.DataObject) -> None:
        as_of, public_by = data.draw(st.sampled_from(self.clocks))
        recorded_by = data.draw(st.none() | st.integers(1, len(self.log)))
        clocks = asked(as_of, public_by, recorded_by)
        with self.service.snapshot(clocks) as snapshot:
            listed = [bare(one) for one, _ in all_deadlines(snapshot, DeadlineFilter())]
        assert listed == naive_rules.all_deadlines(self.log, as_of, public_by, recorded_by)
        shown = said_timeline(self.service, None, clocks)
        assert shown == naive_rules.timeline(self.log, None, as_of, public_by, recorded_by)

    def teardown(self) -> None:
        if hasattr(self, "service"):
            faults = list(verify(self.service))
            self.service.close()
            assert faults == []


def run(examples: int, steps: int, urls: Iterator[str]) -> None:
    class Machine(ThreeClocks):
        url = urls

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck), deadline=None
        ),
    )


def test_any_mix_of_clocks_agrees_with_a_naive_fold() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run(24 if WHOLE else 8, 14, (f"sqlite:///{folder}/{number}.db" for number in itertools.count()))


def test_any_mix_of_clocks_agrees_with_a_naive_fold_on_postgresql_too(another_postgres: Iterator[str]) -> None:
    run(3 if WHOLE else 2, 10, another_postgres)


@pytest.mark.parametrize("seed", range(3 if WHOLE else 1))
def test_every_place_agrees_with_a_naive_fold_at_the_end_of_a_long_script(seed: int, tmp_path: Path) -> None:
    record = generated_records.generate(seed + 100, acts=110 if WHOLE else 70, places=14)
    log = generated_records.script(seed, record, revisions=2)
    service = service_at(f"sqlite:///{tmp_path}/long.db")
    play(service, log)
    for number, (as_of, public_by) in enumerate(generated_records.clocks(seed, record, 12)):
        recorded_by = None if number % 2 else len(log) - 1 - number * 7
        for place in naive_rules.on_record(log, recorded_by)[0]:
            clocks = asked(as_of, public_by, recorded_by)
            naive = (log, place, as_of, public_by, recorded_by)
            assert said_status(service, place, clocks) == naive_rules.status(*naive), (place, clocks)
            assert said_deadlines(service, place, clocks) == naive_rules.deadlines(*naive), (place, clocks)
    service.close()


def test_an_act_corrected_to_name_a_place_no_more_still_ends_what_it_ends_for_everyone(tmp_path: Path) -> None:
    places = [
        {"id": name, "name": name, "kind": "city", "state": "CA", "time_zone": "America/Los_Angeles"}
        for name in ("amber-ca", "birch-ca")
    ]
    review, list_ = {"id": "review", "title": "A review"}, {"id": "list", "title": "A list"}
    acts = [
        act("2017-01-01-warning", ["amber-ca"], kind="warning", occurred="2017-01-01", review=review),
        act("2017-01-01-list", ["amber-ca"], kind="list_published", occurred="2017-01-01", list=list_),
        act("2017-02-01-order", ["amber-ca"], kind="order", occurred="2017-02-01", ends_reviews=["review"]),
        act("2017-02-01-down", ["amber-ca"], kind="list_withdrawn", occurred="2017-02-01", list={"id": "list"}),
    ]
    log = [
        *({"event": "added", "jurisdiction": place} for place in places),
        *({"event": "recorded", "entry": one} for one in acts),
        {"event": "corrected", "entry": "2017-02-01-order", "fields": {"jurisdictions": ["birch-ca"]}},
        {"event": "corrected", "entry": "2017-02-01-down", "fields": {"jurisdictions": []}},
    ]
    service = service_at(f"sqlite:///{tmp_path}/named.db")
    play(service, log)
    naive: dict[str, Any] = {}
    for position in range(3, len(log) + 1):
        naive = naive_rules.status(log, "amber-ca", "2018-01-01", None, position)
        assert said_status(service, "amber-ca", asked("2018-01-01", None, position)) == naive
    assert [item["value"] for item in naive["listing"]] == ["list_taken_down"]
    assert naive["reviews"][0]["stage"]["value"] == "dormant"
    service.close()


def act(id_: str, jurisdictions: list[str], **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "actor": {"party": "federal"},
        "jurisdictions": jurisdictions,
        "summary": "Something happened.",
        "sources": [{"id": "s1", "title": "A paper", "rank": "primary"}],
        **more,
    }
