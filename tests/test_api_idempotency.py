"""Idempotency keys: a request that is sent again is carried out once, and has its answer again."""

import itertools
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

import api_world
from api.http import idempotency as over_http
from api_world import DATABASES, World, act, place
from application import idempotency, keys
from application.recording import record_entry
from eventlog.limits import ANSWERING, Limits, limits
from eventlog.tables import log
from eventlog.trouble import DatabaseTrouble, Trouble


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        yield world


def send(world: World, what: str, fields: Any, key: str = "k1", **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.client.post(f"/api/v1/{what}", json=fields, headers={**world.headers, "Idempotency-Key": key, **given})


def events(world: World) -> int:
    with world.service.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(log)).scalar_one()


def a_speech(**more: Any) -> dict[str, Any]:
    return act("statement", "2017-04-22", ["springfield"], **more)


REVISIONS = {
    "corrections": {"fields": {"note": "Seen."}, "reason": "It was read again."},
    "disputes": {"by": "A mayor", "what": "It was not so."},
    "retraction": {"reason": "Never said."},
}


def test_the_same_again_has_the_same_answer_and_is_carried_out_once(world: World) -> None:
    requests: list[tuple[str, Any, dict[str, str]]] = [
        ("entries", a_speech(id="a-speech"), {}),
        ("entries", a_speech(summary="An entry without an id."), {}),
        ("jurisdictions", place("shelbyville"), {}),
        *((f"entries/a-speech/{what}", fields, {"If-Match": f'"{number}"'})
          for number, (what, fields) in enumerate(REVISIONS.items(), 1)),
    ]  # fmt: skip
    for number, (what, fields, headers) in enumerate(requests):
        first = send(world, what, fields, f"key-{number}", **headers)
        assert first.status_code in (200, 201), first.text
        assert "idempotency-replayed" not in first.headers
        recorded = events(world)
        again = send(world, what, fields, f"key-{number}", **headers)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers.get("etag") == first.headers.get("etag")
        assert again.headers.get("location") == first.headers.get("location")
        assert events(world) == recorded


def test_a_refusal_is_repeated_too(world: World) -> None:
    fields = {**a_speech(id="a-speech"), "jurisdictions": ["nowhere"]}
    first = send(world, "entries", fields)
    assert first.status_code == 422
    world.post("jurisdictions", place("nowhere"))
    again = send(world, "entries", fields)
    assert (again.status_code, again.content) == (422, first.content)
    assert send(world, "entries", fields, "another").status_code == 201


def test_another_request_under_the_same_key_is_refused(world: World) -> None:
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201
    recorded = events(world)
    for what, fields, headers in (
        ("entries", a_speech(id="another"), {}),
        ("jurisdictions", place("shelbyville"), {}),
        ("entries/a-speech/retraction", {"reason": "No."}, {"If-Match": '"1"'}),
    ):
        answer = send(world, what, fields, **headers)
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:problem-type:key-reused"
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert events(world) == recorded


def test_a_key_belongs_to_whoever_sent_it(world: World) -> None:
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201
    other = {"Authorization": f"Bearer {keys.add_key(world.service, 'Another Newsroom')}"}
    assert send(world, "entries", a_speech(id="theirs"), **other).status_code == 201
    nobody = world.client.post("/api/v1/entries", json=a_speech(), headers={"Idempotency-Key": "k1"})
    assert nobody.status_code == 401
    unknown = send(world, "entries", a_speech(id="a-speech"), Authorization="Bearer dt_unknown")
    assert unknown.status_code == 401


@pytest.mark.parametrize("key", ["", '""', "two words", "x" * 256, "caf\u00e9", 'a"b'])
def test_what_is_no_key_is_refused(world: World, key: str) -> None:
    answer = world.client.post(
        "/api/v1/entries",
        json=a_speech(),
        headers=[*world.headers.items(), ("Idempotency-Key", key.encode("latin-1"))],  # type: ignore[arg-type]  # bytes, as sent
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_quoted_key_is_the_same_key(world: World) -> None:
    first = send(world, "entries", a_speech(id="a-speech"), "k1")
    assert send(world, "entries", a_speech(id="a-speech"), '"k1"').content == first.content


def test_of_many_at_once_one_is_carried_out(world: World) -> None:
    answers: list[Any] = []
    fields = a_speech(summary="An entry without an id.")

    def one() -> None:
        answers.append(send(world, "entries", fields))

    threads = [threading.Thread(target=one) for _ in range(8)]
    before = events(world)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events(world) == before + 1
    assert {one.status_code for one in answers} <= {201, 409}
    done = [one for one in answers if one.status_code == 201]
    assert done
    assert len({one.content for one in done}) == 1
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers if one.status_code == 409)
    assert send(world, "entries", fields).content == done[0].content


@pytest.fixture
def later(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets the lease of a claim run out."""

    def pass_by() -> None:
        now = world.service.now() + idempotency.IDEMPOTENCY_LEASE * 2
        monkeypatch.setattr(world.service, "now", lambda: now)

    return pass_by


def cut_off(world: World, monkeypatch: pytest.MonkeyPatch, at: str, what: str, fields: Any, **headers: str) -> None:
    """A request whose process dies at a function, with nothing tidied up."""

    def dead(*_: object, **__: object) -> None:
        raise RuntimeError("the process is gone")

    with monkeypatch.context() as patched:
        patched.setattr(at, dead)
        patched.setattr("application.idempotency.release", lambda *_: None)
        send(world, what, fields, **headers)


def test_what_was_cut_off_after_it_was_recorded_has_the_answer_that_it_would_have_had(
    world: World, monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    fields = a_speech(summary="An entry without an id.")
    cut_off(world, monkeypatch, "application.idempotency.finish", "entries", fields)
    recorded = events(world)
    assert send(world, "entries", fields).status_code == 409
    later()
    answer = send(world, "entries", fields)
    assert answer.status_code == 201
    assert events(world) == recorded
    id_ = answer.json()["id"]
    assert answer.content == world.ask(f"entries/{id_}").content
    assert answer.headers["location"] == f"/api/v1/entries/{id_}"
    assert send(world, "entries", fields).headers["idempotency-replayed"] == "true"


def test_a_correction_that_was_cut_off_is_not_made_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    world.post("entries", a_speech(id="a-speech"))
    correction = REVISIONS["corrections"]
    cut_off(
        world, monkeypatch, "application.idempotency.finish", "entries/a-speech/corrections", correction,
        **{"If-Match": '"1"'},
    )  # fmt: skip
    later()
    answer = send(world, "entries/a-speech/corrections", correction, **{"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["log"]["version"]) == (200, 2)
    assert answer.headers["etag"] == '"2"'


def test_what_was_cut_off_before_it_was_recorded_is_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    recorded = events(world)
    cut_off(world, monkeypatch, "api.resources.entries.record_entry", "entries", a_speech(id="a-speech"))
    assert events(world) == recorded
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 409
    later()
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201
    assert events(world) == recorded + 1


def test_whoever_lost_their_claim_records_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = events(world)

    def slow(*arguments: Any, **more: Any) -> Any:
        # Meanwhile the lease runs out, and another takes the request over.
        monkeypatch.setattr("api.resources.entries.record_entry", record_entry)
        now = world.service.now() + idempotency.IDEMPOTENCY_LEASE * 2
        monkeypatch.setattr(world.service, "now", lambda: now)
        assert isinstance(
            idempotency.begin_request(world.service, "A Newsroom", "k1", stored_request(world)),
            idempotency.IdempotencyClaim,
        )
        return record_entry(*arguments, **more)

    monkeypatch.setattr("api.resources.entries.record_entry", slow)
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 500
    assert events(world) == recorded


def stored_request(world: World) -> str:
    with world.service.engine.connect() as connection:
        request: str = connection.execute(select(idempotency.table.c.request)).scalar_one()
        return request


def test_a_bug_is_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("api.resources.entries.record_entry", broken)
        assert send(world, "entries", a_speech(id="a-speech")).status_code == 500
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201


def test_an_answer_is_kept_for_a_day_and_not_for_good(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = send(world, "entries", a_speech(id="a-speech"))
    now = world.service.now()
    monkeypatch.setattr(world.service, "now", lambda: now + timedelta(hours=25))
    assert send(world, "entries", a_speech(id="a-speech")).content == first.content
    monkeypatch.setattr(world.service, "now", lambda: now + idempotency.KEPT_FOR + timedelta(hours=1))
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 200  # it is on record already


def rows() -> list[dict[str, Any]]:
    return [a_speech(id="one"), a_speech(id="two"), a_speech(id="there"), place("shelbyville")]


def test_a_batch_that_was_cut_off_after_it_was_recorded_tells_what_it_would_have_told(
    world: World, monkeypatch: pytest.MonkeyPatch, later: Any
) -> None:
    world.post("entries", a_speech(id="there"))
    expected = send(world, "entries:batch?dry_run=true", rows(), "other").json() | {"dry_run": False}
    assert (expected["recorded"], expected["already"], expected["suspected_total"]) == (3, 1, 2)
    cut_off(world, monkeypatch, "application.idempotency.finish", "entries:batch", rows())
    recorded = events(world)
    later()
    answer = send(world, "entries:batch", rows())
    assert answer.json() == expected
    assert events(world) == recorded
    again = send(world, "entries:batch", rows())
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")


def test_a_dry_run_leaves_its_key_to_what_is_recorded(world: World) -> None:
    recorded = events(world)
    tried = send(world, "entries:batch?dry_run=true", rows())
    assert tried.json()["recorded"] == 4
    assert events(world) == recorded
    done = send(world, "entries:batch", rows())
    assert done.json() == tried.json() | {"dry_run": False}
    assert send(world, "entries:batch", rows()).headers["idempotency-replayed"] == "true"
    assert events(world) == recorded + 4


def test_all_transactions_of_a_request_wait_no_longer_than_one_may(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, left = itertools.count(), list[float]()
    monkeypatch.setattr(over_http, "monotonic", lambda: float(next(seconds)))
    store = idempotency.finish

    def marked(*_: Any, **__: Any) -> SimpleNamespace:
        left.append(limits().lock_s)
        return SimpleNamespace(rowcount=1)

    def finished(*arguments: Any) -> None:
        left.append(limits().lock_s)
        store(*arguments)

    monkeypatch.setattr(idempotency, "_MARK", SimpleNamespace(run=marked))
    monkeypatch.setattr(idempotency, "finish", finished)
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201
    in_the_append, when_it_is_stored = left
    assert ANSWERING.lock_s - 1 >= in_the_append > when_it_is_stored


@pytest.mark.parametrize(("what", "waited"), [("entries", [1, 2]), ("entries:batch", [1, 1])])
def test_what_a_batch_was_at_work_for_is_no_wait_of_its_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str, waited: list[int]
) -> None:
    looks, waits = itertools.count(), list[float]()

    def less(most: Limits, waited_s: float) -> Limits:
        waits.append(waited_s)
        return most

    monkeypatch.setattr(over_http, "monotonic", lambda: float(next(looks)))
    monkeypatch.setattr(over_http, "less", less)
    speech = a_speech(id="a-speech")
    assert send(world, what, [speech] if what == "entries:batch" else speech).status_code in (200, 201)
    assert waits == waited


def test_whoever_asks_does_not_wait_for_the_key_of_a_failed_request_to_be_free(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    pass_on, release = over_http._BufferedResponse.pass_on, idempotency.release

    async def passed_on(response: over_http._BufferedResponse) -> None:
        done.append("answered")
        await pass_on(response)

    def released(*arguments: Any) -> None:
        done.append("released")
        release(*arguments)

    def in_trouble(*_: Any, **__: Any) -> None:
        raise DatabaseTrouble(Trouble.AWAY)

    with monkeypatch.context() as patched:
        patched.setattr(over_http._BufferedResponse, "pass_on", passed_on)
        patched.setattr(idempotency, "release", released)
        patched.setattr(idempotency, "_MARK", SimpleNamespace(run=in_trouble))
        assert send(world, "entries", a_speech(id="a-speech")).status_code == 503
    assert done == ["answered", "released"]
    assert send(world, "entries", a_speech(id="a-speech")).status_code == 201
