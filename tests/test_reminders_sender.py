"""Sending: nothing is lost and nobody waits for another, whatever dies; what was seen goes no further."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from application.reminders import sender as under_test
from application.reminders.lifecycle import acknowledge
from application.reminders.outbox import DELIVERY_LEASE, claim, record_delivery
from application.reminders.sender import OutboxSender
from delivery_world import SEVEN_DAYS_BEFORE, DeliveryWorld, Receiver, answers_with, delivery_world, receiver
from domain.errors import NotFound, Refused
from reminders_world import ON_BOTH_DATABASES, url_for


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[DeliveryWorld]:
    with delivery_world(url_for(request)) as world:
        yield world


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@ON_BOTH_DATABASES
def test_what_was_sent_by_a_process_that_died_is_sent_again_under_the_same_id(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.subscribe(channel="webhook", url=there.url)
    world.come_due()

    def died(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(under_test, "record_delivery", died)
        sender = OutboxSender(world.timeline.service, world.settings)
        assert sender.start_due() == 1
        sender.close()
    assert len(there.got) == 1
    assert world.attempts() == []
    world.send()
    assert len(there.got) == 1, "as far as anybody knows, somebody is at it"
    world.later(seconds=DELIVERY_LEASE.total_seconds())
    assert len(set(there.ids)) == 1
    assert len(there.got) == 2
    assert world.attempts() == [("delivered", "HTTP 204")]
    assert world.event_names() == ["ReminderDue", "ReminderDelivered"]


def test_what_cannot_be_noted_is_sent_again(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.subscribe(channel="webhook", url=there.url)
    world.come_due()

    def away(*_: object) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as failing:
        failing.setattr(under_test, "record_delivery", away)
        world.send()
    assert "could not be sent or noted" in caplog.text
    world.later(seconds=DELIVERY_LEASE.total_seconds())
    assert len(there.got) == 2
    assert world.reminders()[0]["state"] == "delivered"


@ON_BOTH_DATABASES
def test_several_senders_send_each_message_once(world: DeliveryWorld, there: Receiver) -> None:
    for _ in range(4):
        world.subscribe(channel="webhook", url=there.url, plan=[-7, -6, -5])
    world.timeline.demand("a-letter", "2026-03-20")
    assert world.timeline.tick("2026-03-15T17:00:00+00:00") == 12
    senders = [OutboxSender(world.timeline.service, world.settings) for _ in range(3)]
    threads = [threading.Thread(target=sender.send_due) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for sender in senders:
        sender.close()
    assert len(there.got) == 12
    assert len(set(there.ids)) == 12
    assert {reminder["state"] for reminder in world.reminders()} == {"delivered"}
    assert world.event_names().count("ReminderDelivered") == 12


@ON_BOTH_DATABASES
def test_an_attempt_that_outlived_its_lease_records_no_second_outcome(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url)
    world.come_due()
    slow = OutboxSender(world.timeline.service, world.settings)
    message = claim(world.timeline.service, world.waiting()[0].subscription)
    assert message is not None
    world.later(seconds=DELIVERY_LEASE.total_seconds())
    record_delivery(world.timeline.service, message, slow.attempt(message))
    slow.close()
    assert len(there.got) == 2
    assert world.event_names() == ["ReminderDue", "ReminderDelivered"]
    assert len(world.reminders()[0]["deliveries"]) == 2


def test_a_message_to_the_log_is_one_line(world: DeliveryWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "reminders")
    world.subscribe(channel="log")
    world.timeline.demand("a-letter", "2026-03-20", summary="Two\nlines")
    world.timeline.tick(SEVEN_DAYS_BEFORE)
    world.send()
    (line,) = (record.message for record in caplog.records if record.name == "reminders")
    assert "\n" not in line
    assert json.loads(line)["data"]["deadlines"][0]["demand"] == "a-letter"
    assert world.reminders()[0]["state"] == "delivered"


def test_what_is_left_when_a_subscription_ends_is_not_sent(world: DeliveryWorld, there: Receiver) -> None:
    made = world.subscribe(channel="webhook", url=there.url)
    world.come_due()
    assert world.ask("DELETE", f"subscriptions/{made['id']}").status_code == 204
    world.send()
    assert there.got == []
    (shown,) = world.reminders()
    assert (shown["state"], shown["why"]) == ("failed", "the subscription has ended")


def test_an_answer_before_its_hour_cancels_a_reminder(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url, plan=[-7, -1])
    world.come_due()
    world.timeline.clock.turn("2026-03-14")
    world.timeline.answer("an-answer", "a-letter", "2026-03-14")
    assert world.timeline.tick("2026-03-19T17:00:00+00:00") == 0
    world.send()
    assert len(there.got) == 1
    (cancelled,) = world.reminders(state="cancelled")
    assert cancelled["why"] == "answered by an-answer"


def escalating(world: DeliveryWorld, first: Receiver, second: Receiver) -> dict[str, Any]:
    after = world.subscribe(channel="webhook", url=second.url, jurisdictions=[], states=["MA"])
    return world.subscribe(channel="webhook", url=first.url, escalate_to=after["id"], escalate_after="PT2H")


@ON_BOTH_DATABASES
def test_what_nobody_acknowledges_goes_on_to_a_second_subscription_once(world: DeliveryWorld, there: Receiver) -> None:
    with receiver() as second:
        made = escalating(world, there, second)
        world.come_due()
        world.send()
        world.later(minutes=119)
        assert second.got == []
        world.later(minutes=1)
        world.later(days=1)
        (got,) = second.got
    body = json.loads(got.body)
    assert body["data"]["escalated"] is True
    assert body["data"]["subscription"] == made["id"]
    assert got.headers["webhook-id"] not in there.ids
    assert len(there.got) == 1
    (shown,) = world.reminders()
    assert [delivery["outcome"] for delivery in shown["deliveries"]] == ["delivered", "delivered"]


def test_what_failed_and_then_reached_a_second_one_is_delivered(world: DeliveryWorld, there: Receiver) -> None:
    with receiver() as second:
        escalating(world, there, second)
        there.always = answers_with(410)
        world.come_due()
        world.send()
        assert world.reminders()[0]["state"] == "failed"
        world.later(hours=2)
        assert len(second.got) == 1
    assert world.reminders()[0]["state"] == "delivered"
    assert world.event_names() == ["ReminderDue", "ReminderFailed", "ReminderDelivered"]


def test_what_is_acknowledged_or_answered_goes_no_further(world: DeliveryWorld, there: Receiver) -> None:
    with receiver() as second:
        escalating(world, there, second)
        world.come_due()
        world.timeline.demand("another", "2026-03-21")
        world.timeline.tick("2026-03-14T16:00:30+00:00")
        (first, other) = world.reminders(state="due")
        assert world.ask("POST", f"reminders/{first['id']}/acknowledgement").status_code == 200
        world.timeline.answer("an-answer", "another", "2026-03-14")
        world.later(hours=3)
        assert second.got == []
    assert [reminder["state"] for reminder in world.reminders()] == ["acknowledged", "delivered"]
    assert other["id"] != first["id"]


@ON_BOTH_DATABASES
def test_an_acknowledgement_is_recorded_once_and_stays(world: DeliveryWorld, there: Receiver) -> None:
    world.subscribe(channel="webhook", url=there.url, plan=[-7, -1])
    world.come_due()
    due, planned = world.reminders()
    for _ in range(2):
        answer = world.ask("POST", f"reminders/{due['id']}/acknowledgement")
        assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")
    world.send()
    assert world.reminders()[0]["state"] == "acknowledged", "that it was delivered after that changes nothing"
    assert world.event_names() == ["ReminderDue", "ReminderAcknowledged", "ReminderDelivered"]
    assert world.ask("POST", f"reminders/{planned['id']}/acknowledgement").status_code == 422
    with pytest.raises(Refused):
        acknowledge(world.timeline.service, planned["id"], "api")
    with pytest.raises(NotFound):
        acknowledge(world.timeline.service, "rem_nothing12", "api")
