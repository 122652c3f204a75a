"""A log whose database no longer refuses to change it takes nothing more, and says why; its key is named by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text, update

from api.app import create_app
from application import keys
from application.log_files import export, import_log
from application.recording import record
from application.reminders.due import tick
from application.reminders.tables import reminders_table
from application.service import Service
from application.signing_key import replace_signing_key
from application.verifying.verify import verify
from command_line import SPRINGFIELD, run, written
from eventlog.engine import writing
from eventlog.guards import Unguarded, guard_anew
from eventlog.proofs import proving
from reminders_world import ON_BOTH_DATABASES, RemindersWorld, reminders_world, url_for
from small_record import fill, said, service_on


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    service = service_on(database_url)
    fill(service)
    yield service
    service.close()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[RemindersWorld]:
    with reminders_world(url_for(request)) as world:
        yield world


def unguard(engine: Engine) -> None:
    on = "" if engine.dialect.name == "sqlite" else " ON log"
    name = "log_refuses_delete" if engine.dialect.name == "sqlite" else "log_refuses_change"
    with engine.begin() as connection:
        connection.execute(text(f"DROP TRIGGER {name}{on}"))


def checkpoint(service: Service) -> str:
    with proving(service.log) as proofs:
        return proofs.checkpoint()


def test_nothing_is_recorded_on_a_log_without_its_guards_until_they_are_put_back(service: Service) -> None:
    headers = {"Authorization": f"Bearer {keys.add_key(service, 'tests')}"}
    unguard(service.engine)
    with pytest.raises(Unguarded, match="append-only"):
        record(service, [said(90)], recorder="ana")
    with TestClient(create_app(service)) as client:
        refused = client.post("/api/v1/entries", json=said(90), headers=headers)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem-type:log-unguarded")
        assert "Retry-After" in refused.headers
        ready = client.get("/readyz")
        assert (ready.status_code, "triggers" in ready.json()["why"][0]) == (503, True)
        assert client.get("/api/v1/timeline").status_code == 200
    assert any(fault.startswith("schema: trigger log_refuses_") for fault in verify(service))
    with writing(service.engine) as connection:
        guard_anew(connection)
    assert list(verify(service)) == []
    record(service, [said(90)], recorder="ana")


@pytest.mark.postgres
def test_a_trigger_that_is_only_switched_off_is_none(fresh_postgres: str) -> None:
    service = service_on(fresh_postgres)
    fill(service)
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE log DISABLE TRIGGER log_refuses_change"))
    with pytest.raises(Unguarded):
        record(service, [said(90)], recorder="ana")
    service.close()


def test_commands_say_so_in_a_line_and_guard_puts_it_right(sqlite_url: str, tmp_path: Path) -> None:
    entries = written(tmp_path / "place.yaml", SPRINGFIELD)
    assert run(sqlite_url, "load", entries).code == 0
    service = Service(sqlite_url)
    unguard(service.engine)
    service.close()
    more = written(tmp_path / "more.yaml", said(1))
    refused = run(sqlite_url, "load", more)
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "append-only" in refused.err
    assert run(sqlite_url, "verify").code == 1
    assert run(sqlite_url, "guard").code == 0
    assert run(sqlite_url, "load", more).code == 0
    assert run(sqlite_url, "verify").code == 0


def test_a_database_that_is_none_is_named_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "noise.db").write_bytes(b"noise" * 10_000)
    said_of_it = run(f"sqlite:///{tmp_path}/noise.db", "verify")
    assert (said_of_it.code, said_of_it.out) == (1, "database: cannot be opened: file is not a database\n")


def test_a_key_replaced_past_the_log_is_named_with_and_without_a_checkpoint(service: Service) -> None:
    kept = checkpoint(service)
    with service.engine.begin() as connection:
        connection.execute(text("UPDATE log_key SET private = :key"), {"key": bytes(range(32))})
    for against in (None, kept):
        assert [fault[:8] for fault in verify(service, against=against)] == ["log_key:"]
    (_, *foreign) = verify(service, against=checkpoint(service))
    assert foreign == ["the checkpoint of 11 events: is signed by none of the keys that the log names"]


def test_a_key_replaced_by_the_command_is_an_event_and_what_it_signed_before_still_holds(service: Service) -> None:
    before = checkpoint(service)
    for reason in ("The first was lost.", "So was the second."):
        event = replace_signing_key(service, reason=reason, recorder="ana")
        with proving(service.log) as proofs:
            assert proofs.key == event.after
    assert list(verify(service)) == []
    for kept in (before, checkpoint(service)):
        assert list(verify(service, against=kept)) == []
    with TestClient(create_app(service)) as client:
        last = client.get("/api/v1/events?after=11").json()["events"][-1]
        assert (last["type"], last["subject"]) == ("dispute-timeline.signing-key-replaced.v1", "log/key")
        assert client.get("/changes").status_code == 200


def test_a_copy_knows_the_key_of_the_log_that_it_came_from(service: Service, tmp_path: Path) -> None:
    replace_signing_key(service, reason="R.", recorder="ana")
    kept = checkpoint(service)
    with (tmp_path / "log").open("wb") as file:
        export(service, file)
    copy = service_on(f"sqlite:///{tmp_path}/copy.db")
    with (tmp_path / "log").open("rb") as file:
        import_log(copy, file)
    assert list(verify(copy, against=kept)) == list(verify(copy, against=checkpoint(copy))) == []
    copy.close()


@ON_BOTH_DATABASES
def test_a_reminder_set_back_to_planned_is_named_and_never_due_a_second_time(world: RemindersWorld) -> None:
    world.subscribe(plan=[0])
    world.demand("asked", "2026-03-05")
    world.clock.turn("2026-03-05")
    assert world.tick() == 1
    for values in ({"state": "planned"}, {"state": "planned", "version": 0}):
        with world.service.engine.begin() as connection:
            connection.execute(update(reminders_table).values(**values))
        assert any("state is 'planned', the log says 'due'" in fault for fault in verify(world.service))
        assert tick(world.service) == 0
        assert [fault for fault in verify(world.service) if "reminder" in fault] == []
    assert len(world.fired()) == 1


def test_a_planned_reminder_that_was_deleted_is_named(world: RemindersWorld) -> None:
    world.subscribe(plan=[0])
    world.demand("asked", "2026-03-05")
    world.act("statement", "2026-02-01", ["alameda"], "said")
    tick(world.service)
    assert list(verify(world.service)) == []
    with world.service.engine.begin() as connection:
        connection.execute(reminders_table.delete())
    (fault,) = verify(world.service)
    assert fault.startswith("reminders row (rem_")
    assert "missing; of alameda, due 2026-03-05, +0 days" in fault
