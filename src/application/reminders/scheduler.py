"""The ticker: every few seconds, what has come due is recorded, and what is to be sent is sent.

APScheduler only ticks, in UTC and in memory; what is due, and whose it is, the database says. So a tick that is
missed, doubled or cut short costs nothing but time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.cache import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from application.reminders.due import NEXT, note_tick, tick
from application.reminders.outbox import OutboxSender
from application.service import Service
from application.settings import Settings
from eventlog.engine import reading

log = logging.getLogger("reminders")


class Scheduler:
    """Both jobs of reminders: recording what is due, and sending it."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service = service
        self._tick_s = settings.tick_s
        self.sender = OutboxSender(service, settings)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Ticks from now on, in the background."""
        for name, job in (("tick", self.tick), ("send", self.sender.start_due)):
            self._scheduler.add_job(
                _surviving(name, job),
                "interval",
                seconds=self._tick_s,
                id=name,
                next_run_time=self._service.now(),
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Ticks no more; returns when what was being done is done."""
        self._scheduler.shutdown(wait=True)
        self.sender.close()

    def tick(self) -> int:
        """One tick, noted with how late the first of what it found was; returns how many reminders came due."""
        late_s = self._late_s()
        fired = tick(self._service)
        note_tick(self._service, late_s)
        return fired

    def once(self) -> int:
        """One tick, and everything sent that is due."""
        fired = self.tick()
        self.sender.send_due()
        return fired

    def _late_s(self) -> int:
        with reading(self._service.engine) as connection:
            first: str | None = NEXT.run(connection).fetchone()[2]
        if first is None:
            return 0
        return max(0, int((self._service.now() - datetime.fromisoformat(first)).total_seconds()))


def _surviving(name: str, job: Callable[[], object]) -> Callable[[], None]:
    """A job that outlives its errors: a database that is away or locked is there again at a later tick."""

    def run() -> None:
        try:
            job()
        except Exception:
            log.exception("reminders: %s failed, and is tried again", name)

    return run


@contextmanager
def run_scheduler(service: Service, settings: Settings) -> Iterator[Scheduler]:
    """A ticker that runs for as long as the block does."""
    ticker = Scheduler(service, settings)
    ticker.start()
    try:
        yield ticker
    finally:
        ticker.stop()
