"""`serve`: the API and the pages over HTTP, with the scheduler of reminders beside them."""

from __future__ import annotations

import os
import socket
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from cli.session import failed, open_record, settings_or_exit

if TYPE_CHECKING:
    import uvicorn

    from application.followers import LogFollower


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PORT", min=0, max=65535, help="The port to listen on; 0: any that is free.")
    ] = 8000,
) -> None:
    """Serve the API over HTTP until stopped."""
    # Before the slow imports, so that a taken port is reported at once.
    listening = _listen(host, port)
    from api.app import create_app
    from api.http.connections import server_config
    from application.reminders.scheduler import run_scheduler
    from cli.deadlines import log_reminders, stop_when_terminated

    settings = settings_or_exit()
    root = _address(host, listening.getsockname()[1])
    if not os.environ.get("PUBLIC_URL"):
        settings = settings.model_copy(update={"mail_url": root})
    log_reminders()
    stop_when_terminated()
    with open_record(settings) as service, run_scheduler(service, settings) if settings.reminders else nullcontext():
        app = create_app(service, settings)
        # No access log: writing it costs more than many an answer.
        server = _server(server_config(app, settings), app.state.live)
        api = f"{root}/api/v1"
        typer.echo(f"The API            {api}")
        typer.echo(f"The pages          {root}/")
        if app.docs_url:
            typer.echo(f"Its documentation  {root}{app.docs_url}")
        typer.echo(f"A first answer     {api}/jurisdictions/new-orleans-la/status?as_of=2017-07-07")
        typer.echo("Stop with Ctrl-C.")
        server.run(sockets=[listening])


def _server(config: uvicorn.Config, live: LogFollower) -> uvicorn.Server:
    """A server that closes the event streams when it stops: it waits for open answers, and they would never end."""
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            live.close()
            await super().shutdown(sockets)

    return Server(config)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        hint = "; choose another with --port or PORT" if port else ""
        raise failed(f"cannot listen on {host} port {port}: {error.strerror or error}{hint}") from error


def _address(host: str, port: int) -> str:
    shown_host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - only compared
    return f"http://{shown_host}:{port}"
