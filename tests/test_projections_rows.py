"""Rows and folds: what a rebuild reads off an entry's fields is what the fact and the rules say of the same entry."""

from typing import Any

import pytest

import generated_records
import naive_rules
from application.legal_holidays.calendar import federal_holidays
from domain.decisions import act_of
from domain.events import ACT_CLASSES
from domain.facts import Fact, fact_of, reaches_unnamed_places
from domain.national import FactVersion, NationalActs
from domain.validation import names_defined_by
from eventlog.records import Recorded
from projections.projector import ACT_TOPICS, changes_of, first_event_of
from projections.rows import Rows, rows_of
from projections.schema import live_tables

SEEDS = [1, 2, 3]
THINGS = ("review", "policy", "subject", "case", "list")
LAW, REVIEW = (
    table.columns.keys().index(name)
    for table, name in ((live_tables().versions, "law"), (live_tables().timeline, "review"))
)


def rows_from(entry: dict[str, Any]) -> Rows:
    act = act_of(entry)
    event = first_event_of(act, act.fields())
    assert event.topic in ACT_TOPICS
    recorded = Recorded(1, event.stream, 1, event.topic, event.state, "2026-01-01T00:00:00Z", "test")
    return rows_of(changes_of([recorded], lambda _: []), lambda _, __: "2026-01-01")


def index_of_national_acts(fact: Fact) -> dict[str, Any]:
    """What one act alone leaves in the index of acts that reach places they do not name."""
    law = NationalActs()
    law.take([FactVersion(fact, 1)], 1)
    return {name: value for name, value in vars(law).items() if value and name not in ("head", "last", "entries")}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rows_of_an_entry_agree_with_its_fact(seed: int) -> None:
    for entry in generated_records.generate(seed)["entries"]:
        rows, fact = rows_from(entry), fact_of(entry, federal_holidays)
        assert {row[REVIEW] for row in rows.timeline} == {fact.review}, entry["id"]
        assert fact.review == naive_rules.review_of(entry)
        reaches = (
            fact.case is not None
            or fact.list is not None
            or bool(fact.ends_reviews or fact.ends_lists or fact.ends_subjects)
            or (fact.funding == "condition_withdrawn" and not fact.jurisdictions)
        )
        assert rows.versions[0][LAW] is reaches, entry["id"]
        if not reaches:
            assert index_of_national_acts(fact) == {}, "what is not read as national is never looked for there"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_names_kept_of_an_entry_are_those_it_is_accepted_by(seed: int) -> None:
    for entry in generated_records.generate(seed)["entries"]:
        kept = {(kind, id_) for id_, kind, _ in rows_from(entry).names}
        assert kept == names_defined_by(act_of(entry), fact_of(entry, federal_holidays)), entry["id"]
        assert kept == {(thing, id_) for thing in THINGS for id_ in naive_rules.introduced([entry], thing)}


def test_a_policy_is_not_made_known_by_an_id_alone() -> None:
    written = generated_records.generate(1)["entries"]
    entry = next(entry for entry in written if entry["kind"] == "policy_change" and "policy" not in entry)
    named = entry | {"policy": {"id": entry["id"]}}
    for fields, policies in ((entry, {("policy", entry["id"])}), (named, set())):
        assert {(kind, id_) for id_, kind, _ in rows_from(fields).names} == policies
        assert names_defined_by(act_of(fields), fact_of(fields, federal_holidays)) == policies


def test_every_act_about_a_case_or_a_list_reaches_beyond_those_it_names() -> None:
    reaching = {kind for kind in ACT_CLASSES if reaches_unnamed_places(kind, ["a-place"], [], ends=False)}
    assert reaching == {kind for kind, cls in ACT_CLASSES.items() if {"case", "list"} & cls.model_fields.keys()}
