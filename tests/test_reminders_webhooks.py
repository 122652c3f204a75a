"""Webhooks: what a real receiver on loopback gets, and what becomes of each way in which it may answer."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest
from sqlalchemy import MetaData, select, text
from standardwebhooks import WebhookVerificationError

from application.reminders import webhooks
from application.reminders.outbox import RETRIES_S
from delivery_world import DeliveryWorld, Receiver, answers_with, delivery_world, receiver, verified
from eventlog.tables import log


@pytest.fixture
def world(sqlite_url: str) -> Iterator[DeliveryWorld]:
    with delivery_world(sqlite_url) as world:
        yield world


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def test_a_receiver_gets_what_is_due_signed(
    database_url: str, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with delivery_world(database_url) as world:
        made = world.subscribe(channel="webhook", url=there.url)
        world.come_due()
        world.send()
        (got,) = there.got
        assert got.path == "/hook?to=us"
        assert got.headers["content-type"] == "application/json"
        body = verified(world, got, made["secret"], monkeypatch)
        assert (body["type"], body["data"]["subscription"]) == ("reminder.due", made["id"])
        (named,) = body["data"]["deadlines"]
        assert named == {"demand": "a-letter", "addressee": "alameda", "due": "2026-03-20", "words": "by 2026-03-20"}
        (shown,) = world.reminders()
        assert (shown["state"], shown["id"], shown["offset"]) == ("delivered", body["data"]["id"], -7)
        assert [(delivery["outcome"], delivery["detail"]) for delivery in shown["deliveries"]] == [
            ("delivered", "HTTP 204")
        ]
        assert world.event_names() == ["ReminderDue", "ReminderDelivered"]
        world.later(days=1)
        assert len(there.got) == 1


def test_a_repeat_carries_the_same_id_and_a_time_of_its_own(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.subscribe(channel="webhook", url=there.url)
    there.answers += [answers_with(500), answers_with(302, Location="http://127.0.0.1:1/elsewhere"), answers_with(404)]
    world.come_due()
    world.send()
    for wait_s in RETRIES_S[:3]:
        assert world.reminders()[0]["state"] == "due"
        world.later(seconds=wait_s)
        verified(world, there.got[-1], made["secret"], monkeypatch)
    assert [detail for _, detail in world.attempts()] == ["HTTP 500", "HTTP 302", "HTTP 404", "HTTP 204"]
    assert len(set(there.ids)) == 1
    assert len({request.body for request in there.got}) == 1
    assert len({request.headers["webhook-timestamp"] for request in there.got}) == 4
    assert world.event_names() == ["ReminderDue", "ReminderDelivered"]


def test_after_three_days_of_failures_it_is_given_up(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    there.always = answers_with(503)
    world.come_due()
    world.send()
    for wait_s in RETRIES_S:
        assert world.waiting()
        world.later(seconds=wait_s)
    assert not world.waiting()
    (shown,) = world.reminders(state="failed")
    assert len(shown["deliveries"]) == len(there.got) == 10
    assert shown["why"] == "10 attempts failed"
    assert world.event_names() == ["ReminderDue", "ReminderFailed"]
    assert 3 * 86_400 < sum(RETRIES_S) < 4 * 86_400


def test_gone_ends_the_subscription_and_what_is_planned_for_it(world: DeliveryWorld, there: Receiver) -> None:
    made = world.subscribe(channel="webhook", url=there.url, plan=[-7, -1])
    there.always = answers_with(410)
    world.come_due()
    world.send()
    assert world.event_names() == ["ReminderDue", "ReminderCancelled", "ReminderFailed"]
    shown = world.ask("GET", f"subscriptions/{made['id']}").json()
    assert shown["why_ended"] == "the receiver answered 410"
    assert shown["ended_at"] is not None
    assert {reminder["state"] for reminder in world.reminders()} == {"failed", "cancelled"}
    assert world.ask("POST", f"subscriptions/{made['id']}/secret").status_code == 422


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [("120", 120), ("1", 5), ("a while", 5), ("999999999999", 86_400), ("Sun, 06 Nov 1994 08:49:37 GMT", 5)],
)
def test_a_receiver_may_ask_to_wait_longer(world: DeliveryWorld, there: Receiver, asked: str, wait_s: int) -> None:
    world.subscribe(channel="webhook", url=there.url)
    there.answers.append(answers_with(429, Retry_After=asked))
    world.come_due()
    world.send()
    world.later(seconds=wait_s - 1)
    assert len(there.got) == 1
    world.later(seconds=1)
    assert len(there.got) == 2


def test_a_receiver_may_say_until_when(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    world.come_due()
    until = world.timeline.clock.at.replace(minute=30)
    there.answers.append(answers_with(503, Retry_After=format_datetime(until, usegmt=True)))
    world.send()
    world.later(minutes=29)
    assert len(there.got) == 1
    world.later(minutes=2)
    assert len(there.got) == 2


def test_both_secrets_sign_for_a_day_and_then_the_new_one_alone(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.subscribe(channel="webhook", url=there.url, plan=[-7, -1])
    world.come_due()
    new = world.ask("POST", f"subscriptions/{made['id']}/secret")
    assert new.status_code == 201
    world.send()
    for secret in (made["secret"], new.json()["secret"]):
        verified(world, there.got[0], secret, monkeypatch)
    assert world.timeline.tick("2026-03-19T17:00:00+00:00") == 1
    world.send()
    verified(world, there.got[1], new.json()["secret"], monkeypatch)
    with pytest.raises(WebhookVerificationError):
        verified(world, there.got[1], made["secret"], monkeypatch)


def test_no_secret_is_anywhere_but_where_it_is_kept(
    world: DeliveryWorld, there: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = world.subscribe(channel="webhook", url=there.url)
    new = world.ask("POST", f"subscriptions/{made['id']}/secret").json()["secret"]
    there.answers.append(answers_with(500))
    world.come_due()
    world.send()
    world.later(seconds=5)
    answers = [
        world.ask("GET", address).text
        for address in ("subscriptions", f"subscriptions/{made['id']}", "reminders", "deadlines", "timeline")
    ]
    answers.append(world.ask("PATCH", f"subscriptions/{made['id']}", {"hour": "10:00"}).text)
    tables = MetaData()
    with world.timeline.service.engine.connect() as connection:
        tables.reflect(connection)
        kept = {name: str(connection.execute(select(table)).all()) for name, table in tables.tables.items()}
    for secret in (made["secret"], new):
        assert [name for name, rows in kept.items() if secret in rows] == ["webhook_secrets"]
        assert [text for text in answers if secret in text] == []
        assert secret not in caplog.text
        assert secret not in str([(request.headers, request.body) for request in there.got])
    assert there.url not in kept[log.name]
    assert "127.0.0.1" not in kept[log.name]


def drip(request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no single wait is long."""
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000:
        request.wfile.write(bytes([byte]))
        time.sleep(0.05)


def drip_a_body(request: BaseHTTPRequestHandler) -> None:
    """The status at once, and then its body as above."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100_000):
        request.wfile.write(b"a")
        time.sleep(0.05)


def pour(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(4_000):
        request.wfile.write(b"x" * 64 * 1024)


def babble(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"no protocol that anybody knows\r\n\r\n")
    request.close_connection = True


@pytest.mark.parametrize("answer", [drip, drip_a_body])
def test_a_receiver_that_answers_a_byte_at_a_time_is_not_waited_for(
    world: DeliveryWorld,
    there: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOK_TOTAL_S", 0.5)
    world.subscribe(channel="webhook", url=there.url)
    there.answers.append(answer)
    world.come_due()
    begun = time.perf_counter()
    world.send()
    assert time.perf_counter() - begun < 5
    assert world.attempts() == [("failed", "timed out")]


def test_an_endless_answer_is_read_no_further_than_its_beginning(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    there.answers.append(pour)
    world.come_due()
    world.send()
    assert world.attempts() == [("delivered", "HTTP 200")]


def test_what_is_no_answer_is_a_failure(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    there.answers.append(babble)
    world.come_due()
    world.send()
    assert world.attempts() == [("failed", "the answer was not HTTP")]


def test_a_hanging_receiver_delays_nobody_else(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOK_TOTAL_S", 2.5)
    arrived: list[float] = []
    begun = time.perf_counter()

    def note(request: BaseHTTPRequestHandler) -> None:
        arrived.append(time.perf_counter() - begun)
        answers_with(204)(request)

    there.always = note
    with receiver() as dead:
        dead.always = lambda _request: time.sleep(4)
        for _ in range(3):
            world.subscribe(channel="webhook", url=dead.url)
        world.subscribe(channel="webhook", url=there.url, plan=[-7, -6, -5])
        world.timeline.demand("a-letter", "2026-03-20")
        world.timeline.tick("2026-03-15T17:00:00+00:00")
        begun = time.perf_counter()
        world.send()
    assert len(arrived) == 3
    assert max(arrived) < 2, "all three of the living one, before the dead one's first was given up"


def test_entries_and_what_befalls_them_are_told_to_whoever_asked(world: DeliveryWorld, there: Receiver) -> None:
    world.timeline.demand("before", "2026-03-20")
    world.subscribe(channel="webhook", url=there.url, kinds=["entry", "correction"])
    world.timeline.demand("a-letter", "2026-03-20")
    world.timeline.demand("elsewhere", "2026-03-20", "boston")
    world.timeline.move("before", "2026-03-25")
    world.timeline.retract("a-letter")
    world.timeline.tick("2026-03-19")
    world.send()
    announced = [(body["type"], body["data"]["entry"]) for body in (json.loads(request.body) for request in there.got)]
    assert sorted(announced) == [
        ("entry.corrected", "before"),
        ("entry.recorded", "a-letter"),
        ("entry.retracted", "a-letter"),
    ]
    assert len(set(there.ids)) == 3


def test_the_log_holds_nothing_of_subscriptions(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    world.come_due()
    world.send()
    with world.timeline.service.engine.connect() as connection:
        rows = connection.execute(text("SELECT stream, topic, state FROM log")).all()
    of_reminders = [json.loads(bytes(row.state)) for row in rows if row.stream.startswith("reminder:")]
    assert [sorted(fields) for fields in of_reminders] == [
        ["deadlines", "offset", "planned_for", "reminder", "subscription"],
        ["attempts", "reminder"],
    ]
