"""The service over HTTP as it is run, and beside it the floor: a bare route of the same app with the same bytes.

`python -m bench.server URL` prints the port that it listens on, and answers until its standard input is closed.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import Annotated

import uvicorn
from fastapi import Body, Response

from api.app import create_app
from application.service import Service
from application.settings import Settings


def serve(url: str) -> None:
    """Serves the record at a database address, one worker, as `dispute-timeline serve` does."""
    app = create_app(Service(url), Settings(rate_limit=0))
    kept: dict[int, bytes] = {}

    @app.put("/bare/{number}")
    def keep(number: int, body: Annotated[bytes, Body()]) -> None:
        kept[number] = body

    @app.get("/bare/{number}")
    def bare(number: int) -> Response:
        return Response(kept[number], media_type="application/json")

    @app.get("/bare-304")
    def bare_304() -> Response:
        return Response(status_code=304)

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    threading.Thread(target=_until_closed, daemon=True).start()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, loop="uvloop", http="httptools"
    )
    uvicorn.Server(config).run(sockets=[listening])


def _until_closed() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
