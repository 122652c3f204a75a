"""The scheduler: two jobs, run every few seconds. One ticks (see `due`), the other sends (see `sender`).

APScheduler only keeps the interval, in memory and in UTC; what is due is in the database. So a tick that is missed,
doubled or cut short costs nothing but time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from application.reminders.due import read_work, record_tick, tick
from application.reminders.sender import OutboxSender
from application.service import Service
from application.settings import Settings
from eventlog.trouble import DatabaseTrouble

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
        """Run both jobs in the background, the first time at once."""
        for name, job in (("tick", self.tick), ("send", self.sender.start_due)):
            self._scheduler.add_job(
                _logging_errors(name, job), "interval", seconds=self._tick_s, id=name, next_run_time=self._service.now()
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Start no more jobs; returns when those that are running have ended."""
        self._scheduler.shutdown(wait=True)
        self.sender.close()

    def tick(self) -> int:
        """Tick once, and record how late the first reminder was; returns how many came due."""
        next_due, late_s = read_work(self._service).next_due, 0
        if next_due is not None:
            late_s = max(0, int((self._service.now() - datetime.fromisoformat(next_due)).total_seconds()))
        fired = tick(self._service)
        record_tick(self._service, late_s)
        return fired

    def once(self) -> int:
        """Tick once and send everything that is due; returns how many reminders came due."""
        fired = self.tick()
        self.sender.send_due()
        return fired


def _logging_errors(name: str, job: Callable[[], object]) -> Callable[[], None]:
    """The job, with errors logged: a database that is away or locked may be back at the next run."""

    def run() -> None:
        try:
            job()
        except DatabaseTrouble as error:
            log.warning("%s failed, and is tried again: %s", name, error)
        except Exception:
            log.exception("reminders: %s failed, and is tried again", name)

    return run


@contextmanager
def run_scheduler(service: Service, settings: Settings) -> Iterator[Scheduler]:
    """A scheduler that runs for as long as the block does."""
    scheduler = Scheduler(service, settings)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()
