"""A process that ticks and sends until it is killed: `python -m bench.soak_worker URL CLOCK`, the clock as JSON.

It does what the scheduler of `serve` and of `remind` does, but as fast as it can and by the clock of the campaign,
which APScheduler cannot follow. A job that fails is run again, as there, and its error goes to standard error.
"""

from __future__ import annotations

import json
import random
import sys
import time
from ipaddress import ip_network

from bench.simulated_clock import SimulatedClock

from application.reminders.scheduler import Scheduler
from application.service import Service
from application.settings import Settings

LOOPBACK = Settings(webhook_networks=(ip_network("127.0.0.0/8"),))
LONGEST_S = 7_200
"""No campaign is as long: a worker whose campaign is gone ends by itself."""
FAILED = "failed, and is tried again: "


def main() -> None:
    """Tick, send, and wait for a moment, again and again."""
    url, clock = sys.argv[1:]
    scheduler = Scheduler(Service(url, now=SimulatedClock(**json.loads(clock))), LOOPBACK)
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        for job in (scheduler.tick, scheduler.sender.start_due):
            try:
                job()
            except Exception as error:  # noqa: BLE001 - as the scheduler does: a database that is busy is free again later
                print(f"{FAILED}{error}", file=sys.stderr, flush=True)
        time.sleep(random.uniform(0.01, 0.1))


if __name__ == "__main__":
    main()
