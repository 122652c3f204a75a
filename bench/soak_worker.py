"""A process that ticks and sends until it is killed: `python -m bench.soak_worker URL CLOCK`, the clock as JSON.

It is the ticker of `serve` and of `remind`, at ten times the pace. What it complains of, and tries again, goes to
standard error.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from ipaddress import ip_network

from application.reminding.ticker import ticking
from application.service import Service
from application.settings import Settings
from bench.simulated_clock import SimulatedClock

LOOPBACK = Settings(webhook_networks=(ip_network("127.0.0.0/8"),), tick_s=0.1)


def main() -> None:
    """Ticks and sends, in the background, and waits for the end."""
    url, clock = sys.argv[1:]
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(
        logging.CRITICAL
    )  # at this pace, it skips a tick now and then, and says so
    with ticking(Service(url, now=SimulatedClock(**json.loads(clock))), LOOPBACK):
        threading.Event().wait()


if __name__ == "__main__":
    main()
