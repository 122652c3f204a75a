"""Announcements: what is recorded, and what befalls it, told to whoever asked about the places it touches."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update

from application.recording import handle
from application.reminders.outbox import DELIVERY_LEASE, claim
from application.reminders.sender import OutboxSender
from application.reminders.subscriptions import create_subscription
from application.reminders.tables import outbox_table
from application.service import Service
from conftest import WHOLE
from delivery_world import (
    LOOPBACK,
    DeliveryWorld,
    ReceivedRequest,
    Receiver,
    answers_with,
    delivery_world,
    receiver,
    verified,
)
from domain.decisions import command_for
from domain.events import EntryDisputed
from reminders_world import ON_BOTH_DATABASES, url_for
from serving import COMMAND
from streaming import begin, judged, say, until

NEWS = ["entry", "correction"]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[DeliveryWorld]:
    with delivery_world(url_for(request)) as world:
        yield world


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def announced(there: Receiver) -> list[tuple[str, str]]:
    """What came, in the order in which it was recorded."""
    bodies = sorted((json.loads(request.body) for request in there.got), key=lambda body: body["data"]["position"])
    return [(body["type"], body["data"]["entry"]) for body in bodies]


def news(world: DeliveryWorld, there: Receiver, **places: object) -> dict[str, Any]:
    """Somebody asks; a moment later things happen."""
    made = world.subscribe(channel="webhook", url=there.url, **{"kinds": NEWS, "jurisdictions": [], **places})
    world.timeline.clock.at += timedelta(seconds=1)
    return made


@pytest.mark.parametrize(
    ("asked", "of"),
    [
        ({"jurisdictions": ["alameda"]}, ["of-alameda"]),
        ({"jurisdictions": ["california"]}, ["of-an-agency"]),
        ({"states": ["MA"]}, ["of-boston"]),
        ({"states": ["CA"]}, ["of-alameda", "of-an-agency"]),
        ({"jurisdictions": ["boston", "alameda"]}, ["of-alameda", "of-boston"]),
        ({"all": True}, ["of-alameda", "of-boston", "of-an-agency", "of-nobody"]),
    ],
)
def test_whoever_asked_about_a_place_is_told_of_each_entry_that_touches_it(
    world: DeliveryWorld, there: Receiver, asked: dict[str, object], of: list[str]
) -> None:
    news(world, there, **asked)
    world.timeline.act("statement", "2026-02-01", ["alameda"], "of-alameda")
    world.timeline.act("statement", "2026-02-01", ["boston"], "of-boston")
    world.timeline.act("statement", "2026-02-01", ["board-of-corrections"], "of-an-agency")
    world.timeline.act("order", "2026-02-01", [], "of-nobody")
    world.timeline.tick()
    world.send()
    assert announced(there) == [("entry.recorded", entry) for entry in of]
    assert len(set(there.ids)) == len(of)


@ON_BOTH_DATABASES
def test_whatever_befalls_an_entry_is_told_with_its_reason(world: DeliveryWorld, there: Receiver) -> None:
    world.timeline.act("statement", "2026-02-01", ["alameda"], "a-word")
    news(world, there, jurisdictions=["alameda"])
    world.timeline.correct("a-word", note="Read again.")
    dispute = EntryDisputed(entry="a-word", by="The mayor", what="That she said so.")
    handle(world.timeline.service, [command_for(dispute)], recorder="tests")
    world.timeline.retract("a-word")
    world.timeline.reinstate("a-word")
    world.timeline.tick()
    world.send()
    happened = ["corrected", "disputed", "retracted", "reinstated"]
    assert announced(there) == [(f"entry.{what}", "a-word") for what in happened]
    why = {body["type"]: body["data"] for body in (json.loads(request.body) for request in there.got)}
    assert why["entry.corrected"]["reason"] == "it says so"
    assert (why["entry.disputed"]["by"], why["entry.disputed"]["what"]) == ("The mayor", "That she said so.")
    assert why["entry.retracted"]["event"] == "entry-retracted"


def test_a_correction_that_takes_a_place_out_or_in_is_told_to_both(world: DeliveryWorld, there: Receiver) -> None:
    world.timeline.act("statement", "2026-02-01", ["alameda"], "a-word")
    with receiver() as other:
        news(world, there, jurisdictions=["alameda"])
        news(world, other, jurisdictions=["boston"])
        world.timeline.correct("a-word", jurisdictions=["boston"])
        world.timeline.tick()
        world.timeline.correct("a-word", note="Of Boston alone.")
        world.timeline.tick()
        world.send()
        assert announced(there) == [("entry.corrected", "a-word")]
        assert announced(other) == [("entry.corrected", "a-word")] * 2
    assert json.loads(there.got[0].body)["data"]["jurisdictions"] == ["boston", "alameda"]


def test_a_subscription_that_ended_or_wants_the_other_kind_is_told_nothing(
    world: DeliveryWorld, there: Receiver
) -> None:
    made = news(world, there, all=True)
    world.ask("DELETE", f"subscriptions/{made['id']}")
    world.subscribe(channel="webhook", url=there.url, kinds=["correction"])
    world.timeline.act("statement", "2026-02-01", ["alameda"], "a-word")
    world.timeline.tick()
    world.send()
    assert there.got == []


def test_every_body_is_a_cloudevent_signed_whole_under_the_webhooks_own_id(
    world: DeliveryWorld, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = news(world, there, jurisdictions=["alameda"], kinds=["reminder", *NEWS])
    world.come_due()
    world.timeline.correct("a-letter", note="Read again.")
    world.timeline.tick()
    world.send()
    by_type: dict[str, ReceivedRequest] = {json.loads(request.body)["type"]: request for request in there.got}
    assert set(by_type) == {"reminder.due", "entry.recorded", "entry.corrected"}
    for type_, got in by_type.items():
        event = judged(got.body)
        body = verified(world, got, made["secret"], monkeypatch)
        assert event.get_id() == got.headers["webhook-id"]
        assert (event.get_type(), event.get_source()) == (type_, "https://timeline.test/api/v1")
        assert event.get_data() == body["data"]
        assert event.get_attributes()["timestamp"] == body["time"] == body["timestamp"]
    assert judged(by_type["entry.corrected"].body).get_subject() == "entries/a-letter"
    due = json.loads(by_type["reminder.due"].body)
    assert due["subject"] == f"reminders/{due['data']['id']}"


@ON_BOTH_DATABASES
def test_what_died_before_it_was_noted_comes_again_as_it_was(world: DeliveryWorld, there: Receiver) -> None:
    news(world, there, all=True)
    world.timeline.act("statement", "2026-02-01", ["alameda"], "a-word")
    world.timeline.tick()
    dying = OutboxSender(world.timeline.service, world.settings)
    message = claim(world.timeline.service, world.waiting()[0].subscription)
    assert message is not None
    dying.attempt(message)  # and nobody notes that it was sent
    dying.close()
    world.later(seconds=DELIVERY_LEASE.total_seconds())
    assert len(there.got) == 2
    assert len(set(there.ids)) == 1
    assert there.got[0].body == there.got[1].body
    world.later(days=1)
    assert len(there.got) == 2


def _came(there: Receiver, enough: int) -> bool:
    return len(there.got) >= enough


KILLS = 4 if WHOLE else 2


@pytest.mark.slow
def test_processes_that_are_killed_lose_no_announcement_and_make_none_twice(database_url: str, there: Receiver) -> None:
    """A lease of a minute and a half is over at once here: the rows are set so, where a clock would."""
    chance = random.Random(2017)
    there.always = answers_with(204)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
        "TICK_S": "0.2",
    }
    service = Service(database_url)
    begin(service)
    create_subscription(
        service,
        {"jurisdictions": ["alameda"], "kinds": NEWS, "channel": "webhook", "url": there.url},
        owner="tests",
        allowed=LOOPBACK.webhook_networks,
    )
    for kill in range(KILLS):
        process = subprocess.Popen([COMMAND, "remind"], env=environment, stdout=subprocess.DEVNULL)
        try:
            enough = len(there.got) + chance.randrange(1, 15)
            for number in range(15):
                say(service, f"said-{kill}-{number}")
            until(partial(_came, there, enough))
        finally:
            process.kill()
            process.wait()
        with service.engine.begin() as connection:
            waiting = update(outbox_table).where(outbox_table.c.state == "pending")
            connection.execute(waiting.values(next_at=outbox_table.c.created_at, leased_until=None))
    subprocess.run([COMMAND, "remind", "--once"], env=environment, check=True, capture_output=True)
    with service.engine.connect() as connection:
        states = connection.execute(select(outbox_table.c.state, func.count()).group_by(outbox_table.c.state)).all()
    service.close()
    assert [tuple(row) for row in states] == [("delivered", 15 * KILLS)]
    bodies = defaultdict(set)
    for request in there.got:
        bodies[request.headers["webhook-id"]].add(request.body)
    assert {len(repeats) for repeats in bodies.values()} == {1}, "a repeat is the same, byte for byte"
    entries = Counter(json.loads(body)["data"]["entry"] for repeats in bodies.values() for body in repeats)
    assert set(entries.values()) == {1}
    assert len(entries) == 15 * KILLS
