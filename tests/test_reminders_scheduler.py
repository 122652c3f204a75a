"""The scheduler: it ticks by itself, survives a database that is away, and ends when asked to."""

import json
import logging
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from api_world import act, place
from application import clock, keys
from application.recording import record
from application.reminders import scheduler as under_test
from application.reminders.scheduler import Scheduler, run_scheduler
from application.reminders.sender import OutboxSender
from application.reminders.subscriptions import create_subscription
from application.service import Service
from application.settings import DEFAULT_RATE_LIMIT, Settings
from command_line import run
from delivery_world import LOOPBACK, Receiver, receiver
from serving import COMMAND, served

QUICK = LOOPBACK.model_copy(update={"tick_s": 0.05})


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def soon(true: Callable[[], object], within_s: float = 30.0) -> None:
    until = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def due_now(service: Service, **fields: object) -> str:
    """A subscription with a reminder that comes due in a moment."""
    now = service.now()
    in_zone = now.astimezone(UTC)
    where = place("reykjavik", state="ZZ", time_zone="Atlantic/Reykjavik")  # where the clocks show UTC
    record(service, [], [where], recorder="tests")
    subscription, _ = create_subscription(
        service,
        {"all": True, "plan": [0], "hour": (in_zone + timedelta(minutes=1)).strftime("%H:%M"), **fields},
        owner="tests",
        allowed=LOOPBACK.webhook_networks,
    )
    asks = {"date": (in_zone + timedelta(minutes=1)).date().isoformat(), "words": "today", "source": "s1"}
    demand = act("inquiry", "2026-02-20", ["reykjavik"], id="a-letter", respond_by=asks)
    record(service, [demand], recorder="tests")
    return subscription.id


def test_it_records_and_sends_by_itself(database_url: str, there: Receiver) -> None:
    passed = timedelta()
    service = Service(database_url, now=lambda: datetime.now(UTC) + passed)
    due_now(service, channel="webhook", url=there.url)
    with run_scheduler(service, QUICK):
        time.sleep(0.3)
        assert there.got == []
        passed = timedelta(minutes=2)
        soon(lambda: there.got)
    service.close()
    assert len(there.got) == 1


def test_a_tick_that_fails_is_logged_and_the_next_goes_on(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(sqlite_url)
    ticked: list[int] = []

    def failing(_: Service) -> int:
        ticked.append(1)
        if len(ticked) < 3:
            raise OSError("the database is away")
        return 0

    monkeypatch.setattr(under_test, "tick", failing)
    caplog.set_level(logging.ERROR)
    with run_scheduler(service, QUICK):
        soon(lambda: len(ticked) > 4)
    service.close()
    assert caplog.text.count("tick failed, and is tried again") == 2


def test_a_database_that_is_locked_for_a_while_is_waited_for(sqlite_url: str, there: Receiver) -> None:
    passed = timedelta()
    service = Service(sqlite_url, now=lambda: datetime.now(UTC) + passed)
    due_now(service, channel="webhook", url=there.url)
    blocking = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    with run_scheduler(service, QUICK):
        blocking.execute("BEGIN IMMEDIATE")
        passed = timedelta(minutes=2)
        time.sleep(0.5)
        assert there.got == []
        blocking.execute("COMMIT")
        soon(lambda: there.got)
    blocking.close()
    service.close()


def test_it_ends_and_sends_nothing_more(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    scheduler = Scheduler(service, QUICK)
    scheduler.start()
    scheduler.stop()
    due_now(service, channel="log")
    assert scheduler.sender.start_due() == 0
    service.close()


def test_a_sender_that_is_closed_starts_nothing(sqlite_url: str) -> None:
    service = Service(sqlite_url)
    sender = OutboxSender(service, QUICK)
    sender.close()
    due_now(service, channel="email", address="a@example.org")
    assert sender.start_due() == 0
    service.close()


def test_remind_once_does_what_is_due_and_ends(sqlite_url: str, there: Receiver) -> None:
    service = Service(sqlite_url)
    keys.add_key(service, "tests")
    due_now(service, channel="webhook", url=there.url)
    service.close()
    late = Service(sqlite_url, now=lambda: clock.now() + timedelta(minutes=2))
    assert Scheduler(late, LOOPBACK).tick() == 1
    late.close()
    time.sleep(0.01)
    ended = run(sqlite_url, "remind", "--once")
    assert (ended.code, ended.out) == (0, "0 reminders came due.\n")
    listed = run(sqlite_url, "reminders", "--json").json
    assert [reminder["state"] for reminder in listed["reminders"]] == ["due"]
    assert "a-letter" in run(sqlite_url, "reminders", "--state", "due").out
    assert "No reminder" in run(sqlite_url, "reminders", "reykjavik", "--state", "cancelled").out
    assert run(sqlite_url, "reminders", "--state", "lost").code == 2
    assert run(sqlite_url, "reminders", "atlantis").code == 1


def test_serve_ticks_unless_told_not_to_and_ends_in_order(sqlite_url: str, tmp_path: Path) -> None:
    from urllib.request import urlopen  # noqa: PLC0415 - for this alone

    def last_tick(root: str) -> object:
        with urlopen(f"{root}/healthz", timeout=10) as answer:
            return json.load(answer)["reminders"]["last_tick"]

    with served(tmp_path, DATABASE_URL=sqlite_url, REMINDERS="off", TICK_S="0.1") as (root, _):
        time.sleep(0.5)
        assert last_tick(root) is None
    with served(tmp_path, DATABASE_URL=sqlite_url, TICK_S="0.1") as (root, _):
        soon(lambda: last_tick(root))


def test_remind_runs_until_it_is_stopped(sqlite_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": sqlite_url, "TICK_S": "5"}
    with subprocess.Popen(
        [COMMAND, "remind"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert "Stop with Ctrl-C" in running.stdout.readline()
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=20)
        assert (running.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REMINDERS", "perhaps"),
        ("TICK_S", "0"),
        ("TICK_S", "soon"),
        ("TICK_S", "nan"),
        ("PUBLIC_URL", "timeline.example.org"),
        ("WEBHOOK_ALLOW_NETWORKS", "10.0.0.0/33"),
        ("WEBHOOK_ALLOW_NETWORKS", "localhost"),
        ("RATE_LIMIT", "0"),
        ("RATE_LIMIT", "many"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings.from_environment({name: value})


def test_what_is_not_set_has_its_default() -> None:
    assert Settings.from_environment({}) == Settings(rate_limit=DEFAULT_RATE_LIMIT)
    assert Settings.from_environment({"RATE_LIMIT": "off"}).rate_limit == 0
    settings = Settings.from_environment(
        {
            "SMTP_URL": "smtp://me:word@mail",
            "WEBHOOK_ALLOW_NETWORKS": "10.1.0.0/16, fd00::/8",
            "PUBLIC_URL": "https://a.example/",
        }
    )
    assert "word" not in repr(settings)
    assert settings.webhook_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert settings.public_url == settings.mail_url == "https://a.example"
