"""A process that ticks and sends until it is killed: `python -m bench.soak_worker URL CLOCK`, the clock as JSON."""

from __future__ import annotations

import json
import random
import sys
import time
from ipaddress import ip_network

from bench.simulated_clock import SimulatedClock

from application.reminding.sending import Sender
from application.reminding.ticking import tick
from application.service import Service
from application.settings import Settings

LOOPBACK = Settings(webhook_networks=(ip_network("127.0.0.0/8"),))


def main() -> None:
    """Ticks, sends, and waits for a moment, again and again."""
    url, clock = sys.argv[1:]
    service = Service(url, now=SimulatedClock(**json.loads(clock)))
    sender = Sender(service, LOOPBACK)
    while True:
        tick(service)
        sender.start_due()
        time.sleep(random.uniform(0.01, 0.1))


if __name__ == "__main__":
    main()
