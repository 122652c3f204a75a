"""Every command, decided without a database: what is given, what it comes to, and for what it is refused."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from domain.decisions import (
    AddJurisdiction,
    Command,
    CorrectEntry,
    DisputeEntry,
    EntryState,
    RecordEntry,
    ReinstateEntry,
    RetractEntry,
    State,
    UpdateJurisdiction,
    act_of,
    command_for,
    corrected_act,
    decide,
)
from domain.errors import NotFound, RecordError, Refused, Stale
from domain.events import (
    EntryCorrected,
    EntryDisputed,
    EntryReinstated,
    EntryRetracted,
    Event,
    JurisdictionAdded,
    JurisdictionUpdated,
    LaterEvent,
)
from domain.facts import fact_of
from domain.jurisdictions import Place
from domain.periods import NO_HOLIDAYS
from domain.validation import ValidationContext

TODAY = "2026-11-24"
CHICAGO = Place("chicago-il", "IL", "America/Chicago", agencies=("chicago-police",))
NEW_ORLEANS = Place("new-orleans-la", "LA", "America/Chicago")
POLICE = Place("chicago-police", "IL", "America/Chicago", speaks_for="chicago-il")
PLACES = {place.id: place for place in (CHICAGO, NEW_ORLEANS, POLICE)}
Fields = dict[str, Any]


def fields(
    id_: str, kind: str, occurred: str = "2017-04-21", places: Iterable[str] = ("chicago-il",), **more: Any
) -> Fields:
    source = {"id": "s1", "title": "A page", "rank": "primary"}
    return {"id": id_, "kind": kind, "occurred": occurred, "actor": {"party": "federal"}, "jurisdictions": list(places),
            "summary": "Something was done.", "sources": [source], **more}  # fmt: skip


WARNING = fields("a-warning", "warning", respond_by={"date": "2017-06-30"})
STATEMENT = fields("a-statement", "statement")


def context_of(*entries: Fields) -> ValidationContext:
    """The record with these entries on it, and the places above."""
    context = ValidationContext(places=dict(PLACES), today=lambda _: TODAY)
    for entry in entries:
        act = act_of(entry)
        context.include(act, fact_of(act.fields(), NO_HOLIDAYS))
    return context


def recording(entry: Fields, *on_record: Fields) -> list[Event]:
    """What comes of recording an entry, given others."""
    return decide(RecordEntry(act_of(entry)), State(context_of(*on_record, entry)))


def refusal_of_recording(entry: Fields, *on_record: Fields) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        recording(entry, *on_record)
    return messages(refused.value)


def messages(error: RecordError) -> dict[str, str]:
    return {problem.field: problem.message for problem in error.problems}


def test_a_valid_act_is_recorded_as_it_is() -> None:
    assert recording(STATEMENT) == [act_of(STATEMENT)]


def test_an_act_on_a_place_that_is_not_on_record_is_refused() -> None:
    entry = fields("a-statement", "statement", places=["atlantis"])
    assert refusal_of_recording(entry) == {"jurisdictions": "no jurisdiction 'atlantis' is on record"}


def test_an_act_that_follows_an_entry_that_is_not_on_record_is_refused() -> None:
    assert list(refusal_of_recording(STATEMENT | {"follows": ["nothing"]})) == ["follows"]


def test_an_act_may_follow_one_that_is_recorded_with_it() -> None:
    entry = STATEMENT | {"follows": ["a-warning"]}
    assert recording(entry, WARNING) == [act_of(entry)]


def test_an_act_of_tomorrow_is_refused() -> None:
    entry = fields("a-statement", "statement", "2026-11-25")
    assert refusal_of_recording(entry) == {"occurred": "is wholly in the future (today is 2026-11-24)"}


def test_an_act_of_a_month_that_is_not_over_is_recorded() -> None:
    entry = fields("a-statement", "statement", "2026-11")
    assert recording(entry) == [act_of(entry)]


def test_an_act_that_was_public_before_it_occurred_is_refused() -> None:
    assert list(refusal_of_recording(STATEMENT | {"public": "2017-04-20"})) == ["public"]


def test_a_quote_from_a_source_that_the_entry_has_not_is_refused() -> None:
    entry = STATEMENT | {"quotes": [{"text": "No.", "source": "s2"}]}
    assert refusal_of_recording(entry) == {"quotes.0.source": "'s2' is none of the entry's sources (s1)"}


def test_a_review_that_nobody_named_before_is_refused() -> None:
    assert list(refusal_of_recording(WARNING | {"review": {"id": "a-review"}})) == ["review"]


def test_a_review_may_be_named_in_the_act_itself() -> None:
    entry = WARNING | {"review": {"id": "a-review", "title": "A review"}}
    assert recording(entry) == [act_of(entry)]


def test_a_review_may_be_named_by_an_act_that_is_recorded_with_it() -> None:
    entry = fields("second", "warning", review={"id": "a-review"})
    first = WARNING | {"review": {"id": "a-review", "title": "A review"}}
    assert recording(entry, first) == [act_of(entry)]


def answer(**more: Any) -> Fields:
    return fields("an-answer", "response", "2017-06-01", form="letter", answers=["a-warning"]) | more


def test_the_addressee_of_a_demand_may_answer_it() -> None:
    assert recording(answer(), WARNING) == [act_of(answer())]


def test_an_agency_may_answer_for_the_place_that_it_speaks_for() -> None:
    entry = answer(jurisdictions=["chicago-police"])
    assert recording(entry, WARNING) == [act_of(entry)]


def test_an_answer_by_another_place_is_refused() -> None:
    problems = refusal_of_recording(answer(jurisdictions=["new-orleans-la"]), WARNING)
    assert problems == {"answers": "'a-warning' went to chicago-il: to nobody of the family of the answerer"}


def test_an_answer_to_an_act_that_asks_for_nothing_is_refused() -> None:
    problems = refusal_of_recording(answer(answers=["a-statement"]), STATEMENT)
    assert problems == {"answers": "'a-statement' asks for nothing: it has no respond_by"}


def test_an_answer_before_the_demand_is_refused() -> None:
    problems = refusal_of_recording(answer(occurred="2017-04-20"), WARNING)
    assert problems == {"answers": "'a-warning' came later: 2017-04-21, and this act 2017-04-20"}


def test_an_answer_of_the_same_day_is_to_come_after_the_demand() -> None:
    problems = refusal_of_recording(answer(occurred="2017-04-21", sequence=0), WARNING | {"sequence": 5})
    assert list(problems) == ["sequence"]


def test_all_that_is_wrong_with_an_act_is_said_at_once() -> None:
    entry = fields("a-statement", "statement", "2026-11-25", ["atlantis"], follows=["nothing"])
    assert list(refusal_of_recording(entry)) == ["jurisdictions", "follows", "occurred"]


def entry_on_record(entry: Fields, version: int = 1, *, retracted: bool = False) -> EntryState:
    return EntryState(entry, version, retracted=retracted)


def correction(new: Mapping[str, Any], entry: str = "a-warning") -> EntryCorrected:
    return EntryCorrected(entry=entry, fields=dict(new), reason="It says so.")


def correcting(
    new: Mapping[str, Any], entry: Fields = WARNING, *dependents: Fields, on_record: Iterable[Fields] = ()
) -> list[Event]:
    """What comes of correcting an entry, given those that link to it and others."""
    event = correction(new, entry["id"])
    state = entry_on_record(entry)
    context = context_of(*on_record, entry, *dependents)
    with suppress(Refused):
        act = corrected_act(state, event)
        context.include(act, fact_of(act.fields(), NO_HOLIDAYS))
    before = fact_of(entry, NO_HOLIDAYS)
    return decide(CorrectEntry(event), State(context, state, [act_of(dependent) for dependent in dependents], before))


def refusal_of_correction(new: Mapping[str, Any], entry: Fields = WARNING, *dependents: Fields) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        correcting(new, entry, *dependents)
    return messages(refused.value)


def test_a_correction_of_a_field_is_recorded() -> None:
    assert correcting({"summary": "Another thing."}) == [correction({"summary": "Another thing."})]


def test_a_correction_may_remove_a_field() -> None:
    assert correcting({"respond_by": None}) == [correction({"respond_by": None})]


def test_a_correction_is_recorded_as_the_record_writes_it() -> None:
    assert correcting({"occurred": 2017}) == [correction({"occurred": "2017"})]


def test_a_correction_of_nothing_is_refused() -> None:
    assert refusal_of_correction({}) == {"fields": "names no field"}


@pytest.mark.parametrize("name", ["id", "kind"])
def test_the_id_and_kind_of_an_entry_never_change(name: str) -> None:
    assert refusal_of_correction({name: "statement"}) == {f"fields.{name}": "an entry's id and kind never change"}


def test_a_correction_of_a_field_that_the_kind_has_not_is_refused() -> None:
    assert refusal_of_correction({"holdings": []}) == {"fields.holdings": "a warning has no such field"}


def test_a_correction_to_what_is_malformed_names_the_field_in_the_correction() -> None:
    assert list(refusal_of_correction({"respond_by": {"date": "soon"}})) == ["fields.respond_by.date"]


def test_a_field_that_every_entry_needs_cannot_be_removed() -> None:
    assert refusal_of_correction({"summary": None}) == {"fields.summary": "is missing"}


def test_a_correction_to_what_could_not_be_recorded_is_refused() -> None:
    assert list(refusal_of_correction({"occurred": "2026-11-25"}, STATEMENT)) == ["fields.occurred"]
    assert list(refusal_of_correction({"occurred": "2017-07-01"})) == ["fields.respond_by.date"]


def test_a_correction_may_name_an_entry_on_record() -> None:
    assert correcting({"follows": ["a-statement"]}, on_record=[STATEMENT]) == [correction({"follows": ["a-statement"]})]


def test_a_correction_that_leaves_an_answer_without_its_question_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        correcting({"respond_by": None}, WARNING, answer())
    (problem,) = refused.value.problems
    assert (problem.where, problem.field) == ("entry an-answer", "answers")
    assert str(refused.value) == f"entry an-answer: answers: {problem.message}"


def test_a_correction_that_an_answer_survives_is_recorded() -> None:
    new = {"respond_by": {"date": "2017-07-01"}}
    assert correcting(new, WARNING, answer()) == [correction(new)]


def test_a_correction_is_not_refused_for_what_was_wrong_with_another_entry_before() -> None:
    too_early = fields(
        "an-extension", "deadline_extended", "2017-05-01", demand=WARNING["id"], extended_to="2017-06-01"
    )
    new = {"summary": "In other words."}
    assert correcting(new, WARNING, too_early) == [correction(new)]
    with pytest.raises(Refused) as refused:
        correcting({"respond_by": None}, WARNING, too_early)
    assert [(problem.where, problem.field) for problem in refused.value.problems] == [("entry an-extension", "demand")]


def test_a_retracted_entry_may_be_corrected() -> None:
    state = State(context_of(WARNING | {"note": "Look."}), entry_on_record(WARNING, retracted=True))
    assert decide(CorrectEntry(correction({"note": "Look."})), state) == [correction({"note": "Look."})]


def test_the_corrected_act_is_the_entry_with_the_new_fields_laid_over_it() -> None:
    act = corrected_act(entry_on_record(WARNING), correction({"summary": "Another thing.", "respond_by": None}))
    assert act.fields() == fields("a-warning", "warning", summary="Another thing.")


DISPUTE = EntryDisputed(entry="a-warning", by="The mayor", what="That it was sent.")
RETRACTION = EntryRetracted(entry="a-warning", reason="It was another place.")
REINSTATEMENT = EntryReinstated(entry="a-warning", reason="It was this place.")


@pytest.mark.parametrize("entry", [entry_on_record(WARNING), entry_on_record(WARNING, 2, retracted=True)])
def test_any_entry_may_be_disputed(entry: EntryState) -> None:
    assert decide(DisputeEntry(DISPUTE), State(entry=entry)) == [DISPUTE]


def test_an_entry_that_is_disputed_may_be_disputed_again() -> None:
    assert decide(DisputeEntry(DISPUTE), State(entry=EntryState(WARNING, 2, disputed=True))) == [DISPUTE]


def test_an_entry_may_be_retracted() -> None:
    assert decide(RetractEntry(RETRACTION), State(entry=entry_on_record(WARNING))) == [RETRACTION]


def test_an_entry_is_retracted_once() -> None:
    with pytest.raises(Refused, match=r"^entry: is retracted already$"):
        decide(RetractEntry(RETRACTION), State(entry=entry_on_record(WARNING, retracted=True)))


def test_a_retracted_entry_may_be_reinstated() -> None:
    state = State(entry=entry_on_record(WARNING, retracted=True))
    assert decide(ReinstateEntry(REINSTATEMENT), state) == [REINSTATEMENT]


def test_only_a_retracted_entry_is_reinstated() -> None:
    with pytest.raises(Refused, match=r"^entry: is not retracted$"):
        decide(ReinstateEntry(REINSTATEMENT), State(entry=entry_on_record(WARNING)))


CHANGES: list[LaterEvent] = [correction({"note": "Look."}), DISPUTE, RETRACTION, REINSTATEMENT]


@pytest.mark.parametrize("event", CHANGES, ids=lambda event: event.TOPIC)
def test_nothing_happens_to_an_entry_that_is_not_on_record(event: LaterEvent) -> None:
    with pytest.raises(NotFound, match="no entry 'a-warning' is on record"):
        decide(command_for(event), State())


@pytest.mark.parametrize("event", CHANGES, ids=lambda event: event.TOPIC)
def test_what_was_decided_on_an_older_version_is_stale(event: LaterEvent) -> None:
    with pytest.raises(Stale, match="entry 'a-warning' is at version 3, not 2") as stale:
        decide(command_for(event, on_version=2), State(entry=entry_on_record(WARNING, 3)))
    assert stale.value.extra == {"version": 3}


@pytest.mark.parametrize("on_version", [None, 3])
def test_what_was_decided_on_this_version_or_on_any_is_not_stale(on_version: int | None) -> None:
    assert decide(command_for(RETRACTION, on_version), State(entry=entry_on_record(WARNING, 3))) == [RETRACTION]


def place(id_: str = "springfield-il", kind: str = "city", **more: Any) -> Fields:
    return {"id": id_, "name": "A place", "kind": kind, "state": "IL", "time_zone": "America/Chicago", **more}


def adding(**more: Any) -> list[Event]:
    added = JurisdictionAdded.model_validate(place(**more))
    return decide(AddJurisdiction(added), State(context_of()))


def test_a_place_is_added() -> None:
    assert adding() == [JurisdictionAdded.model_validate(place())]


def test_an_agency_is_added_for_a_place_on_record() -> None:
    assert adding(kind="agency", speaks_for="chicago-il") != []


def test_only_an_agency_speaks_for_another() -> None:
    with pytest.raises(Refused, match="only an agency speaks for another, and 'springfield-il' is none"):
        adding(speaks_for="chicago-il")


def test_an_agency_speaks_for_a_place_on_record() -> None:
    with pytest.raises(Refused, match=r"^speaks_for: no jurisdiction 'atlantis' is on record$"):
        adding(kind="agency", speaks_for="atlantis")


def test_no_agency_speaks_for_an_agency() -> None:
    with pytest.raises(Refused, match=r"^speaks_for: 'chicago-police' is itself an agency$"):
        adding(kind="agency", speaks_for="chicago-police")


def updating(on_record: Fields | None, **new: Any) -> list[Event]:
    update = JurisdictionUpdated(jurisdiction="springfield-il", fields=new)
    return decide(UpdateJurisdiction(update), State(context_of(), place=on_record))


def refusal_of_update(on_record: Fields, **new: Any) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        updating(on_record, **new)
    return messages(refused.value)


def test_a_place_is_updated() -> None:
    assert updating(place(), name="Springfield") == [
        JurisdictionUpdated(jurisdiction="springfield-il", fields={"name": "Springfield"})
    ]


def test_an_update_may_remove_a_field() -> None:
    assert updating(place(geoid="1772000"), geoid=None) != []


def test_a_place_that_is_not_on_record_is_not_updated() -> None:
    with pytest.raises(NotFound, match="no jurisdiction 'springfield-il' is on record"):
        updating(None, name="Springfield")


def test_the_id_of_a_place_never_changes() -> None:
    assert refusal_of_update(place(), id="shelbyville-il") == {"fields.id": "a jurisdiction's id never changes"}


def test_an_update_to_what_is_malformed_names_the_field_in_the_update() -> None:
    problems = refusal_of_update(place(), time_zone="Springfield", colour="yellow")
    assert list(problems) == ["fields.time_zone", "fields.colour"]


def test_a_field_that_every_place_needs_cannot_be_removed() -> None:
    assert refusal_of_update(place(), name=None) == {"fields.name": "is missing"}


def test_an_update_may_not_let_a_city_speak_for_another() -> None:
    problems = refusal_of_update(place(), speaks_for="chicago-il")
    assert problems == {"fields.speaks_for": "only an agency speaks for another, and 'springfield-il' is none"}


def test_an_agency_that_speaks_for_another_becomes_no_city() -> None:
    on_record = place(kind="agency", speaks_for="chicago-il")
    assert list(refusal_of_update(on_record, kind="city")) == ["fields.speaks_for"]


def test_an_agency_may_come_to_speak_for_another_place() -> None:
    on_record = place(kind="agency", speaks_for="chicago-il")
    assert updating(on_record, speaks_for="new-orleans-la", state="LA") != []


@pytest.mark.parametrize(
    ("event", "command"),
    [
        (correction({"note": "Look."}), CorrectEntry),
        (DISPUTE, DisputeEntry),
        (RETRACTION, RetractEntry),
        (REINSTATEMENT, ReinstateEntry),
        (JurisdictionUpdated(jurisdiction="springfield-il", fields={}), UpdateJurisdiction),
    ],
)
def test_an_event_on_what_is_on_record_has_its_command(
    event: LaterEvent | JurisdictionUpdated, command: type[Command]
) -> None:
    assert command_for(event) == command(event)  # type: ignore[arg-type]  # the pairs above match
