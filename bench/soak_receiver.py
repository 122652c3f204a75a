"""A receiver of webhooks on loopback that keeps what it gets, and now and then fails, before or after it did."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAILS = 0.03
"""Of the requests: refused with a 500, and as many again taken but never answered."""


@dataclass(slots=True)
class Receiver:
    """What came in: how often each id was taken, and what each id stood for."""

    url: str
    taken: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[str]] = field(default_factory=dict)
    refused: int = 0
    unanswered: int = 0


@contextmanager
def receiver(seed: int) -> Iterator[Receiver]:
    """A receiver for as long as the block runs."""
    chance, lock = random.Random(seed), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            id_ = self.headers["webhook-id"]
            with lock:
                drawn = chance.random()
                if drawn < FAILS:
                    its.refused += 1
                else:
                    its.taken[id_] += 1
                    its.bodies.setdefault(id_, set()).add(sha256(body).hexdigest())
                its.unanswered += FAILS <= drawn < 2 * FAILS
            if FAILS <= drawn < 2 * FAILS:
                self.close_connection = True
                return
            self.send_response(500 if drawn < FAILS else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that was killed has hung up: that is what this is about."""

    server = Server(("127.0.0.1", 0), Handler)
    its = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield its
    finally:
        server.shutdown()
        server.server_close()
