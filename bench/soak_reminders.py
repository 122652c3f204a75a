"""`make soak-reminders`: processes that tick and send are killed at random, and what was lost or doubled is counted.

Weeks of deadlines pass in a minute or two, while somebody answers, corrects, withdraws and extends. At the end there
must be one ReminderDue in the log for each reminder that was not overtaken, one message for it, and for each message
a receiver that took it, at least once and always the same.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from bench.databases import KINDS
from bench.simulated_clock import SimulatedClock
from bench.soak_acts import Acts
from bench.soak_receiver import receiver
from bench.soak_report import Outcome, as_markdown, campaign_parser
from bench.soak_worker import FAILED, LOOPBACK
from sqlalchemy import func, select

from application.recording import record
from application.reminders.due import tick
from application.reminders.subscriptions import create_subscription
from application.reminders.tables import outbox_table, reminders_table
from application.service import Service
from application.verifying.verify import verify
from domain.reminders import DEFAULT_HOUR, DEFAULT_PLAN, ReminderDue, instant, planned_for, reminder_id
from projections.projector import MAPPER

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBSCRIPTIONS = 16
EVERY_S, LEAP_S = 0.4, 5 * 3600
PATIENCE_S = 900
KILLED_S = 30
"""Seconds in which a killed process must be gone."""


def main() -> None:
    """Runs the campaign on each database, and says what came of it; exits 1 if anything was lost or doubled."""
    asked = _asked()
    outcomes = []
    for database in asked.database:
        with KINDS[database]() as (url, _):
            outcomes.append(campaign(database, url, asked))
        print(json.dumps(outcomes[-1].as_json()))
    if asked.write:
        asked.write.write_text(as_markdown(outcomes), encoding="utf-8")
    sys.exit(any(outcome.faults for outcome in outcomes))


def campaign(database: str, url: str, asked: argparse.Namespace) -> Outcome:
    """One campaign on one database, from nothing to the last delivery."""
    chance = random.Random(asked.seed)
    began = time.monotonic()
    outcome = Outcome(database, asked.deadlines, asked.processes)
    with receiver(asked.seed) as taken, tempfile.TemporaryFile("w+") as complaints:
        service = Service(url, now=lambda: START)
        try:
            acts = Acts(chance, asked.deadlines, START, asked.weeks)
            record(
                service,
                list(acts.demands()),
                list(acts.places),
                recorder="soak",
            )
            for number in range(SUBSCRIPTIONS):
                places = acts.names[number::SUBSCRIPTIONS]
                fields = {"jurisdictions": places, "channel": "webhook", "url": f"{taken.url}/{number}"}
                create_subscription(service, fields, owner="soak", allowed=LOOPBACK.webhook_networks)
            clock = SimulatedClock(START.isoformat(), time.time(), EVERY_S, LEAP_S)
            service.now = clock
            workers = Workers(url, clock, asked.processes, complaints)
            try:
                _disturb(service, acts, workers, chance, asked.kills, outcome)
                _await(service, clock, START + timedelta(weeks=asked.weeks), outcome)
            finally:
                workers.stop()
            outcome.kills, outcome.died = workers.killed, workers.died
            tick(service)
            _count(service, acts, outcome)
            outcome.take(taken)
            outcome.faults += [f"verify: {fault}" for fault in verify(service)]
            complaints.seek(0)
            errors = complaints.read().splitlines()
            outcome.retried += sum(line.startswith(FAILED) for line in errors)
            if outcome.died:
                outcome.faults += [f"{outcome.died} processes died by themselves", *errors[-3:]]
        finally:
            service.close()
    outcome.seconds = time.monotonic() - began
    return outcome


class Workers:
    """The processes, each replaced as soon as it is killed."""

    def __init__(self, url: str, clock: SimulatedClock, count: int, complaints: IO[str]) -> None:
        self._command = [sys.executable, "-m", "bench.soak_worker", url, json.dumps(clock.as_arguments())]
        self._complaints = complaints
        self._running = [self._start() for _ in range(count)]
        self.killed = self.died = 0

    def kill(self, which: int) -> None:
        """Ends one with SIGKILL, wherever it is, and starts another."""
        self.replace_dead()
        self._running[which].kill()
        self._running[which].wait(KILLED_S)
        self.killed += 1
        self._running[which] = self._start()

    def replace_dead(self) -> None:
        """Counts those that died by themselves, and starts others in their place."""
        for which, process in enumerate(self._running):
            if process.poll() is not None:
                self.died += 1
                self._running[which] = self._start()

    def stop(self) -> None:
        """Ends all."""
        for process in self._running:
            self.died += process.poll() is not None
            process.kill()
            process.wait(KILLED_S)

    def __len__(self) -> int:
        return len(self._running)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=self._complaints)


def _disturb(
    service: Service, acts: Acts, workers: Workers, chance: random.Random, kills: int, outcome: Outcome
) -> None:
    """Kills at random moments until there were enough, and records acts meanwhile."""
    for _ in range(kills):
        until = time.monotonic() + chance.uniform(0.05, 2.2)
        while (left := until - time.monotonic()) > 0:
            try:
                outcome.acts += acts.do_one(service)
            except service.engine.dialect.loaded_dbapi.OperationalError:
                outcome.retried += 1  # over HTTP a 503: whoever records comes again
            time.sleep(min(left, chance.uniform(0.02, 0.3)))
        workers.kill(chance.randrange(len(workers)))


def _await(service: Service, clock: SimulatedClock, end: datetime, outcome: Outcome) -> None:
    """Waits until all that will come due has, and is delivered."""
    until = time.monotonic() + PATIENCE_S
    waiting = select(func.count()).select_from(outbox_table).where(outbox_table.c.state == "pending")
    planned = select(func.count()).select_from(reminders_table).where(reminders_table.c.state == "planned")
    while time.monotonic() < until:
        with service.engine.connect() as connection:
            left = connection.execute(waiting).scalar_one() + connection.execute(planned).scalar_one()
        if clock() > end and not left:
            return
        time.sleep(0.3)
    outcome.faults.append(f"after {PATIENCE_S} s there is still something planned or to be sent")


def _count(service: Service, acts: Acts, outcome: Outcome) -> None:
    """What the log and the tables say, held against each other and against what should have come due."""
    with service.reading() as connection:
        logged = [event for event in service.log.read(connection) if event.stream.startswith("reminder:")]
        rows = {row.id: row for row in connection.execute(select(reminders_table))}
        messages = connection.execute(select(outbox_table.c.id, outbox_table.c.reminder, outbox_table.c.state)).all()
    events = [event for recorded in logged if isinstance(event := MAPPER.event(recorded), ReminderDue)]
    fired = Counter(event.reminder for event in events)
    sent = Counter(row.reminder for row in messages)
    outcome.reminders, outcome.cancelled = len(fired), sum(row.state == "cancelled" for row in rows.values())
    outcome.late = sum(event.late for event in events)
    outcome.messages = {row.id for row in messages}
    wrong = outcome.faults
    wrong += [f"{id_}: {count} ReminderDue in the log" for id_, count in fired.items() if count != 1]
    wrong += [f"{id_}: {sent[id_]} messages" for id_ in fired if sent[id_] != 1]
    wrong += [f"{id_}: a message of what never came due" for id_ in sent if id_ not in fired]
    for id_, row in rows.items():
        if (row.state in ("planned", "cancelled")) == (id_ in fired):
            wrong.append(f"{id_}: {row.state}, which is not what the log says")
    wrong += [f"{row.id}: {row.state}" for row in messages if row.state != "delivered"]
    wrong += [f"{what}: never came due" for id_, what in _wanted(rows, acts) if id_ not in fired]


def _wanted(rows: dict[str, Any], acts: Acts) -> list[tuple[str, str]]:
    """The reminders that every deadline earned with which nobody meddled, worked out by themselves."""
    subscriptions = {row.addressee: row.subscription for row in rows.values()}
    wanted = []
    for addressee, due in acts.undisturbed():
        for offset in DEFAULT_PLAN:
            if instant(planned_for(due, offset, DEFAULT_HOUR, acts.zones[addressee])) > instant(START + timedelta(1)):
                id_ = reminder_id(subscriptions.get(addressee, "nobody"), addressee, due, offset)
                wanted.append((id_, f"{addressee}, due {due}, {offset:+}"))
    return wanted


def _asked() -> argparse.Namespace:
    parser = campaign_parser("soak-reminders", __doc__)
    parser.add_argument("--deadlines", type=int, default=2_000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--weeks", type=int, default=8, help="that pass meanwhile")
    parser.add_argument("--seed", type=int, default=1373)
    asked = parser.parse_args()
    asked.database = asked.database or list(KINDS)
    return asked


if __name__ == "__main__":
    main()
