"""Commands carried out together: each on what those before it recorded, and all of them or none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.parsing import parse_entry, parse_jurisdiction
from application.recording import RecordOutcome, handle, record
from application.service import Service
from domain.decisions import Command, CorrectEntry, RetractEntry, UpdateJurisdiction, command_for
from domain.errors import Conflict, Invalid, NotFound, Refused, Stale
from domain.events import EntryCorrected, EntryDisputed, EntryRetracted, JurisdictionAdded, JurisdictionUpdated
from domain.values import Source
from record_scripts import service_at
from small_record import PLACE, said

FIRST, SECOND = said(1), said(2)
RETRACTION = EntryRetracted(entry=FIRST["id"], reason="It was another day.")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service with nothing on record."""
    service = service_at(f"sqlite:///{tmp_path / 'record.db'}")
    yield service
    service.close()


def carry_out(service: Service, *commands: Command) -> list[RecordOutcome]:
    return handle(service, commands, recorder="tests")


def test_what_is_new_is_recorded_in_any_order_and_then_changed(service: Service) -> None:
    outcomes = carry_out(
        service, RetractEntry(RETRACTION), parse_entry(FIRST), parse_entry(SECOND), parse_jurisdiction(PLACE)
    )
    assert outcomes == [
        RecordOutcome(FIRST["id"], 1),
        RecordOutcome(SECOND["id"], 2),
        RecordOutcome(PLACE["id"], 3),
        RecordOutcome(FIRST["id"], 4),
    ]


def test_a_change_is_decided_on_the_changes_before_it(service: Service) -> None:
    record(service, [FIRST], [PLACE], recorder="tests")
    with pytest.raises(Refused, match="is retracted already"):
        carry_out(service, RetractEntry(RETRACTION), RetractEntry(RETRACTION))
    assert service.log.head_position() == 2


def test_nothing_new_is_recorded_when_a_change_is_refused(service: Service) -> None:
    with pytest.raises(NotFound):
        carry_out(service, parse_jurisdiction(PLACE), RetractEntry(RETRACTION))
    assert service.log.head_position() == 0


def test_a_change_on_a_version_that_is_made_in_the_same_call_is_not_stale(service: Service) -> None:
    dispute = EntryDisputed(entry=FIRST["id"], by="Somebody", what="The day.")
    record(service, [FIRST], [PLACE], recorder="tests")
    assert len(carry_out(service, command_for(dispute, 1), command_for(RETRACTION, 2))) == 2
    with pytest.raises(Stale):
        carry_out(service, command_for(dispute, 2))


def test_an_agency_may_speak_for_a_place_that_is_added_with_it(service: Service) -> None:
    agency = PLACE | {"id": "springfield-police", "kind": "agency", "speaks_for": PLACE["id"]}
    assert len(carry_out(service, parse_jurisdiction(agency), parse_jurisdiction(PLACE))) == 2


def test_an_update_is_decided_on_the_updates_before_it(service: Service) -> None:
    agency = PLACE | {"id": "springfield-police", "kind": "agency"}
    record(service, [], [PLACE, agency], recorder="tests")
    speaks = JurisdictionUpdated(jurisdiction=agency["id"], fields={"speaks_for": PLACE["id"]})
    sheriff = JurisdictionAdded.model_validate(agency | {"id": "the-sheriff"})
    record(service, [], [sheriff.model_dump(exclude_none=True)], recorder="tests")
    speaks_for_an_agency = JurisdictionUpdated(jurisdiction="the-sheriff", fields={"speaks_for": agency["id"]})
    with pytest.raises(Refused, match="'springfield-police' is itself an agency"):
        carry_out(service, UpdateJurisdiction(speaks), UpdateJurisdiction(speaks_for_an_agency))


def test_what_is_given_twice_is_recorded_once(service: Service) -> None:
    outcomes = record(service, [FIRST, FIRST], [PLACE], recorder="tests")
    assert [outcome.id for outcome in outcomes] == [PLACE["id"], FIRST["id"]]


def test_an_id_that_is_given_twice_with_other_content_is_malformed(service: Service) -> None:
    with pytest.raises(Invalid, match=r"is given twice.*: summary differ"):
        record(service, [FIRST, FIRST | {"summary": "Another thing."}], [PLACE], recorder="tests")


def test_what_is_on_record_is_not_recorded_again(service: Service) -> None:
    record(service, [FIRST], [PLACE], recorder="tests")
    assert record(service, [FIRST, SECOND], recorder="tests") == [
        RecordOutcome(FIRST["id"], 2, already_recorded=True),
        RecordOutcome(SECOND["id"], 3),
    ]


def test_an_id_on_record_with_other_content_is_a_conflict(service: Service) -> None:
    record(service, [FIRST], [PLACE], recorder="tests")
    with pytest.raises(Conflict, match=r"with other content: summary$") as conflict:
        record(service, [SECOND, FIRST | {"summary": "Another thing."}], recorder="tests")
    assert conflict.value.extra == {"on_record": FIRST, "given": FIRST | {"summary": "Another thing."}}
    assert service.log.head_position() == 2


def test_an_entry_that_links_to_itself_is_corrected_to_do_so_no_more(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = FIRST | {"follows": [FIRST["id"]]}
    with monkeypatch.context() as before_it_was_refused:
        before_it_was_refused.setattr("domain.validation._following", lambda _act, _context: [])
        record(service, [entry], [PLACE], recorder="tests")
    source = Source(id="s1", title="A better page", rank="primary").model_dump(exclude_none=True)
    correction = EntryCorrected(entry=FIRST["id"], fields={"sources": [source], "follows": []}, reason="It says so.")
    assert carry_out(service, CorrectEntry(correction)) == [RecordOutcome(FIRST["id"], 3)]
